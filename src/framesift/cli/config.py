"""``framesift config``: the settings in force and where each comes from."""

from __future__ import annotations

import json

import click

from framesift.cli.exits import DONE
from framesift.cli.options import Request, common_options

__all__ = ["config"]


@click.command(short_help="Show the settings in force and where they come from.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common_options
def config(request: Request, *, as_json: bool) -> int:
    """Show the settings in force and where each comes from.

    An option beats the environment (FRAMESIFT_MODEL=...), which beats the configuration file, which
    beats the default.
    """
    from framesift.cli.console import Console
    from framesift.cli.effective import effective_settings
    from framesift.settings import config_file, origins

    values = effective_settings(request, Console(quiet=request.quiet)).model_dump(mode="json")
    sources = origins()
    if as_json:
        facts = {name: {"value": values[name], "from": sources[name]} for name in values}
        click.echo(json.dumps(facts, indent=2))
        return DONE
    state = "" if config_file().is_file() else " (not there)"
    click.echo(f"# configuration file: {config_file()}{state}")
    width = max(map(len, values))
    for name, value in values.items():
        shown = "not set" if value is None else json.dumps(value)
        click.echo(f"{name:<{width}}  {shown}  # {sources[name]}")
    return DONE
