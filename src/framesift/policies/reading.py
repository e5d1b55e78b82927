"""Policy files: TOML in, checked values out, and an error that helps where they are wrong."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framesift.errors import PolicyError
from framesift.heads.screening import CategoryPrompts
from framesift.policies.lists import DISTANCE
from framesift.policies.rules import SOURCES, ContextRule, Rule, Thresholds
from framesift.policies.taxonomy import CATEGORY_NAMES, CONTEXT_NAMES, Category, Medium
from framesift.policies.video import VideoRule, read_video
from framesift.toml_table import Table, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ListFiles", "PolicyDocument", "read_policy"]

MAX_PHRASES = 1000
MAX_TILES = 16
THRESHOLD_KEYS = ("review", "block")
SETTINGS = ("on_failure", "model", "tiles", "words", "unknown_language")
TOP_KEYS = ("name", "version", "description", *SETTINGS)
TABLES = ("categories", "category", "context", "lists", "video")
CATEGORY_KEYS = ("name", "title", "definition", "prompts", "contrast", "phrases", "applies_to")
SCORED = ("offensive_language",)
"""Names that the heads for texts score beside the taxonomy: they need no phrases."""

NEEDS: dict[Medium, str] = {"image": "prompts", "text": "phrases"}
OWN_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ListFiles:
    """Where a policy's lists lie, as written, and how near counts as the same picture."""

    block: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    distance: int = DISTANCE
    allow_distance: int = 0


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """What a policy file says, types and ranges checked.

    Attributes:
        name: Of the policy.
        version: From 1.
        description: For people.
        rules: Category to rule.
        own: Categories of the policy's own.
        context: Context tag to rule.
        lists: Files of hashes.
        settings: ``on_failure``, ``model``, ``tiles``, ``words`` and ``unknown_language``.
        video: What of a video decides.
    """

    name: str
    version: int
    description: str
    rules: Mapping[str, Rule]
    own: tuple[Category, ...] = ()
    context: Mapping[str, ContextRule] = field(default_factory=dict)
    lists: ListFiles = ListFiles()
    settings: Mapping[str, Any] = field(default_factory=dict)
    video: VideoRule = field(default_factory=VideoRule)


def read_policy(path: Path) -> PolicyDocument:
    """Read and check a policy file; the lists it names are not opened.

    Raises:
        PolicyError: Naming the file, the key, the reason and what is allowed.
    """
    values = read_toml(path, what="policy", page="docs/policies.md", error=PolicyError)
    return _document(Table(values, source=str(path)))


def _document(top: Table) -> PolicyDocument:
    top.only((*TOP_KEYS, *TABLES))
    version = top.whole("version", 1, low=1, why="versions count from 1")
    own = tuple(_own(table) for table in top.tables("category"))
    names = (*CATEGORY_NAMES, *(category.name for category in own))
    rules = {}
    for name, table in top.named("categories", names, example="review = 0.8").items():
        rules[name] = _rule(table)
    if not rules:
        top.fail("categories", "is missing or empty; give at least one [categories.NAME]")
    if "name" not in top.values:
        top.fail("name", 'is missing; add a line such as name = "family-photos"')
    tags = top.named("context", CONTEXT_NAMES, example="from = 0.9")
    return PolicyDocument(
        name=top.text("name"),
        version=version,
        description=top.text("description"),
        rules=rules,
        own=own,
        context={tag: _context(tag, table, names) for tag, table in tags.items()},
        lists=_lists(top.table("lists")),
        settings=_settings(top),
        video=read_video(top.table("video")),
    )


def _settings(top: Table) -> dict[str, Any]:
    if top.values.get("on_failure") == "allow":
        top.fail(
            "on_failure",
            "is 'allow', and what could not be read would pass unseen; write review or block",
        )
    settings: dict[str, Any] = {
        "on_failure": top.choice("on_failure", ("review", "block")),
        "tiles": top.whole("tiles", 0, low=0, high=MAX_TILES, why=f"write 0 to {MAX_TILES}"),
        "words": top.choice("words", ("off", "auto", "required")),
        "unknown_language": top.choice("unknown_language", ("allow", "review")),
    }
    if "model" in top.values:
        settings["model"] = _model(top)
    return settings


