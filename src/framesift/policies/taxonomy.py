"""The harm categories as data: read from ``data/taxonomy.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from framesift.heads.screening import CategoryPrompts

__all__ = ["CATEGORY_NAMES", "CONTEXT_NAMES", "CONTEXT_TAGS", "TAXONOMY", "Category", "Medium"]

Medium: TypeAlias = Literal["image", "text"]
"""What a category can be judged from."""


@dataclass(frozen=True, slots=True)
class Category:
    """A harm category or a context tag.

    Attributes:
        name: As in records and policies.
        title: For people.
        definition: What belongs to it and what does not.
        prompts: What a zero-shot head looks for, with look-alikes; empty where only texts count.
        applies_to: What it is judged from: pictures, texts or both.
        phrases: Words that raise it in a text; the native categories have trained heads instead.
    """

    name: str
    title: str
    definition: str
    prompts: CategoryPrompts
    applies_to: tuple[Medium, ...] = ("image",)
    phrases: tuple[str, ...] = ()


def _category(entry: dict[str, Any]) -> Category:
    prompts = CategoryPrompts(entry["name"], tuple(entry["prompts"]), tuple(entry["contrast"]))
    media = tuple(entry.get("applies_to", ("image",)))
    return Category(entry["name"], entry["title"], entry["definition"], prompts, media)


def _read() -> tuple[tuple[Category, ...], tuple[Category, ...]]:
    path = Path(__file__).with_name("data") / "taxonomy.toml"
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    categories = tuple(_category(entry) for entry in document["category"])
    tags = tuple(_category(entry) for entry in document["context"])
    return categories, tags


TAXONOMY, CONTEXT_TAGS = _read()
CATEGORY_NAMES = tuple(category.name for category in TAXONOMY)
CONTEXT_NAMES = tuple(tag.name for tag in CONTEXT_TAGS)
