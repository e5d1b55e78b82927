"""``scan --parts`` and ``framesift parts``: scans of any size, in parts, and what they hold."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import Request, common_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from framesift.cli.console import Counts
    from framesift.cli.session import Session
    from framesift.engine.parts import Manifest, PartRun
    from framesift.types import Result

__all__ = ["PARTS_OPTIONS", "PartsPlan", "parts", "plan_parts", "run_parts"]

_SETTLE_S = 2.0
_SEAL_EVERY_S = 60.0

PARTS_OPTIONS = (
    click.option(
        "--parts",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Write results in parts into FOLDER and keep a ledger there: run the same again after "
        "an interruption, and it goes on where it was.",
    ),
    click.option(
        "--part-format",
        type=click.Choice(["parquet", "jsonl"]),
        default="parquet",
        show_default=True,
        help="Of the parts.",
    ),
    click.option(
        "--part-rows",
        type=click.IntRange(1, 10_000_000),
        default=10_000,
        show_default=True,
        metavar="N",
        help="Results in a part.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Scan only every file whose name belongs to part I of N, so that N machines share the "
        "work; needs --parts.",
    ),
    click.option(
        "--follow",
        is_flag=True,
        help="Go on looking for new files until Ctrl-C; needs --parts.",
    ),
    click.option(
        "--follow-idle",
        "idle_s",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --follow: stop once no new file came for so long.",
    ),
    click.option(
        "--poll",
        "poll_s",
        type=click.FloatRange(min=0.1),
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help="With --follow: wait so long before looking again.",
    ),
)


@dataclass(frozen=True, slots=True)
class PartsPlan:
    """What was asked of a scan in parts; the names are those of the options."""

    parts: Path
    part_format: str
    part_rows: int
    shard: str | None
    follow: bool
    idle_s: float | None
    poll_s: float


def plan_parts(request: Request, choices: dict[str, Any], *, reports: bool) -> PartsPlan | None:
    """Check the options against each other before any work.

    Args:
        request: What is to be scanned.
        choices: Values of `PARTS_OPTIONS`.
        reports: Whether other reports were asked for.

    Returns:
        The plan; ``None`` where parts were not asked for.

    Raises:
        click.UsageError: They do not go together.
    """
    if choices["parts"] is None:
        for name in ("shard", "follow", "idle_s"):
            if choices[name]:
                option = {"idle_s": "--follow-idle"}.get(name, f"--{name}")
                message = f"{option} needs --parts FOLDER"
                raise click.UsageError(message)
        return None
    if reports:
        message = "--parts takes the place of --out and --format; `framesift parts` reads them"
        raise click.UsageError(message)
    if "-" in request.paths:
        message = "--parts cannot go on with standard input; name files and folders"
        raise click.UsageError(message)
    if choices["idle_s"] is not None and not choices["follow"]:
        message = "--follow-idle needs --follow"
        raise click.UsageError(message)
    return PartsPlan(**choices)


def run_parts(session: Session, plan: PartsPlan) -> int:
    """Scan everything that has no result yet, and sum up.

    Returns:
        The exit code; what earlier runs found counts for ``--fail-on`` too.
    """
    from framesift.cli.console import Counts
    from framesift.cli.scan import header_of
    from framesift.engine.parts import PartFolder, PartRun, RunOptions, Shard

    shard = Shard.parse(plan.shard) if plan.shard else Shard()
    folder = PartFolder(plan.parts, shard, plan.part_format, header_of(session))
    options = RunOptions(
        rows=plan.part_rows,
        settle_s=_SETTLE_S if plan.follow else 0.0,
        workers=session.settings.workers,
        batch_size=session.settings.batch_size,
    )
    counts = Counts()
    manifest = None
    # One that comes before or after the scan itself finds the ledger whole, too.
    with (
        contextlib.suppress(KeyboardInterrupt),
        PartRun(folder, _identity(session, plan), options) as run,
    ):
        before = run.ledger.finished
        if before:
            session.console.say(f"framesift: {before:,} files have their results; going on")
        if _work(session, run, plan, counts):
            run.commit()
            actions, failures = run.ledger.actions(), run.ledger.failures
            manifest = run.finish()
    _tell(session, counts, manifest, plan)
    if manifest is None:
        return INTERRUPTED
    wanted = {"review": ("review", "block"), "block": ("block",), None: ()}
    if any(actions[name] for name in wanted[session.settings.fail_on]):
        return CROSSED
    return FAILED_ITEMS if failures else DONE


def _work(session: Session, run: PartRun, plan: PartsPlan, counts: Counts) -> bool:
    """Scan; false where it was interrupted with files still to do."""
    from framesift.cli.interrupts import InterruptGuard

    idle = False
    try:
        with InterruptGuard() as guard, session.meter() as meter:
            for result in _passes(session, run, plan):
                with guard.shielded():
                    idle = result is None
                    if result is not None:
                        counts.add(result)
                        meter.advance()
    except KeyboardInterrupt:
        # Between two passes everything that was there has its result.
        return plan.follow and idle
    return True


def _passes(session: Session, run: PartRun, plan: PartsPlan) -> Iterator[Result | None]:
    """Yield results, and ``None`` at the end of each pass over what was named."""
    import time

    from framesift.engine.parts import follow

    def once() -> Iterator[Result]:
        return run.results(session.analyzer, session.sources())

    if not plan.follow:
        yield from once()
        return
    sealed = time.monotonic()
    watching = follow(once, poll_s=plan.poll_s, idle_s=plan.idle_s, unsettled=lambda: run.unsettled)
    for result in watching:
        if result is None and time.monotonic() - sealed >= _SEAL_EVERY_S:
            run.seal()
            sealed = time.monotonic()
        elif result is None:
            run.commit()
        yield result


def _identity(session: Session, plan: PartsPlan) -> dict[str, str]:
    """Return what must be the same for two runs' records to lie in one data set."""
    from framesift import __version__
    from framesift.types import SCHEMA

    analyzer, settings = session.analyzer, session.settings
    quality = settings.quality
    file = Path(quality).expanduser()
    if file.is_file():
        quality = f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"
    return {
        "model": f"{analyzer.model.name} ({analyzer.model.fingerprint})",
        "quality": quality,
        "heads": ", ".join(head.card.name for head in analyzer.heads),
        "policy": analyzer.policy.label,
        "frames": analyzer.sampler.key,
        "limits": analyzer.reading.limits.key,
        "decoding": "exact" if settings.exact else "scaled",
        "captions": f"{settings.captions} ({settings.caption_encoding})",
        "records": f"schema {SCHEMA} of Framesift {__version__}",
        "parts": plan.part_format,
    }