def _model(top: Table) -> str:
    """Return the name of a model, or a folder that is there."""
    name = top.filled("model", 'write a model such as "starter"')
    if not os.path.isdir(os.path.expanduser(name)):  # noqa: PTH111, PTH112 - `~x` must not raise
        from framesift.embeddings.catalog import all_specs

        top.known("model", name, [spec.name for spec in all_specs()], "; or a folder with a model")
    return name


def _rule(table: Table) -> Rule:
    table.only((*THRESHOLD_KEYS, "sources"))
    sources = table.table("sources")
    exceptions = {}
    sources.only(SOURCES)
    for source in sources.values:
        inner = sources.table(source, below="write review and block below its header")
        inner.only(THRESHOLD_KEYS)
        exceptions[source] = _thresholds(inner)
    return Rule(_thresholds(table), exceptions)


def _thresholds(table: Table) -> Thresholds:
    values = {key: table.number(key) for key in THRESHOLD_KEYS}
    try:
        return Thresholds(**values)
    except ValueError as error:
        table.fail("", f"{error}; 0.8 means: from a score of 0.8 on")


def _context(tag: str, table: Table, names: Sequence[str]) -> ContextRule:
    table.only(("from", "softens", "at_most"))
    start = table.number("from")
    if start is None:
        table.fail("from", "is missing; add a line such as from = 0.9")
    softens = table.strings("softens", known=names)
    at_most = table.choice("at_most", ("review", "allow"))
    try:
        return ContextRule(tag, start, softens, "allow" if at_most == "allow" else "review")
    except ValueError as error:
        table.fail("", f'{error}; from = 0.9 and softens = ["gore"] make one')


def _lists(table: Table) -> ListFiles:
    table.only(("block", "allow", "distance", "allow_distance"))
    distances = {}
    for key, default in (("distance", DISTANCE), ("allow_distance", 0)):
        why = f"write bits from 0 to 128, such as {DISTANCE}"
        distances[key] = table.whole(key, default, low=0, high=128, why=why)
    return ListFiles(table.strings("block"), table.strings("allow"), **distances)


def _own(table: Table) -> Category:
    table.only(CATEGORY_KEYS)
    name = table.filled("name", 'add a line such as name = "balloons"')
    if not OWN_NAME.fullmatch(name):
        table.fail("name", f"is {name!r}; write small letters, digits and _, a letter first")
    definition = table.filled("definition", "say what belongs to it and what does not")
    prompts = table.strings("prompts")
    phrases = _phrases(table)
    given: dict[Medium, bool] = {"image": bool(prompts), "text": bool(phrases) or name in SCORED}
    media = table.strings("applies_to", known=tuple(given))
    chosen = tuple(medium for medium in given if (medium in media if media else given[medium]))
    if not chosen:
        table.fail("prompts", 'is missing; add a line such as prompts = ["a red balloon"]')
    for medium, key in NEEDS.items():
        wanted = medium in chosen
        if wanted != given[medium] and (wanted or table.values.get(key)):
            how = "is missing" if wanted else "is not used"
            table.fail(key, f"{how}; applies_to is {', '.join(chosen)}: {medium} needs {key}")
    return Category(
        name,
        table.text("title") or name.replace("_", " ").capitalize(),
        definition,
        CategoryPrompts(name, prompts, table.strings("contrast")),
        chosen,
        phrases,
    )


def _phrases(table: Table) -> tuple[str, ...]:
    """Return the phrases; one that could never be found would be a hole that nobody sees."""
    phrases = table.strings("phrases", most=MAX_PHRASES)
    if phrases:
        from framesift.heads.text import usable_phrase

        for phrase in phrases:
            if not usable_phrase(phrase):
                table.fail("phrases", f"has {phrase!r}, of which nothing is left to look for")
    return phrases
