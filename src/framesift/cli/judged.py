"""Labelled examples with what a policy says of them."""

from __future__ import annotations

import heapq
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from framesift.cli.console import Meter, plural
from framesift.cli.exits import INTERRUPTED, Stop
from framesift.engine import run_many
from framesift.media import Source
from framesift.pipeline import moderate_text
from framesift.policies.rules import UNKNOWN_LANGUAGE
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
    from framesift.types import Float32Array, Result, UInt8Array, Verdict

__all__ = ["Fault", "Judge", "Judged", "alike", "fault", "pdq_of"]

Fault: TypeAlias = Literal["missed", "disturbed"]
"""What a policy got wrong: harm it allowed, or something harmless it did not."""

_CHUNK = 1024
# What differs between two sendings of one text: figures, links, blanks.
_VARYING = re.compile(r"https?://\S+|[\d\W_]+")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One example and the verdict on it.

    Attributes:
        example: What people say.
        verdict: What the policy says; ``None`` where it could not be read.
        sha256: Of the picture, or of the text.
        thumbnail: Clear JPEG, of the worst faults alone.
        pdq: PDQ hash of the picture, uint8 (32,), where it shows enough to have one.
        failure: Why it could not be read.
    """

    example: Example
    verdict: Verdict | None
    sha256: str = ""
    thumbnail: bytes | None = None
    pdq: UInt8Array | None = None
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
        shown: Of how many misses and how many false alarms, the worst ones, the thumbnails are
            kept; all others are given up at once, since a hundred thousand would not fit.
        captions: Where the texts of pictures are found that come without one; ``None`` judges
            pictures alone, with no text at all.
    """

    policy: Policy
    analyzer: Analyzer | None
    settings: Settings
    console: Console
    progress: bool = True
    captions: Captions | None = None
    shown: int = 0

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
        worst: dict[Fault, list[tuple[float, int]]] = {"missed": [], "disturbed": []}
        try:
            self.console.say(f"framesift: judging {many}")
            with meter:
                for judged in self._each(items):
                    done.append(judged)
                    self._keep_worst(done, worst)
                    meter.advance()
        except KeyboardInterrupt:
            message = f"interrupted after {len(done):,} of {many}"
            raise Stop(message, INTERRUPTED) from None
        return done

    def _keep_worst(self, done: list[Judged], worst: dict[Fault, list[tuple[float, int]]]) -> None:
        """Drop the thumbnail of the last example, or of the one that is no longer shown for it."""
        number = len(done) - 1
        found = fault(done[number])
        if found is not None:
            kept = worst[found[0]]
            heapq.heappush(kept, (-found[1], -number))
            if len(kept) <= self.shown:
                return
            number = -heapq.heappop(kept)[1]
        done[number] = replace(done[number], thumbnail=None)

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
                thumbnail = result.thumbnail
                pdq = pdq_of(thumbnail) if thumbnail else None
                yield Judged(item, verdict, sha256, thumbnail, pdq)

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
    pictures = [number for number, one in enumerate(judged) if one.example.path is not None]
    groups = _picture_groups([judged[number] for number in pictures])
    for number, group in zip(pictures, groups, strict=True):
        names[number] = ("picture", group)
    return names


def fault(judged: Judged) -> tuple[Fault, float] | None:
    """Say what a verdict got wrong, if anything, and how badly: lower is worse."""
    verdict = judged.verdict
    if verdict is None:
        return None
    if judged.example.harmful:
        named = [name for name, is_of_it in judged.example.labels.items() if is_of_it]
        scores = (label.score for label in verdict.labels if label.name in named)
        return ("missed", max(scores, default=0.0)) if verdict.action == "allow" else None
    if verdict.action == "allow":
        return None
    # That nobody could judge a text is no score: what was found in others comes first.
    top = max(
        (one.score for one in verdict.labels if one.flagged and one.name != UNKNOWN_LANGUAGE),
        default=0.0,
    )
    return ("disturbed", -(2.0 if verdict.action == "block" else 1.0) - top / 2)


def pdq_of(thumbnail: bytes) -> UInt8Array | None:
    """Return the PDQ hash of a picture, uint8 (32,), or ``None`` where it shows too little."""
    from PIL import Image

    from framesift.embeddings.perceptual import MIN_QUALITY, PdqEncoder

    encoder = PdqEncoder()
    with Image.open(io.BytesIO(thumbnail)) as image:
        prepared = encoder.prepare(np.asarray(image.convert("RGB")))
    row = encoder.encode(prepared[None])[0]
    return np.packbits(row[:-1].astype(np.uint8)) if row[-1] >= MIN_QUALITY else None


def _picture_groups(pictures: Sequence[Judged]) -> list[int]:
    """Number pictures so that near-duplicates, and theirs, share a number."""
    from framesift.heads.training.groups import UnionFind

    joined = UnionFind(len(pictures))
    first: dict[str | bytes, int] = {}
    hashes: dict[bytes, int] = {}
    for number, picture in enumerate(pictures):
        # One that could not be read has no hash of its content, and is like no other.
        joined.join(first.setdefault(picture.sha256 or f"unread {number}", number), number)
        if picture.pdq is not None:
            joined.join(hashes.setdefault(picture.pdq.tobytes(), number), number)
    if hashes:
        bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32), axis=1)
        members = list(hashes.values())
        for same in _near(bits.astype(np.float32)):
            for other in same[1:]:
                joined.join(members[same[0]], members[other])
    return [int(label) for label in joined.labels()]


def _near(bits: Float32Array) -> Iterator[list[int]]:
    """Give sets of rows that belong together, rows of 256 bits; few, however many are alike."""
    from framesift.embeddings.perceptual import MATCH_BITS

    ones = bits.sum(axis=1)
    label = np.arange(len(bits))
    for start in range(0, len(bits), _CHUNK):
        part = bits[start : start + _CHUNK]
        # Hamming distances as one product of matrices: |a| + |b| - 2 ab. Earlier rows alone: the
        # rest is compared when its turn comes.
        others = bits[: start + len(part)]
        apart = ones[start : start + len(part), None] + ones[None, : len(others)]
        near = apart - 2 * part @ others.T <= MATCH_BITS
        for row in np.flatnonzero(near.sum(axis=1) > 1):
            found = np.unique(label[: len(others)][near[row]])
            if len(found) > 1:
                label[np.isin(label, found)] = found[0]
                yield [int(one) for one in found]
