"""From what the user asked to a stream of results: the one place where the command line wires."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framesift.cli.console import Console, Meter, plural
from framesift.cli.downloads import Downloads
from framesift.cli.effective import effective_settings, using_cache_dir
from framesift.cli.sampling import sampler_of
from framesift.embeddings import load_embedder
from framesift.embeddings.auto import choose_embedder
from framesift.embeddings.cache import Cache, default_path
from framesift.engine import run_many
from framesift.media import ExpandOptions, Limits, Source, expand_sources
from framesift.media.captions import Captions
from framesift.pipeline import (
    Reading,
    build_analyzer,
    check_model,
    default_heads,
)
from framesift.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.cli.options import Request
    from framesift.embeddings.base import Embedder
    from framesift.media import Expansion
    from framesift.pipeline import Analyzer
    from framesift.settings import Settings
    from framesift.types import Analysis, Failure, Result

__all__ = ["THUMBNAIL_PX", "Session", "limits_of", "open_cache", "open_embedder", "open_session"]

THUMBNAIL_PX = 256


@dataclass(frozen=True, eq=False)
class Session:
    """Everything a command needs for one run.

    Attributes:
        settings: The effective settings.
        analyzer: The models, heads, policy and cache.
        console: Where notices go.
        notice: What reports must say of the model, such as that ``starter`` stood in.
        paths: What the user named.
        progress: Whether a progress bar may be shown.
        captions: Where the texts that go with pictures are found.
        caption: The text that goes with every picture, instead of what is found.
    """

    settings: Settings
    analyzer: Analyzer
    console: Console
    notice: str | None
    paths: tuple[str, ...]
    progress: bool
    captions: Captions = field(default_factory=Captions)
    caption: str | None = None
    _real: dict[str, Path] = field(default_factory=dict)

    def results(self) -> Iterator[Result]:
        """Analyse everything that was named, in order."""
        return run_many(
            self.analyzer,
            self.sources(),
            workers=self.settings.workers,
            batch_size=self.settings.batch_size,
        )

    def sources(self) -> Iterator[Source | Failure]:
        """Find everything that was named, in order, each with its caption."""
        return self._watched(self._sources(self.paths, stdin=True))

    def with_real_path(self, result: Analysis) -> Analysis:
        """Give a result back the path whose name records could not spell (not UTF-8)."""
        real = self._real.get(result.path)
        return (
            result if real is None else replace(result, info=replace(result.info, path=str(real)))
        )

    def meter(self) -> Meter:
        """Return a progress bar that learns the number of files while the work goes on."""
        return Meter(enabled=self.progress and not self.console.quiet, count=self._count)

    def _watched(self, sources: Expansion) -> Iterator[Source | Failure]:
        captioned = 0
        for source in sources:
            # Only where they differ: a dictionary of every name would grow with the folder.
            if isinstance(source, Source) and source.path and os.fspath(source.path) != source.name:
                self._real[source.name] = source.path
            if isinstance(source, Source):
                self._add_caption(source)
                captioned += source.caption is not None
            yield source
        if self.captions.unused:
            rows = plural(len(self.captions.unused), "caption")
            first = self.captions.unused[0]
            self.console.notice(f"{rows} of the table name no file that was scanned: {first} ...")
        if sources.skipped:
            files = plural(sources.skipped, "file")
            read = f"; read {plural(captioned, 'caption')}" if captioned else ""
            self.console.notice(
                f"passed over {files} beside pictures (--all-files tries them){read}"
            )

    def _add_caption(self, source: Source) -> None:
        """Give a picture the text that goes with it; one that cannot be read is said, not lost."""
        if self.caption is not None:
            source.caption = self.caption
            return
        caption = None if source.path is None else self.captions.caption_for(source.path)
        if caption is not None:
            source.caption = caption.text
            source.caption_problem = caption.problem

    def _count(self) -> int:
        streams = self.paths.count("-")
        named = tuple(path for path in self.paths if path != "-")
        return streams + sum(1 for _ in self._sources(named, stdin=False))

    def _sources(self, paths: tuple[str, ...], *, stdin: bool) -> Expansion:
        encoding = self.settings.caption_encoding
        options = ExpandOptions(
            hidden=self.settings.hidden,
            all_files=self.settings.all_files,
            captions=self.settings.captions != "none",
            caption_encoding=None if encoding == "auto" else encoding,
        )
        wanted = stdin and "-" in paths and sys.stdin is not None
        stream = sys.stdin.buffer if wanted else None
        return expand_sources(paths, options=options, stdin=stream)


def open_embedder(settings: Settings, console: Console) -> tuple[Embedder, str | None]:
    """Load the model; with ``auto``, say loudly if another one had to stand in.

    Returns:
        The model, and what reports must say of it.
    """
    with Downloads(console) as progress:
        options: dict[str, Any] = {
            "device": settings.device,
            "precision": settings.precision,
            "offline": settings.offline,
            "progress": progress,
        }
        if settings.model != "auto":
            return load_embedder(settings.model, **options), None
        embedder, notice = choose_embedder(**options)
    if notice:
        console.warn(notice)
    return embedder, notice


def open_cache(stack: contextlib.ExitStack, settings: Settings, console: Console) -> Cache | None:
    """Open the cache until the stack closes, and say what is wrong with it; none if not wanted."""
    if not settings.cache:
        return None
    cache = stack.enter_context(Cache(default_path()))
    if cache.notice:
        console.notice(cache.notice)
    return cache


@contextlib.contextmanager
def open_session(
    request: Request,
    *,
    thumbnails: bool = False,
    default: Policy | None = None,
    quality: str | None = None,
    policy: Policy | None = None,
) -> Iterator[Session]:
    """Prepare a run: settings, policy, model, heads, cache. Closes the cache at the end.

    Args:
        request: What the user asked.
        thumbnails: Keep a thumbnail with each analysis.
        default: The policy where the settings name none; ``None`` for that of a plain scan.
        quality: What scores quality where nobody chose anything; ``None`` for ``auto``.
        policy: What holds whatever the settings name.

    Raises:
        FramesiftError: A setting, the policy or the model cannot be used.
    """
    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    if quality and settings.quality == "auto" and "quality" not in request.options:
        settings = settings.model_copy(update={"quality": quality})
    if policy is None:
        policy = Policy.load(settings.policy) if settings.policy else default or Policy.default()
    with using_cache_dir(settings.cache_dir), contextlib.ExitStack() as stack:
        captions = captions_of(settings, request.paths)
        settings = _with_model_of_head(_with_model_of_policy(settings, policy), console)
        study = _guard_policy(policy, settings, console)
        embedder, notice = open_embedder(settings, console)
        check_model(policy, embedder)
        heads = default_heads(
            embedder,
            quality=settings.quality,
            known=settings.known,
            offline=settings.offline,
            policy=policy,
        )
        for text in filter(None, (getattr(head, "notice", None) for head in heads)):
            console.notice(text)
        cache = open_cache(stack, settings, console)
        analyzer = build_analyzer(
            embedder,
            heads=heads,
            policy=policy,
            sampler=sampler_of(settings),
            cache=cache,
            reading=Reading(
                limits=limits_of(settings),
                exact=settings.exact,
                thumbnail_px=THUMBNAIL_PX if thumbnails else None,
            ),
        )
        if policy.words == "auto" and analyzer.reader is None:
            console.notice(
                "words in pictures are not read; pip install 'framesift[ocr]' reads them"
            )
        yield Session(
            settings,
            analyzer,
            console,
            "; ".join(filter(None, (notice, study))) or None,
            request.paths,
            request.progress,
            captions,
        )


def _guard_policy(policy: Policy, settings: Settings, console: Console) -> str | None:
    """Hold the categories that a policy adds to the rules for labels in words."""
    from framesift.cli.guarding import guard_texts
    from framesift.policies.taxonomy import CATEGORY_NAMES

    own = [one for name, one in policy.categories.items() if name not in CATEGORY_NAMES]
    prompts = [prompt for category in own for prompt in category.prompts.prompts]
    if not prompts:
        return None
    return guard_texts(prompts, settings, command="framesift --policy", console=console)


def captions_of(settings: Settings, paths: tuple[str, ...]) -> Captions:
    """Find the texts that go with pictures, as the settings say."""
    if settings.captions == "none":
        return Captions()
    encoding = None if settings.caption_encoding == "auto" else settings.caption_encoding
    beside = Captions.from_sidecars(encoding=encoding)
    if settings.captions == "auto":
        return beside
    roots = [path for path in paths if Path(path).is_dir()]
    file = Path(settings.captions).expanduser()
    return beside | Captions.from_csv(file, roots=roots, encoding=encoding)


def _with_model_of_policy(settings: Settings, policy: Policy) -> Settings:
    """Where no model was asked for, take the one that the policy's thresholds belong to."""
    if settings.model != "auto" or policy.model is None:
        return settings
    return settings.model_copy(update={"model": policy.model})


def _with_model_of_head(settings: Settings, console: Console) -> Settings:
    """Where no model was asked for, take the one that the quality head was trained with."""
    from framesift.heads.choose import is_head_file

    if settings.model != "auto" or not is_head_file(settings.quality):
        return settings
    from framesift.heads.store import read_card

    model = read_card(Path(settings.quality).expanduser()).model
    if not model:
        return settings
    console.notice(f"model {model}, which {settings.quality} was trained with")
    return settings.model_copy(update={"model": model})


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings ask for, the defaults for the rest."""
    given: dict[str, Any] = {
        "max_bytes": settings.max_bytes,
        "max_pixels": settings.max_pixels,
        "max_duration_s": settings.max_duration_s,
        "max_decode_s": settings.max_decode_s,
    }
    return Limits(**{key: value for key, value in given.items() if value is not None})
