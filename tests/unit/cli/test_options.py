"""The options: each declared once, each default in the help the one in force."""

from __future__ import annotations

import re

import click
import pytest

from framesift.cli.app import COMMANDS, cli
from framesift.cli.options import Request, analysis_options, printable
from framesift.media import Limits
from framesift.settings import Settings

CONTEXT = click.Context(cli)
CONFIGURED = ("research_mode",)
"""What is said in a configuration on purpose, and never in passing on a command line."""
OPTIONS = [name for name in Settings.model_fields if name not in CONFIGURED]


def _options(command: str) -> dict[str, click.Option]:
    found = cli.get_command(CONTEXT, command)
    assert found is not None
    return {one.name: one for one in found.params if isinstance(one, click.Option)}


def _shown_default(option: click.Option) -> str | None:
    match = re.search(r"\[default: (.+?)\]", option.help or "")
    return match.group(1) if match else None


@pytest.mark.parametrize("name", OPTIONS)
def test_every_setting_is_an_option_of_scan(name: str) -> None:
    assert name in _options("scan")


@pytest.mark.parametrize("name", OPTIONS)
def test_the_default_in_the_help_is_the_one_in_force(name: str) -> None:
    option = _options("scan")[name]
    shown = _shown_default(option)
    value = Settings.model_fields[name].default
    if option.is_flag:
        on, off = option.opts[0].strip("-"), option.secondary_opts[0].strip("-")
        assert shown == (on if value else off)
    elif value is not None:
        assert shown == str(value)
    elif name in ("max_pixels", "max_duration_s"):
        assert shown is not None
        assert float(shown) == getattr(Limits(), name)
    elif name == "max_bytes":
        assert shown == f"{Limits().max_bytes / 2**30:g}GiB"


def test_scan_and_filter_share_the_options_of_an_analysis() -> None:
    shared = set(OPTIONS) - {"fail_on"}
    scan, filter_ = _options("scan"), _options("filter")
    for name in shared:
        assert scan[name].opts == filter_[name].opts
        assert scan[name].help == filter_[name].help


@pytest.mark.parametrize("command", COMMANDS)
def test_what_belongs_into_a_configuration_is_no_option(command: str) -> None:
    found = cli.get_command(CONTEXT, command)
    assert found is not None
    assert not {one.name for one in found.params} & set(CONFIGURED)


def test_options_not_given_are_left_to_the_settings() -> None:
    seen: list[Request] = []

    @click.command()
    @analysis_options()
    def command(request: Request) -> None:
        seen.append(request)

    command.main(["a", "b", "--fps", "2", "--no-cache", "-q"], standalone_mode=False)
    assert seen == [
        Request(paths=("a", "b"), options={"fps": 2.0, "cache": False}, quiet=True, progress=True)
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_a_help_text(name: str) -> None:
    command = cli.get_command(CONTEXT, name)
    commands = [command]
    if isinstance(command, click.Group):
        commands += command.commands.values()
    for one in commands:
        assert one is not None
        assert one.help
        assert one.get_short_help_str()
        for option in one.params:
            if isinstance(option, click.Option):
                assert option.help, f"{one.name} {option.name}"


def test_a_path_does_nothing_to_a_terminal() -> None:
    assert printable("für/été 📷.jpg") == "für/été 📷.jpg"
    assert printable("a\nb\x1b[2J\u202e\udcff.jpg") == "a\\nb\\x1b[2J\\u202e�.jpg"
