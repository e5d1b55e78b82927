"""The steps of a search: collect, ask, look, judge what is to be shown, write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framesift.cli.console import Console, Meter, plural
from framesift.cli.exits import INTERRUPTED, Stop
from framesift.cli.guarding import guard_texts
from framesift.cli.judging import Judge
from framesift.cli.options import printable
from framesift.cli.workbench import Workbench, open_workbench, workplace
from framesift.embeddings.index import CATALOGUE, BrokenIndexError
from framesift.embeddings.index.catalogue import Catalogue
from framesift.embeddings.open_nsfw import OpenNsfwEncoder
from framesift.embeddings.places import cache_root
from framesift.engine.collect import Collected, Collection
from framesift.errors import ConfigError
from framesift.heads.prompt_cache import cached_texts
from framesift.media import ExpandOptions, Source, expand_sources
from framesift.reports.hits import HitList, hits_text
from framesift.search import Hit, Query, Search, Term, background_texts, by_content
from framesift.search.evidence import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from framesift.cli.options import Request
    from framesift.search import Entry, Filters, Found

__all__ = ["Wanted", "format_of", "run_search"]

_LISTED_FAILURES = 10
_MOST_MISSES = 200
_EXTENSIONS = {
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "table",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for.

    Attributes:
        texts: To look for.
        likes: Pictures to look for the like of.
        nots: What pictures should not show.
        top: The most to list.
        min_score: Lowest score, instead of the limit that adapts.
        quality_min: Lowest quality.
        verdicts: Those that may be listed; empty for all.
        filters: On dates and folders.
        plan: Files to write and their formats.
        screen: Format of standard output; ``None`` for nothing there.
        ending: Of each path that is printed.
        sheet: The contact sheet to draw.
    """

    texts: tuple[str, ...]
    likes: tuple[Path, ...]
    nots: tuple[str, ...]
    top: int
    min_score: float | None
    quality_min: float | None
    verdicts: frozenset[str]
    filters: Filters
    plan: Mapping[Path, str]
    screen: str | None
    ending: str
    sheet: Path | None

    @property
    def shows_pictures(self) -> bool:
        """Whether thumbnails are needed, and so verdicts: what is not allowed is blurred."""
        return self.sheet is not None or "html" in (self.screen, *self.plan.values())

    @property
    def judges(self) -> bool:
        """Whether the hits have to be judged."""
        return self.shows_pictures or bool(self.verdicts) or self.quality_min is not None

    def takes(self, hit: Hit) -> bool:
        """Tell whether a hit that was judged, where it had to be, may be listed."""
        if self.verdicts and hit.action not in self.verdicts:
            return False
        return self.quality_min is None or (
            hit.quality is not None and hit.quality >= self.quality_min
        )


def format_of(path: Path) -> str:
    """Return the format that a file's extension stands for.

    Raises:
        ConfigError: It stands for none.
    """
    try:
        return _EXTENSIONS[path.suffix.lower()]
    except KeyError:
        message = f"its extension names no format; use one of {', '.join(_EXTENSIONS)}"
        raise ConfigError(message, source=str(path)) from None


def run_search(request: Request, wanted: Wanted) -> bool:
    """Search, and write what was found.

    Returns:
        Whether some files could not be searched.

    Raises:
        FramesiftError: Something cannot be used.
        Stop: Interrupted.
    """
    with workplace(request) as (settings, console):
        study = guard_texts(
            (*wanted.texts, *wanted.nots), settings, command="framesift search", console=console
        )
        opened = open_workbench(settings, console, inputs=lambda _: (), progress=request.progress)
        with opened as bench, _place(bench) as (folder, catalogue):
            bench = _keeping(bench)
            query = _query(bench, wanted)
            collection = Collection(bench.gatherer, folder, catalogue)
            collected = _collect(bench, request.paths, collection)
            try:
                found = _find(bench, query, collected, wanted, catalogue)
            except BrokenIndexError as error:
                # Seen only now: vectors are checked when they are looked at.
                collection.drop(error)
                collected = _collect(bench, request.paths, collection)
                found = _find(bench, query, collected, wanted, catalogue)
            notice = " ".join(filter(None, (bench.notice, study))) or None
            made = replace(found, header=replace(bench.header(), notice=notice))
            _write(made, wanted, console)
            return bool(collected.failures)


