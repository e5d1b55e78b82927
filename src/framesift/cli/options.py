"""Options that several commands share, each declared once.

An option that the user did not give stays ``None`` and is dropped, so that the environment and the
configuration file can fill it in. The defaults in the help texts are those of
`framesift.settings.Settings`; a test compares them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Request",
    "add_options",
    "analysis_options",
    "cache_options",
    "common_options",
    "embedding_options",
    "gathering_options",
    "model_options",
    "printable",
    "setting_options",
    "text_options",
]

Command: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked a command to analyse, and how loudly.

    Attributes:
        paths: Files, folders, globs or ``-``.
        options: The settings given on the command line, by field name.
        quiet: Only results and errors.
        progress: Whether a progress bar may be shown.
    """

    paths: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    quiet: bool = False
    progress: bool = True


def _remember_debug(ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value:
        ctx.find_root().meta["framesift.debug"] = True


def _refuse_empty(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    # An unset variable in a script: taken as a path it would mean the current folder.
    if "" in value:
        message = "one of the paths is empty; write . for the current folder"
        raise click.BadParameter(message, ctx, param)
    return value


_COMMON = (
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors."),
    click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_remember_debug,
        help="Show the traceback of an error.",
    ),
)

_MODEL = (
    click.option(
        "--model",
        metavar="NAME|FOLDER",
        help="A name from `framesift models list`, a folder with ONNX files, or `auto`: CLIP if "
        "its files are here or can be fetched, else the embedded `starter`.  [default: auto]",
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "fp16", "int8"]),
        help="Of the model's weights.  [default: auto]",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        help="Where the model runs.  [default: auto]",
    ),
    click.option(
        "--offline/--online",
        default=None,
        help="Fetch nothing, not even model files.  [default: online]",
    ),
)

_CACHE_DIR = click.option(
    "--cache-dir",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where models and embeddings are kept.  [default: the user's cache folder]",
)

_JUDGING = (
    click.option(
        "--quality",
        "--head",
        metavar="NAME|FILE",
        help="What scores quality: `technical`, `aesthetic`, `overall`, the name of a head, or a "
        "head file made by `framesift train`; `auto` takes what suits the model, `none` scores "
        "no quality.  [default: auto]",
    ),
    click.option(
        "--known",
        metavar="FILE|auto|none",
        help="What tells pictures of a kind that the model does not know: a head file made by "
        "`framesift train known`; `auto` takes what comes with the model, if anything does.  "
        "[default: auto]",
    ),
    click.option(
        "--policy",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Thresholds and actions, in TOML.  [default: the built-in policy]",
    ),
    click.option(
        "--captions",
        metavar="FILE|auto|none",
        help="Texts that go with pictures: a table with the columns path and caption (.csv .tsv "
        ".jsonl), or `auto`: what lies beside a picture as .txt or .json.  [default: auto]",
    ),
    click.option(
        "--caption-encoding",
        metavar="NAME|auto",
        help="Of captions without a byte order mark, such as `cp1251` or `shift_jis`; `auto` reads "
        "UTF-8, UTF-16 and Western texts, and others go to review.  [default: auto]",
    ),
)

_READING = (
    click.option(
        "--exact/--scaled",
        default=None,
        help="Decode every picture in full, or let JPEG decoders scale down to what models need.  "
        "[default: scaled]",
    ),
    click.option(
        "--sampler",
        type=click.Choice(["adaptive", "keyframes", "uniform"]),
        help="Which frames of a video are looked at: `adaptive` more where pictures change, "
        "`keyframes` those that decode alone (quickest), `uniform` evenly.  [default: adaptive]",
    ),
    click.option(
        "--fps",
        type=float,
        metavar="X",
        help="Frames looked at per second of a video.  [default: 1.0]",
    ),
    click.option(
        "--max-frames",
        type=click.IntRange(min=1),
        metavar="N",
        help="Frames looked at per video or animation, at most.  [default: 600]",
    ),
    click.option(
        "--max-bytes",
        metavar="SIZE",
        help="Refuse larger files: 500MB, 2GiB, or a number of bytes.  [default: 16GiB]",
    ),
    click.option(
        "--max-pixels",
        metavar="COUNT",
        help="Refuse pictures with more pixels: 100M, or a number.  [default: 178956970]",
    ),
    click.option(
        "--max-duration",
        "max_duration_s",
        type=float,
        metavar="SECONDS",
        help="Refuse longer videos.  [default: 86400]",
    ),
    click.option(
        "--max-decode",
        "max_decode_s",
        type=float,
        metavar="SECONDS",
        help="Stop decoding a video after so long; what was seen counts.  [default: 14400]",
    ),
    click.option(
        "--hidden/--no-hidden",
        default=None,
        help="Look into hidden files and folders too.  [default: no-hidden]",
    ),
    click.option(
        "--all-files/--no-all-files",
        default=None,
        help="Try the companions of pictures in a folder too (.txt .json .xmp ...), which are "
        "passed over otherwise.  [default: no-all-files]",
    ),
)

_RUNNING = (
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Decoder threads.  [default: processors + 1]",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1, 4096),
        metavar="N",
        help="Frames per run of the model.  [default: 8]",
    ),
    click.option(
        "--cache/--no-cache",
        default=None,
        help="Remember embeddings, so that the next scan of the same content is quick.  "
        "[default: cache]",
    ),
    _CACHE_DIR,
    click.option("--no-progress", is_flag=True, help="Show no progress bar."),
)


