"""``framesift audit``: how far the answers of a model or a classifier can be trusted."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["SUBCOMMANDS", "audit"]

SUBCOMMANDS = {
    "prompts": "framesift.cli.audit_prompts:prompts",
    "bias": "framesift.cli.audit_bias:bias",
    "limits": "framesift.cli.audit_limits:limits",
}
"""Name to module and command, in the order in which they are used."""


class _AuditGroup(click.Group):
    """Sub-commands live in modules of their own, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are used."""
        del ctx
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the sub-command."""
        del ctx
        if cmd_name not in SUBCOMMANDS:
            return None
        module, _, name = SUBCOMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_AuditGroup, short_help="Measure how far the answers of a classifier hold.")
def audit() -> None:
    """Measure how far the answers of a classifier hold: with other words, on your own pictures."""