@contextlib.contextmanager
def _place(bench: Workbench) -> Iterator[tuple[Path, Catalogue]]:
    """Give the folder of the index and the catalogue: in the cache, or for this run alone."""
    root = cache_root() / "index"
    key = hashlib.sha256(_keeping(bench).gatherer.rows_key.encode()).hexdigest()[:16]
    with contextlib.ExitStack() as stack:
        if bench.settings.cache and not _is_writable(root):
            bench.console.notice(f"{root} cannot be written; the index is made for this run alone")
        if not bench.settings.cache or not _is_writable(root):
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="framesift-")))
        catalogue = stack.enter_context(Catalogue(root / CATALOGUE))
        if catalogue.notice:
            bench.console.notice(catalogue.notice)
        yield root / key, catalogue


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _keeping(bench: Workbench) -> Workbench:
    """Decode as large as a scan does, whose rows then serve here."""
    reading = replace(bench.gatherer.reading, min_side_px=OpenNsfwEncoder.min_side_px)
    return replace(bench, gatherer=replace(bench.gatherer, reading=reading))


def _query(bench: Workbench, wanted: Wanted) -> Query:
    """Turn texts and pictures into vectors.

    Raises:
        MediaError: A picture cannot be read.
    """
    embedder = bench.gatherer.embedder
    texts = [*wanted.texts, *wanted.nots]
    vectors = embedder.embed_texts(texts) if texts else ()
    terms = [Term(text, "text", vector) for text, vector in zip(texts, vectors, strict=True)]
    count = len(wanted.texts)
    pictures = [_like(bench, path) for path in wanted.likes]
    return Query((*terms[:count], *pictures), tuple(terms[count:]))


def _like(bench: Workbench, path: Path) -> Term:
    """Embed a picture; of what moves, the mean of its frames."""
    made = bench.gatherer.gather(Source.from_path(path))
    mean = made.embeddings.vectors.mean(axis=0, dtype=np.float64)
    vector = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return Term(path.name, "image", vector, made.info.sha256)


def _collect(bench: Workbench, paths: tuple[str, ...], collection: Collection) -> Collected:
    """Bring the index up to date with what was named, under a progress bar.

    Raises:
        Stop: Interrupted; what was embedded is kept.
    """
    console, settings = bench.console, bench.settings
    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    stdin = sys.stdin.buffer if "-" in paths and sys.stdin is not None else None
    done = count = 0
    try:
        count = collection.survey(expand_sources(paths, options=options, stdin=stdin))
        if count:
            console.say(f"framesift: embedding {plural(count, 'file')} with {bench.model}")
        enabled = bench.progress and not console.quiet and count > 0
        with Meter(enabled=enabled, count=lambda: count, title="Embedding") as meter:
            for _ in collection.embed(workers=settings.workers, batch_size=settings.batch_size):
                done += 1
                meter.advance()
        collected = collection.result()
    except KeyboardInterrupt:
        kept = "" if bench.gatherer.cache is None else "; they are kept: run it again to go on"
        message = f"interrupted after {done:,} of {plural(count, 'file')}{kept}"
        raise Stop(message, INTERRUPTED) from None
    for name, why in collection.broken.items():
        console.notice(f"{name} of the index was broken ({why}) and was made again")
    _tell_failures(collected, collection.partial, console)
    return collected


def _tell_failures(collected: Collected, partial: list[str], console: Console) -> None:
    for failure in collected.failures[:_LISTED_FAILURES]:
        console.say(f"framesift: failed: {failure.error.message}")
    more = len(collected.failures) - _LISTED_FAILURES
    if more > 0:
        console.say(f"framesift: failed: and {more:,} more")
    for name in partial[:_LISTED_FAILURES]:
        console.notice(f"{printable(name)} could be read only in part")


