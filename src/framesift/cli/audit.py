"""``framesift audit``: how far the answers of a model or a classifier can be trusted."""

from __future__ import annotations

import click

from framesift.cli.lazy import ModuleGroup

__all__ = ["SUBCOMMANDS", "audit"]

SUBCOMMANDS = {
    "prompts": "framesift.cli.audit_prompts:prompts",
    "bias": "framesift.cli.audit_bias:bias",
    "limits": "framesift.cli.audit_limits:limits",
}
"""Name to module and command, in the order in which they are used."""


@click.group(
    cls=ModuleGroup,
    modules=SUBCOMMANDS,
    short_help="Measure how far the answers of a classifier hold.",
)
def audit() -> None:
    """Measure how far the answers of a classifier hold: with other words, on your own pictures."""
