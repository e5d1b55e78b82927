"""Groups whose sub-commands are imported when they are called, so that help stays quick."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ModuleGroup"]


class ModuleGroup(click.Group):
    """A group with sub-commands in modules of their own, beside those it declares itself.

    Args:
        settings: As for `click.Group`, like ``more``.
        modules: Name to ``module:command``, in the order of the documentation.
        more: By name.
    """

    def __init__(self, *settings: Any, modules: Mapping[str, str], **more: Any) -> None:
        """Keep where the sub-commands are."""
        super().__init__(*settings, **more)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, those of modules last and in their order."""
        return [*super().list_commands(ctx), *self.modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the sub-command, where a module has it."""
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.modules[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command
