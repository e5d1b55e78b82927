"""Which categories were measured, read from ``data/measured.toml``: no false certainty."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.policies.policy import Policy
    from framesift.policies.taxonomy import Medium

__all__ = ["measured_on", "not_seen", "unmeasured"]

_NOT_SEEN = "not seen: "


def measured_on(category: str, medium: Medium) -> str:
    """Say what the scores of a category were measured on; empty where they were not.

    It begins with ``not seen`` where they turned out no better than chance.
    """
    return _table().get(category, {}).get(medium, "")


def unmeasured(policy: Policy) -> tuple[tuple[str, Medium], ...]:
    """Return the categories of a policy, with the media, whose scores nobody has measured.

    A policy's own categories are always among them.
    """
    return tuple(
        (category.name, medium)
        for category in policy.categories.values()
        for medium in category.applies_to
        if not measured_on(category.name, medium)
    )


def not_seen(policy: Policy) -> tuple[tuple[str, Medium, str], ...]:
    """Return the categories of a policy whose scores were measured and are at chance.

    Returns:
        Name, medium, and what they were measured on.
    """
    found = (
        (category.name, medium, measured_on(category.name, medium))
        for category in policy.categories.values()
        for medium in category.applies_to
    )
    return tuple(
        (name, medium, on.removeprefix(_NOT_SEEN))
        for name, medium, on in found
        if on.startswith(_NOT_SEEN)
    )


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    path = Path(__file__).with_name("data") / "measured.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