def _find(
    bench: Workbench,
    query: Query,
    collected: Collected,
    wanted: Wanted,
    catalogue: Catalogue,
) -> HitList:
    """Search what was collected.

    Raises:
        BrokenIndexError: A vector that was looked at is damaged.
    """
    groups = by_content(collected.entries)
    shown = {
        sha256: kept
        for sha256, entries in groups.items()
        if (kept := [entry for entry in entries if wanted.filters.accepts(entry)])
    }
    for term in query.wanted:
        if shown.pop(term.sha256, []):
            bench.console.notice(f"{term.name} itself is not listed")
    texts = cached_texts(bench.gatherer.embedder, background_texts())
    looked = Search(collected.index, query, list(shown), usual=list(groups), texts=texts)
    judge = None
    if wanted.judges:
        judge = Judge.open(bench, catalogue, collected.files, pictures=wanted.shows_pictures)
    hits, nearest = _pick(looked, shown, wanted, judge)
    said = names_of(query.wanted)
    if query.unwanted:
        said += f" but not {names_of(query.unwanted)}"
    return HitList(said, hits, len(shown), bench.header(), nearest, collected.failures)


def _pick(
    looked: Search, shown: Mapping[str, list[Entry]], wanted: Wanted, judge: Judge | None
) -> tuple[list[Hit], Hit | None]:
    """Take the best that may be listed; also return what is nearest, match or not."""
    hits: list[Hit] = []
    nearest: Hit | None = None
    misses = 0
    matched = wanted.min_score is not None or looked.matched()
    for found in looked.found(least=-1.5 if wanted.min_score is None else wanted.min_score):
        hit = _hit(found, shown[found.sha256])
        nearest = nearest or hit
        if not matched:
            break
        if wanted.min_score is None and not looked.is_listed(found):
            # Evidence falls with the score, but not strictly: some pictures resemble all texts.
            misses += 1
            if misses > _MOST_MISSES:
                break
            continue
        if judge is not None:
            hit = judge.judged(hit)
        if wanted.takes(hit):
            hits.append(hit)
        if len(hits) == wanted.top:
            break
    return hits, nearest


def _hit(found: Found, entries: list[Entry]) -> Hit:
    first = entries[0]
    return Hit(
        first,
        found.score,
        margin=found.margin,
        time=None if first.kind == "image" else found.time,
        copies=tuple(entry.path for entry in entries[1:]),
    )


def _write(found: HitList, wanted: Wanted, console: Console) -> None:
    """Write everything that was asked for.

    Raises:
        ConfigError: A file cannot be written.
    """
    from framesift.cli.drawings import write_page

    for out, kind in wanted.plan.items():
        write_page(hits_text(found, kind, folder=out.resolve().parent), out, console)
    if wanted.sheet is not None:
        _draw(found, wanted.sheet, console)
    if wanted.screen == "paths":
        text = "".join(f"{hit.entry.path}{wanted.ending}" for hit in found.hits)
        sys.stdout.buffer.write(os.fsencode(text))
        sys.stdout.buffer.flush()
    elif wanted.screen is not None:
        width = int(os.environ.get("COLUMNS", "") or 0) or 100
        sys.stdout.write(hits_text(found, wanted.screen, width=width))
        sys.stdout.flush()
    console.say(f"framesift: {found.headline}")
    if not found.hits and found.nearest is not None:
        name, score = printable(found.nearest.entry.path), found.nearest.score
        console.say(
            f"framesift: the nearest is {name} with a score of {score:.3f}; "
            "--min-score -1 lists what is near"
        )


def _draw(found: HitList, out: Path, console: Console) -> None:
    from framesift.media.sheet import SheetTile, contact_sheet

    if not found.hits:
        console.notice(f"no contact sheet was drawn: {found.headline}")
        return
    tiles = [
        SheetTile(
            hit.thumbnail,
            _short(Path(hit.entry.path).name),
            f"{hit.score:.3f}",
            hit.action or "allow",
        )
        for hit in found.hits
    ]
    png = contact_sheet(tiles, title=f"Search: {found.query}", subtitle=found.headline)
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(png)
        part.replace(out)
    except OSError as error:
        message = f"the contact sheet cannot be written: {error.strerror or error}"
        raise ConfigError(message, source=str(out)) from error
    console.say(f"framesift: wrote {out}")


def _short(name: str, most: int = 22) -> str:
    name = printable(name)
    return name if len(name) <= most else f"{name[: most - 9]}...{name[-6:]}"
