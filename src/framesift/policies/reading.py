"""Policy files: TOML in, checked values out, and an error that helps where they are wrong."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from framesift.errors import PolicyError
from framesift.policies.rules import Rule, Thresholds
from framesift.policies.taxonomy import CATEGORY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["PolicyDocument", "read_policy"]

MAX_BYTES = 1_000_000
TOP_KEYS = ("name", "version", "description", "categories")
THRESHOLD_KEYS = ("review", "block")


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """What a policy file says, types and ranges checked."""

    name: str
    version: int
    description: str
    rules: Mapping[str, Rule]


def read_policy(path: Path) -> PolicyDocument:
    """Read and check a policy file.

    Raises:
        PolicyError: Naming the file, the key, the reason and what is allowed.
    """
    return _Reader(str(path)).document(_load(path))


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the policy cannot be read ({error.strerror}); check the path"
        raise PolicyError(message, source=str(path)) from error
    if len(data) > MAX_BYTES:
        message = f"larger than {MAX_BYTES} bytes: this is not a policy"
        raise PolicyError(message, source=str(path))
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"this is not a TOML file ({error}); docs/policies.md shows one"
        raise PolicyError(message, source=str(path)) from error


class _Reader:
    """Checks one document; every complaint carries the file and the key."""

    def __init__(self, source: str) -> None:
        self._source = source

    def document(self, data: dict[str, Any]) -> PolicyDocument:
        """Check the top level."""
        self._keys(data, TOP_KEYS, where="")
        version = self._get(data, "version", int, default=1, where="")
        if version < 1:
            self._fail("version", f"is {version}; versions count from 1")
        categories = self._get(data, "categories", dict, default={}, where="")
        for name in categories:
            if name not in CATEGORY_NAMES:
                self._unknown(f"categories.{name}", name, CATEGORY_NAMES)
        if not categories:
            self._fail("categories", "is missing or empty; give at least one [categories.NAME]")
        if "name" not in data:
            self._fail("name", 'is missing; add a line such as name = "family-photos"')
        return PolicyDocument(
            name=self._get(data, "name", str, default="", where=""),
            version=version,
            description=self._get(data, "description", str, default="", where=""),
            rules={name: self._rule(name, table) for name, table in categories.items()},
        )

    def _rule(self, name: str, table: object) -> Rule:
        where = f"categories.{name}"
        if not isinstance(table, dict):
            self._fail(where, "is not a table; write [categories.NAME] with review = 0.8 below")
        self._keys(table, (*THRESHOLD_KEYS, "sources"), where=where)
        sources = self._get(table, "sources", dict, default={}, where=where)
        exceptions = {}
        for source, inner in sources.items():
            inner_where = f"{where}.sources.{source}"
            if not isinstance(inner, dict):
                self._fail(inner_where, "is not a table; write review and block below its header")
            self._keys(inner, THRESHOLD_KEYS, where=inner_where)
            exceptions[source] = self._thresholds(inner, inner_where)
        return Rule(self._thresholds(table, where), exceptions)

    def _thresholds(self, table: dict[str, Any], where: str) -> Thresholds:
        values = {}
        for key in THRESHOLD_KEYS:
            value = table.get(key)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                self._fail(f"{where}.{key}", f"is {value!r}; write a number above 0 and up to 1")
            values[key] = None if value is None else float(value)
        try:
            return Thresholds(**values)
        except ValueError as error:
            self._fail(where, f"{error}; 0.8 means: from a score of 0.8 on")

    def _get(self, data: dict[str, Any], key: str, kind: type, *, default: Any, where: str) -> Any:
        value = data.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            names = {int: "a whole number", str: "text in quotes", dict: "a table"}
            self._fail(f"{where}.{key}".strip("."), f"is {value!r}; write {names[kind]}")
        return value

    def _keys(self, data: dict[str, Any], known: Iterable[str], *, where: str) -> None:
        for key in data:
            if key not in known:
                self._unknown(f"{where}.{key}".strip("."), key, known)

    def _unknown(self, where: str, key: str, known: Iterable[str]) -> NoReturn:
        close = difflib.get_close_matches(key, list(known), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        self._fail(where, f"is not known; {hint}known here: {', '.join(known)}")

    def _fail(self, where: str, reason: str) -> NoReturn:
        message = f"{where} {reason}"
        raise PolicyError(message, source=self._source)