def _tell(session: Session, counts: Counts, manifest: Manifest | None, plan: PartsPlan) -> None:
    console = session.console
    for line in counts.failure_lines():
        console.say(line)
    if manifest is None:
        console.say(f"framesift: interrupted after {counts.line()}")
        console.say("framesift: what is done is kept: run the same again to go on")
        return
    console.say(f"framesift: {counts.line()}")
    rows = sum(part.rows for part in manifest.files)
    count = len(manifest.files)
    console.say(
        f"framesift: {plan.parts} has {rows:,} results in {count:,} part{'s' * (count != 1)}"
    )


@click.command(short_help="Check scans in parts and put them together.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Put all parts of all shards into one file (.jsonl .csv .parquet).",
)
@click.option("--verify", is_flag=True, help="Read every part and compare its hash.")
@common_options
def parts(request: Request, folder: Path, out: Path | None, *, verify: bool) -> int:
    """Say what a scan with --parts has written into FOLDER, shard by shard.

    Exit codes: 0 all shards are complete, 2 wrong usage, 3 something is missing, incomplete or
    does not match its hash.
    """
    from framesift.cli.console import Console
    from framesift.engine.parts import read_manifests

    console = Console(quiet=request.quiet)
    manifests = read_manifests(folder)
    problems = [*_missing_shards(manifests)]
    for manifest in manifests:
        rows = sum(part.rows for part in manifest.files)
        state = "complete" if manifest.complete else "not complete"
        click.echo(
            f"shard {manifest.shard}  {rows:,} results in {len(manifest.files):,} files, {state}"
        )
        if not manifest.complete:
            problems.append(f"shard {manifest.shard} is not complete: run its scan again")
        problems += _problems(folder, manifest, verify=verify)
    _agree(manifests, problems)
    if out is not None:
        count = _put_together(folder, manifests, out)
        console.say(f"framesift: wrote {out} ({count:,} results)")
    for problem in problems:
        click.echo(f"framesift: {problem}", err=True)
    return FAILED_ITEMS if problems else DONE


def _missing_shards(manifests: list[Manifest]) -> Iterator[str]:
    """Name the shards that no manifest speaks of."""
    counts = {int(manifest.shard.split("/")[1]) for manifest in manifests}
    if len(counts) > 1:
        yield f"shards of different counts lie here: {', '.join(map(str, sorted(counts)))}"
        return
    there = {manifest.shard for manifest in manifests}
    for count in counts:
        for number in range(1, count + 1):
            if f"{number}/{count}" not in there:
                yield f"shard {number}/{count} is missing"


def _problems(folder: Path, manifest: Manifest, *, verify: bool) -> Iterator[str]:
    for part in manifest.files:
        file = folder / "parts" / part.name
        if not file.is_file():
            yield f"{file} is missing"
        elif verify and hashlib.sha256(file.read_bytes()).hexdigest() != part.sha256:
            yield f"{file} is not what was written: its sha256 differs"


def _agree(manifests: list[Manifest], problems: list[str]) -> None:
    first = manifests[0]
    for manifest in manifests[1:]:
        for name, value in first.identity.items():
            if manifest.identity.get(name) != value:
                problems.append(
                    f"shard {manifest.shard} was made with {name} {manifest.identity.get(name)}, "
                    f"shard {first.shard} with {value}"
                )


def _put_together(folder: Path, manifests: list[Manifest], out: Path) -> int:
    """Write the records of all parts into one file, in memory that does not grow."""
    from framesift.errors import ConfigError
    from framesift.reports import format_for, open_writer

    kind = format_for(out)
    if kind not in ("jsonl", "csv", "parquet"):
        message = f"--out: {kind} is not made from parts; name a .jsonl, .csv or .parquet file"
        raise ConfigError(message)
    count = 0
    with open_writer(out, format=kind) as writer:
        for manifest in manifests:
            for part in manifest.files:
                for record in _read(folder / "parts" / part.name):
                    writer.write_record(record)
                    count += 1
    return count


def _read(file: Path) -> Iterator[dict[str, Any]]:
    read: Callable[[Path], Iterator[dict[str, Any]]] = (
        _read_parquet if file.suffix == ".parquet" else _read_lines
    )
    return read(file)


def _read_lines(file: Path) -> Iterator[dict[str, Any]]:
    import json

    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _read_parquet(file: Path) -> Iterator[dict[str, Any]]:
    from importlib import import_module

    parquet = import_module("pyarrow.parquet")
    with parquet.ParquetFile(file) as reader:
        for batch in reader.iter_batches(batch_size=500):
            yield from batch.to_pylist()
