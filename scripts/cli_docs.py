"""Write docs/cli.md from the command line's own help texts; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from framesift.cli.app import cli

TARGET = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
WIDTH = 88
INTRODUCTION = """\
# Command line

This page is what `--help` prints, written by `scripts/cli_docs.py`; a test keeps it up to date. How
settings can also come from the environment or a file stands in [Configuration](configuration.md),
what the exit codes mean in [Errors and exit codes](errors.md).
"""


def render() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    _add(
        parts,
        cli,
        click.Context(
            cli, info_name="framesift", terminal_width=WIDTH, help_option_names=["-h", "--help"]
        ),
        depth=2,
    )
    return "\n".join(parts)


def _add(parts: list[str], command: click.Command, context: click.Context, *, depth: int) -> None:
    text = command.get_help(context)
    parts.append(f"{'#' * depth} {context.command_path}\n\n```text\n{text}\n```\n")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            inner = click.Context(
                child,
                info_name=name,
                parent=context,
                terminal_width=WIDTH,
                help_option_names=["-h", "--help"],
            )
            _add(parts, child, inner, depth=min(depth + 1, 3))


def main() -> int:
    """Write the page, or compare it."""
    page = render()
    if "--check" in sys.argv[1:]:
        same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == page
        print("docs/cli.md is up to date" if same else "run scripts/cli_docs.py", file=sys.stderr)
        return 0 if same else 1
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
