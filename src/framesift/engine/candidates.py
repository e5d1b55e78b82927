"""From analyses and their files to what duplicates are found by: small, whatever the pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framesift.embeddings.perceptual import BITS, WIDTH, row_bits
from framesift.media.taken import Taken, taken
from framesift.verdicts.duplicates import Candidate, Looks
from framesift.verdicts.linking import packed

if TYPE_CHECKING:
    from framesift.types import Analysis, Float32Array, UInt8Array

__all__ = ["Collector"]


@dataclass(slots=True, eq=False)
class Collector:
    """Takes analyses, made with the expert ``pdq`` and with their embeddings kept.

    A file that was found under several names (hard or symbolic links, or named twice) is one
    candidate: under a name that is no link, else the first. Of each picture no more is kept than a
    few facts, 33 bytes of hash and its vector.
    """

    _candidates: list[Candidate] = field(default_factory=list)
    _files: dict[tuple[int, int], int] = field(default_factory=dict)
    _hashes: list[UInt8Array] = field(default_factory=list)
    _vectors: list[Float32Array] = field(default_factory=list)

    def add(self, analysis: Analysis, path: Path) -> None:
        """Take one more.

        Args:
            analysis: Of the picture or video.
            path: Its file.

        Raises:
            OSError: The file is gone by now.
        """
        facts = path.stat()
        known = self._files.get((facts.st_dev, facts.st_ino)) if facts.st_ino else None
        if known is not None:
            self._candidates[known] = _also(self._candidates[known], analysis, path)
            return
        self._files[facts.st_dev, facts.st_ino] = len(self._candidates)
        still = analysis.info.kind == "image"
        when = taken(path) if still else Taken()
        self._candidates.append(
            Candidate(
                analysis.info,
                facts.st_size,
                facts.st_mtime,
                when.time_s,
                when.camera,
                analysis.quality.score if analysis.quality else None,
                analysis.moderation.action if analysis.moderation else "review",
                analysis.error is not None,
            )
        )
        assert analysis.embeddings is not None, "the analyzer keeps embeddings"
        vector, row = analysis.embeddings.vectors[0], analysis.embeddings.extras["pdq"][0]
        # What moves has no single look: its first frame may be black, or a title.
        packed_row = np.zeros(BITS // 8 + 1, np.uint8)
        if still:
            packed_row[:-1] = np.packbits(row_bits(row))
            packed_row[-1] = row[WIDTH - 1]
        self._hashes.append(packed_row)
        self._vectors.append((vector if still else np.zeros_like(vector)).astype(np.float32))

    def finish(self) -> tuple[list[Candidate], Looks]:
        """Return the candidates and what they look like, in the order in which they came."""
        count = len(self._candidates)
        rows = np.array(self._hashes, np.uint8).reshape(count, BITS // 8 + 1)
        width = len(self._vectors[0]) if count else 0
        vectors = np.array(self._vectors, np.float32).reshape(count, width)
        bits = np.unpackbits(rows[:, :-1], axis=1)
        return self._candidates, Looks(packed(bits), rows[:, -1].copy(), vectors)


def _also(candidate: Candidate, analysis: Analysis, path: Path) -> Candidate:
    """Add a name of the same file; a real name goes before a link."""
    name = candidate.info.path
    if analysis.info.path == name:
        return candidate
    if Path(name).is_symlink() and not path.is_symlink():
        return replace(
            candidate,
            info=replace(candidate.info, path=str(path)),
            others=(*candidate.others, name),
        )
    return replace(candidate, others=(*candidate.others, str(path)))
