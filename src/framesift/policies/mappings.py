"""What other services call our categories: read from ``data/mappings.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from framesift.errors import PolicyError

__all__ = ["SCHEMES", "Scheme", "external_names", "native_categories", "without_counterpart"]

Scheme: TypeAlias = Literal["aws", "google", "azure", "openai"]
"""Amazon Rekognition (labels version 7), Google SafeSearch, Azure AI Content Safety, OpenAI
omni-moderation."""

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@cache
def _document() -> dict[str, Any]:
    path = Path(__file__).with_name("data") / "mappings.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def external_names(category: str, scheme: Scheme) -> tuple[str, ...]:
    """Return what a service calls a category or context tag, the nearest names first.

    Empty where the service has no counterpart. A policy's own category has none anywhere.

    Raises:
        PolicyError: The scheme is not known.
    """
    _names(scheme)
    return tuple(_document().get(category, {}).get(scheme, ()))


def native_categories(name: str, scheme: Scheme) -> tuple[str, ...]:
    """Return the categories and context tags that a service's name stands for.

    Raises:
        PolicyError: The scheme is not known, or the service has no such name.
    """
    known = _names(scheme)
    if name not in known:
        message = f"{scheme} has no {name!r}; its names are: {', '.join(known)}"
        raise PolicyError(message)
    tables = {key: value for key, value in _document().items() if key not in _HEADINGS}
    return tuple(key for key, value in tables.items() if name in value[scheme])


def without_counterpart(scheme: Scheme) -> dict[str, str]:
    """Return the names of a service that no category stands for, and why.

    Raises:
        PolicyError: The scheme is not known.
    """
    _names(scheme)
    pairs = ([*key.split(":", 1), why] for key, why in _document()["without"].items())
    return {name: why for owner, name, why in pairs if owner == scheme}


_HEADINGS = ("schemes", "without")


def _names(scheme: str) -> tuple[str, ...]:
    known: dict[str, list[str]] = _document()["schemes"]
    if scheme not in known:
        message = f"scheme {scheme!r} is not known; known are: {', '.join(SCHEMES)}"
        raise PolicyError(message)
    return tuple(known[scheme])