def setting_options(function: Command, groups: Sequence[Sequence[Command]]) -> Command:
    """Add groups of options and hand those the user gave over as one ``Request``."""

    @functools.wraps(function)
    def command(*, quiet: bool = False, no_progress: bool = False, **values: Any) -> Any:
        names = {parameter.name for parameter in options}
        given = {key: values.pop(key) for key in list(values) if key in names}
        request = Request(
            paths=tuple(values.pop("paths", ())),
            options={key: value for key, value in given.items() if value is not None},
            quiet=quiet,
            progress=not no_progress,
        )
        return function(request, **values)

    for group in reversed(groups):
        for option in reversed(group):
            command = option(command)
    common = {"quiet", "debug", "no_progress"}
    declared: list[click.Parameter] = getattr(command, "__click_params__", [])
    own = len([option for group in groups for option in group])
    options = [one for one in declared[-own:] if one.name not in common]
    return command


def add_options(options: Sequence[Command]) -> Callable[[Command], Command]:
    """Add options that are no settings, in their order."""

    def decorate(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def analysis_options(*extra: Command, required: bool = True) -> Command:
    """Add PATHS and everything that says how media are read, scored and cached.

    Args:
        extra: Further options whose names are settings, listed after those of the reading.
        required: Whether there must be a path.
    """

    def decorate(function: Command) -> Command:
        groups = (_MODEL, (*_JUDGING, *_READING, *extra), _RUNNING, _COMMON)
        command = setting_options(function, groups)
        argument = click.argument(
            "paths",
            nargs=-1,
            required=required,
            metavar="PATHS..." if required else "[PATHS]...",
            callback=_refuse_empty,
        )
        return argument(command)

    return decorate


def gathering_options(function: Command) -> Command:
    """Add PATHS and everything that says how media are read, embedded and cached."""
    command = setting_options(function, (_MODEL, _READING, _RUNNING, _COMMON))
    argument = click.argument(
        "paths", nargs=-1, required=True, metavar="PATHS...", callback=_refuse_empty
    )
    return argument(command)


def embedding_options(function: Command) -> Command:
    """Add everything that says how media are read, embedded and cached, but not judged."""
    return setting_options(function, (_MODEL, _READING, _RUNNING, _COMMON))


def model_options(function: Command) -> Command:
    """Add the options that say how a named model is loaded."""
    return setting_options(function, (_MODEL[1:], (_CACHE_DIR,), _COMMON))


def text_options(function: Command) -> Command:
    """Add the options that say which model reads texts, and where the cache is."""
    return setting_options(function, (_MODEL, (_CACHE_DIR,), _COMMON))


def cache_options(function: Command) -> Command:
    """Add the options that say where the cache is."""
    return setting_options(function, ((_CACHE_DIR,), _COMMON))


def common_options(function: Command) -> Command:
    """Add ``--quiet`` and ``--debug``."""
    return setting_options(function, (_COMMON,))


def printable(text: str) -> str:
    """Return a path as text that any terminal takes and that does nothing to it.

    Bytes that are not UTF-8 become ``�``; line breaks and terminal escapes are spelt out.
    """
    from framesift.reports.words import visible

    return visible(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
