"""A policy: which harm categories are judged, from which score on, and its name and hash."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from framesift.errors import PolicyError
from framesift.policies.reading import PolicyDocument, read_policy
from framesift.policies.rules import Rule, Thresholds
from framesift.policies.taxonomy import CATEGORY_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Policy", "Rule", "Thresholds"]

DEFAULT = Path(__file__).with_name("data") / "default.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds per category; two policies that decide alike under one name share a hash.

    Attributes:
        name: Letters, digits, dot, dash and underscore.
        version: Counted by its author, from 1.
        rules: Category to rule. A category that is not here is not judged.
        description: For people; not part of the hash.

    Raises:
        PolicyError: The name is not usable, there is no rule, or a category is not in the taxonomy.
    """

    name: str
    rules: Mapping[str, Rule]
    version: int = 1
    description: str = ""

    def __post_init__(self) -> None:
        """Check names and keep a copy of the rules that nobody can change."""
        if not NAME.fullmatch(self.name):
            message = f"policy name {self.name!r} may hold letters, digits, '.', '-' and '_' only"
            raise PolicyError(message)
        unknown = [name for name in self.rules if name not in CATEGORY_NAMES]
        if unknown or not self.rules:
            what = f"does not know {', '.join(unknown)}" if unknown else "judges nothing"
            message = f"policy {self.name!r} {what}; categories are: {', '.join(CATEGORY_NAMES)}"
            raise PolicyError(message)
        object.__setattr__(self, "rules", MappingProxyType(dict(self.rules)))

    @classmethod
    def default(cls) -> Policy:
        """Return the policy shipped with Framesift; docs/policies.md has its measured rates."""
        return cls.load(DEFAULT)

    @classmethod
    def load(cls, path: Path | str) -> Policy:
        """Read a policy from a TOML file.

        Raises:
            PolicyError: The file cannot be read, is not TOML, or does not describe a policy. The
                message names the file, the key, the reason and what is allowed.
        """
        return cls._from_document(read_policy(Path(path)), str(path))

    @classmethod
    def _from_document(cls, document: PolicyDocument, source: str) -> Policy:
        try:
            return cls(
                document.name,
                document.rules,
                version=document.version,
                description=document.description,
            )
        except PolicyError as error:
            raise PolicyError(error.message, source=source) from error

    @property
    def hash(self) -> str:
        """sha256 of name, version and rules, 64 hexadecimal digits; comments do not count."""
        content = {
            "name": self.name,
            "version": self.version,
            "rules": {name: _plain_rule(rule) for name, rule in self.rules.items()},
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    @property
    def label(self) -> str:
        """What records give: ``name@`` and the first eight digits of the hash."""
        return f"{self.name}@{self.hash[:8]}"


def _plain(thresholds: Thresholds) -> list[float | None]:
    pair = (thresholds.review, thresholds.block)
    return [None if value is None else float(value) for value in pair]


def _plain_rule(rule: Rule) -> dict[str, Any]:
    sources = {source: _plain(thresholds) for source, thresholds in rule.sources.items()}
    return {"thresholds": _plain(rule.thresholds), "sources": sources}
