"""The harm categories as data: read from ``data/taxonomy.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framesift.heads.screening import CategoryPrompts

__all__ = ["CATEGORY_NAMES", "CONTEXT_TAGS", "TAXONOMY", "Category"]


@dataclass(frozen=True, slots=True)
class Category:
    """A harm category or a context tag.

    Attributes:
        name: As in records and policies.
        title: For people.
        definition: What belongs to it and what does not.
        prompts: What a zero-shot head looks for, with look-alikes.
    """

    name: str
    title: str
    definition: str
    prompts: CategoryPrompts


def _category(entry: dict[str, Any]) -> Category:
    prompts = CategoryPrompts(entry["name"], tuple(entry["prompts"]), tuple(entry["contrast"]))
    return Category(entry["name"], entry["title"], entry["definition"], prompts)


def _read() -> tuple[tuple[Category, ...], tuple[Category, ...]]:
    path = Path(__file__).with_name("data") / "taxonomy.toml"
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    categories = tuple(_category(entry) for entry in document["category"])
    tags = tuple(_category(entry) for entry in document["context"])
    return categories, tags


TAXONOMY, CONTEXT_TAGS = _read()
CATEGORY_NAMES = tuple(category.name for category in TAXONOMY)
