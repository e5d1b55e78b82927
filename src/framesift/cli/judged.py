"""Labelled examples with what a policy says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.cli.console import Meter, plural
from framesift.cli.exits import INTERRUPTED, Stop
from framesift.engine import run_many
from framesift.media import Source
from framesift.pipeline import moderate_text
from framesift.types import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.cli.examples import Example
    from framesift.media.captions import Captions
    from framesift.pipeline import Analyzer
    from framesift.policies import Policy
    from framesift.settings import Settings
    from framesift.types import Result, Verdict

__all__ = ["Judge", "Judged", "alike"]

_CHUNK = 2048
# What differs between two sendings of one text: figures, links, blanks.
_VARYING = re.compile(r"https?://\S+|[\d\W_]+")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One example and the verdict on it.

    Attributes:
        example: What people say.
        verdict: What the policy says; ``None`` where it could not be read.
        sha256: Of the picture, or of the text.
        thumbnail: Clear JPEG, where thumbnails were kept.
        blurred: Blurred JPEG, likewise.
        failure: Why it could not be read.
    """

    example: Example
    verdict: Verdict | None
    sha256: str = ""
    thumbnail: bytes | None = None
    blurred: bytes | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """What judges labelled examples.

    Attributes:
        policy: For texts without a picture; pictures are judged by the analyzer's.
        analyzer: For pictures; ``None`` where there are none.
        settings: For the engine.
        console: Where the progress is shown.
        progress: Whether a progress bar may be shown.
        captions: Where the texts of pictures are found that come without one; ``None`` judges
            pictures alone, with no text at all.
    """

    policy: Policy
    analyzer: Analyzer | None
    settings: Settings
    console: Console
    progress: bool = True
    captions: Captions | None = None

    def judge(self, items: Sequence[Example]) -> list[Judged]:
        """Judge every example, in order.

        Args:
            items: Pictures, texts, or pictures with texts.

        Raises:
            Stop: Interrupted.
        """
        many = plural(len(items), "example")
        enabled = self.progress and not self.console.quiet
        meter = Meter(enabled=enabled, count=lambda: len(items), title="Judging")
        done: list[Judged] = []
        try:
            self.console.say(f"framesift: judging {many}")
            with meter:
                for judged in self._each(items):
                    done.append(judged)
                    meter.advance()
        except KeyboardInterrupt:
            message = f"interrupted after {len(done):,} of {many}"
            raise Stop(message, INTERRUPTED) from None
        return done

    def _each(self, items: Sequence[Example]) -> Iterator[Judged]:
        results: Iterator[Result] = iter(())
        if self.analyzer is not None:
            results = run_many(
                self.analyzer,
                (self._source(item.path, item.text) for item in items if item.path is not None),
                workers=self.settings.workers,
                batch_size=self.settings.batch_size,
            )
        for item in items:
            if item.path is None:
                yield Judged(item, moderate_text(item.text or "", self.policy))
                continue
            result = next(results)
            if isinstance(result, Failure):
                yield Judged(item, None, result.sha256 or "", failure=result)
            else:
                verdict, sha256 = result.moderation, result.info.sha256
                yield Judged(item, verdict, sha256, result.thumbnail, result.blurred)

    def _source(self, path: Path, text: str | None) -> Source:
        source = Source.from_path(path)
        if self.captions is None:
            return source
        source.caption = text
        found = self.captions.caption_for(path) if text is None else None
        if found is not None:
            source.caption, source.caption_problem = found.text, found.problem
        return source


def alike(judged: Sequence[Judged]) -> list[object]:
    """Tell near-duplicates: for each example a name that those which are alike share.

    Pictures are alike whose PDQ hashes lie within 31 of 256 bits, texts that differ in nothing but
    figures, links, blanks and punctuation.
    """
    names: list[object] = [one.sha256 for one in judged]
    for number, one in enumerate(judged):
        if one.example.path is None:
            names[number] = _VARYING.sub(" ", (one.example.text or "").casefold()).strip()
    pictures = [number for number, one in enumerate(judged) if one.thumbnail]
    if pictures:
        groups = _picture_groups([judged[number] for number in pictures])
        for number, group in zip(pictures, groups, strict=True):
            names[number] = ("picture", group)
    return names


def _picture_groups(pictures: Sequence[Judged]) -> list[int]:
    """Number pictures so that near-duplicates, and theirs, share a number."""
    import io

    from PIL import Image

    from framesift.embeddings.perceptual import MATCH_BITS, MIN_QUALITY, PdqEncoder
    from framesift.heads.training.groups import UnionFind

    encoder = PdqEncoder()
    inputs = []
    for picture in pictures:
        with Image.open(io.BytesIO(picture.thumbnail or b"")) as image:
            inputs.append(encoder.prepare(np.asarray(image.convert("RGB"))))
    rows = np.concatenate(
        [encoder.encode(np.stack(inputs[n : n + 64])) for n in range(0, len(inputs), 64)]
    )
    bits, clear = rows[:, :-1].astype(np.float32), rows[:, -1] >= MIN_QUALITY
    joined = UnionFind(len(bits))
    first: dict[str, int] = {}
    for number, picture in enumerate(pictures):
        joined.join(first.setdefault(picture.sha256, number), number)
    for start in range(0, len(bits), _CHUNK):
        part = bits[start : start + _CHUNK]
        # Hamming distances as one product of matrices: |a| + |b| - 2 ab.
        apart = part.sum(axis=1)[:, None] + bits.sum(axis=1)[None] - 2 * part @ bits.T
        near = (apart <= MATCH_BITS) & clear[start : start + _CHUNK, None] & clear[None]
        for row, column in np.argwhere(near):
            if start + row < column:
                joined.join(int(start + row), int(column))
    return [int(label) for label in joined.labels()]
