"""``framesift audit``: what a classifier or a policy can be trusted with, measured."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["audit"]

_COMMANDS = {"bias": "framesift.cli.audit_bias:bias"}


class _AuditGroup(click.Group):
    """Sub-commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a sub-command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_AuditGroup, short_help="Measure what a classifier or a policy does to whom.")
def audit() -> None:
    """Measure what a classifier or a policy can be trusted with."""
