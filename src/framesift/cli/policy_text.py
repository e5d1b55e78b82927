"""Changing thresholds in a policy file without losing what people wrote into it."""

from __future__ import annotations

import contextlib
import copy
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Entry", "with_thresholds"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to stand in ``[categories.NAME.sources.SOURCE]``.

    Attributes:
        category: Its name.
        source: Whose scores it is about.
        values: ``review`` and ``block``, where there are any.
        comments: Key to a comment behind its value.
    """

    category: str
    source: str
    values: Mapping[str, float]
    comments: Mapping[str, str]


def with_thresholds(text: str, entries: Sequence[Entry], top: Mapping[str, Any]) -> str:
    """Return a policy with other thresholds.

    Comments and order stay. Only where the categories are written in one line or with dotted keys,
    which cannot take a table more, are they written anew, without their comments.

    Args:
        text: A valid policy, TOML.
        entries: For named sources.
        top: Values at the top, such as ``version``.
    """
    wanted = tomllib.loads(text)
    wanted.update(top)
    for entry in entries:
        sources = wanted["categories"][entry.category].setdefault("sources", {})
        sources.setdefault(entry.source, {}).update(entry.values)
    # TOML Kit cannot extend every form of table, and then fails or writes something else.
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        edited = _edited(text, entries, top)
        if tomllib.loads(edited) == wanted:
            return edited
    return _rewritten(text, wanted, top)


def _edited(text: str, entries: Sequence[Entry], top: Mapping[str, Any]) -> str:
    import tomlkit

    document: Any = tomlkit.parse(text)
    document.update(top)
    for entry in entries:
        table = document["categories"][entry.category]
        if "sources" not in table:
            table["sources"] = tomlkit.table(is_super_table=True)
        if entry.source not in table["sources"]:
            table["sources"][entry.source] = tomlkit.table()
        place = table["sources"][entry.source]
        for key, value in entry.values.items():
            place[key] = value
            if key in entry.comments:
                place[key].comment(entry.comments[key])
    return tomlkit.dumps(document)


def _rewritten(text: str, wanted: Mapping[str, Any], top: Mapping[str, Any]) -> str:
    import tomlkit

    document: Any = tomlkit.parse(text)
    del document["categories"]
    document.update(top)
    rest = tomlkit.dumps({"categories": copy.deepcopy(wanted["categories"])})
    return f"{tomlkit.dumps(document).rstrip()}\n\n{rest}"
