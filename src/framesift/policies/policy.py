"""A policy: which harms are judged, from which score on, what softens them, and its hash."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from framesift.errors import PolicyError
from framesift.policies.lists import ALLOW_LIST, BLOCK_LIST, HashList, HashLists
from framesift.policies.reading import PolicyDocument, read_policy
from framesift.policies.rules import UNKNOWN_LANGUAGE, ContextRule, Rule, Thresholds
from framesift.policies.taxonomy import CATEGORY_NAMES, CONTEXT_NAMES, TAXONOMY, Category
from framesift.policies.video import VideoRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ContextRule", "Policy", "Rule", "Thresholds", "WordsMode"]

DEFAULT = Path(__file__).with_name("data") / "default.toml"
MODERATION = Path(__file__).with_name("data") / "moderation.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
RESERVED = (*CATEGORY_NAMES, *CONTEXT_NAMES, ALLOW_LIST, BLOCK_LIST, UNKNOWN_LANGUAGE)

WordsMode: TypeAlias = Literal["off", "auto", "required"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is judged, and how; two policies that decide alike under one name share a hash.

    Attributes:
        name: Letters, digits, dot, dash and underscore.
        rules: Category to rule. A category that is not here is not judged.
        version: Counted by its author, from 1.
        description: For people; not part of the hash.
        own: Categories of the policy's own, beside the taxonomy.
        context: Context tag to what it softens.
        lists: Known pictures to block and to allow.
        on_failure: What a file that cannot be read leads to.
        model: The model that the thresholds were set for; ``None`` for any.
        tiles: How many overlapping tiles are looked at beside the whole picture; 0 for none.
        words: Whether words in pictures are read: ``off``, ``auto`` (where the reader is
            installed) or ``required``.
        unknown_language: What a text leads to, at least, that cannot be judged because most of
            its words are not English: ``allow`` or ``review``.
        video: What of the running time of a video decides, and where its segments end.

    Raises:
        PolicyError: The name is not usable, there is no rule, or a category is not known.
    """

    name: str
    rules: Mapping[str, Rule]
    version: int = 1
    description: str = ""
    own: tuple[Category, ...] = ()
    context: Mapping[str, ContextRule] = field(default_factory=lambda: MappingProxyType({}))
    lists: HashLists = field(default_factory=HashLists)
    on_failure: Literal["review", "block"] = "review"
    model: str | None = None
    tiles: int = 0
    words: WordsMode = "off"
    unknown_language: Literal["allow", "review"] = "allow"
    video: VideoRule = field(default_factory=VideoRule)
    categories: Mapping[str, Category] = field(init=False, compare=False, repr=False)
    hash: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check names and keep copies that nobody can change."""
        if not NAME.fullmatch(self.name):
            message = f"policy name {self.name!r} may hold letters, digits, '.', '-' and '_' only"
            raise PolicyError(message)
        if self.on_failure not in ("review", "block"):
            message = f"on_failure is {self.on_failure!r}; what failed goes to review or is blocked"
            raise PolicyError(message)
        if self.unknown_language not in ("allow", "review"):
            message = f"unknown_language is {self.unknown_language!r}; write allow or review"
            raise PolicyError(message)
        self._check_own()
        known = {category.name: category for category in (*TAXONOMY, *self.own)}
        unknown = [name for name in self.rules if name not in known]
        if unknown or not self.rules:
            what = f"does not know {', '.join(unknown)}" if unknown else "judges nothing"
            message = f"policy {self.name!r} {what}; categories are: {', '.join(known)}"
            raise PolicyError(message)
        self._check_context(known)
        object.__setattr__(self, "rules", MappingProxyType(dict(self.rules)))
        object.__setattr__(self, "context", MappingProxyType(dict(self.context)))
        judged = {name: known[name] for name in self.rules}
        object.__setattr__(self, "categories", MappingProxyType(judged))
        object.__setattr__(self, "hash", self._digest())

    def __reduce__(self) -> tuple[Callable[..., Policy], tuple[type[Policy], dict[str, Any]]]:
        """Pickle by what made it, so that a copy is checked and hashed anew."""
        made = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        made |= {"rules": dict(self.rules), "context": dict(self.context)}
        return _rebuild, (type(self), made)

    def _check_own(self) -> None:
        names = [category.name for category in self.own]
        taken = [name for name in names if name in RESERVED or names.count(name) > 1]
        if taken:
            message = f"category {taken[0]!r} exists already; give your own another name"
            raise PolicyError(message)
        idle = [name for name in names if name not in self.rules]
        if idle:
            message = (
                f"category {idle[0]!r} has no thresholds; add [categories.{idle[0]}] with a line "
                "such as review = 0.8"
            )
            raise PolicyError(message)

    def _check_context(self, known: Mapping[str, Category]) -> None:
        for tag, rule in self.context.items():
            strange = [name for name in rule.softens if name not in known]
            if tag not in CONTEXT_NAMES or tag != rule.tag or strange:
                named = ", ".join(strange or [tag])
                message = f"context rule {tag!r} does not know {named}; docs/taxonomy.md lists all"
                raise PolicyError(message)

    @classmethod
    def default(cls) -> Policy:
        """Return the policy of a plain scan; docs/policies.md has its measured rates."""
        return cls.load(DEFAULT)

    @classmethod
    def moderation(cls) -> Policy:
        """Return the thorough policy: tiles, words in pictures, and context that softens."""
        return cls.load(MODERATION)

    @classmethod
    def load(cls, path: Path | str) -> Policy:
        """Read a policy from a TOML file; paths of lists count from its folder.

        Raises:
            PolicyError: The file or a list cannot be read, is not TOML, or does not describe a
                policy. The message names the file, the key, the reason and what is allowed.
        """
        return cls._from_document(read_policy(Path(path)), Path(path))

    @classmethod
    def _from_document(cls, document: PolicyDocument, path: Path) -> Policy:
        lists = document.lists
        block, allow = (
            HashList.load([path.parent / name for name in names])
            for names in (lists.block, lists.allow)
        )
        try:
            return cls(
                document.name,
                document.rules,
                version=document.version,
                description=document.description,
                own=document.own,
                context=document.context,
                lists=HashLists(block, allow, lists.distance, allow_distance=lists.allow_distance),
                video=document.video,
                **document.settings,
            )
        except PolicyError as error:
            raise PolicyError(error.message, source=str(path)) from error

    @property
    def label(self) -> str:
        """What records give: ``name@`` and the first eight digits of the hash."""
        return f"{self.name}@{self.hash[:8]}"

    @property
    def phrases(self) -> dict[str, tuple[str, ...]]:
        """Category to phrases, of the own categories that have any."""
        return {x.name: x.phrases for x in self.categories.values() if x.phrases}

    def _digest(self) -> str:
        """sha256 of all that decides, the content of lists included; comments do not count."""
        content = {
            "name": self.name,
            "version": self.version,
            "rules": {name: _plain_rule(rule) for name, rule in self.rules.items()},
            "own": {category.name: _plain_category(category) for category in self.own},
            "context": {tag: _plain_context(rule) for tag, rule in self.context.items()},
            "lists": self.lists.digest,
            "on_failure": self.on_failure,
            "model": self.model,
            "tiles": self.tiles,
            "words": self.words,
            "unknown_language": self.unknown_language,
        }
        # Policies that say nothing of videos keep the hash that older records name.
        if self.video.plain != VideoRule().plain:
            content["video"] = self.video.plain
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _rebuild(kind: type[Policy], made: dict[str, Any]) -> Policy:
    return kind(**made)


def _plain(thresholds: Thresholds) -> list[float | None]:
    pair = (thresholds.review, thresholds.block)
    return [None if value is None else float(value) for value in pair]


def _plain_rule(rule: Rule) -> dict[str, Any]:
    sources = {source: _plain(thresholds) for source, thresholds in rule.sources.items()}
    return {"thresholds": _plain(rule.thresholds), "sources": sources}


def _plain_category(category: Category) -> dict[str, Any]:
    return {
        "prompts": list(category.prompts.prompts),
        "contrast": list(category.prompts.contrast),
        "applies_to": sorted(category.applies_to),
        "phrases": list(category.phrases),
    }


def _plain_context(rule: ContextRule) -> dict[str, Any]:
    return {"from": float(rule.start), "softens": sorted(rule.softens), "at_most": rule.at_most}
