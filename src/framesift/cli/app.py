"""The command group: sub-commands are imported when they are called."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from framesift import __version__
from framesift.cli.exits import (
    BROKEN_PIPE,
    DONE,
    INTERRUPTED,
    USAGE,
    Stop,
    explain,
    replace_closed_streams,
    show_usage_error,
    silence_stdout,
)
from framesift.cli.lazy import ModuleGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "LazyGroup", "cli", "main"]

COMMANDS = {
    "scan": "framesift.cli.scan:scan",
    "parts": "framesift.cli.parts:parts",
    "video": "framesift.cli.video:video",
    "classify": "framesift.cli.classify:classify",
    "classifier": "framesift.cli.classifier:classifier",
    "audit": "framesift.cli.audit:audit",
    "filter": "framesift.cli.filter:filter_",
    "search": "framesift.cli.search:search",
    "dedupe": "framesift.cli.dedupe:dedupe",
    "undo": "framesift.cli.undo:undo",
    "rate": "framesift.cli.rate:rate",
    "train": "framesift.cli.train:train",
    "evaluate": "framesift.cli.evaluate:evaluate",
    "moderate": "framesift.cli.moderate:moderate",
    "policy": "framesift.cli.policy:policy",
    "heads": "framesift.cli.heads:heads",
    "models": "framesift.cli.models:models",
    "cache": "framesift.cli.cache:cache",
    "config": "framesift.cli.config:config",
}


class LazyGroup(ModuleGroup):
    """Turns every exception into one line on standard error and an exit code."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command; suggest the closest name for a mistyped one."""
        close = get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and close:
            ctx.fail(f"no command is called {args[0]!r}; did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; a reader that went away (``| head``) ends it quietly."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            silence_stdout()
            ctx.exit(BROKEN_PIPE)
        except Exception as error:
            raise explain(error, debug=_debug(ctx)) from error
        return code

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run and exit; never returns."""
        extra.pop("standalone_mode", None)
        replace_closed_streams()
        given = sys.argv[1:] if args is None else args
        extra.setdefault("obj", {"arguments": ("framesift", *given)})
        try:
            code = super().main(args, prog_name or "framesift", standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = error.exit_code
        except click.UsageError as error:
            show_usage_error(error)
            code = error.exit_code
        except Stop as error:
            error.show()
            code = error.code
        except click.ClickException as error:
            code = USAGE
            click.echo(f"framesift: error: {error.format_message()}", err=True)
        except click.Abort:
            click.echo("framesift: interrupted", err=True)
            code = INTERRUPTED
        sys.exit(code or DONE)


def _debug(ctx: click.Context) -> bool:
    return bool(ctx.find_root().meta.get("framesift.debug"))


@click.group(
    cls=LazyGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, "-V", "--version", prog_name="framesift")
def cli() -> None:
    """Score, filter and moderate images and videos with CLIP, on your own machine.

    Start with `framesift scan FOLDER`. Nothing you scan leaves this machine; only model files are
    downloaded, and `--offline` stops that too.
    """


def main() -> None:
    """Entry point of the ``framesift`` command."""
    cli.main()
