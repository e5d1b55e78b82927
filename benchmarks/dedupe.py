"""How long it takes to find duplicates among many pictures that are hashed and embedded already.

    python -m benchmarks.dedupe                  # 10,000 and 100,000 pictures, some minutes
    python -m benchmarks.dedupe --keep           # and write benchmarks/results/dedupe.json

Random hashes and embeddings of 512 numbers, one in twenty a copy of another within the radius.
*with cut-outs* compares every pair, on packed bits; it is timed on 10,000 only, and grows with the
square. *plain numpy* compares unpacked bits, one picture with all others at a time, and nothing
else; on 100,000 it is timed on a part of the rows, and the time for all of them follows from that.
All find the same pairs, which is checked.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks import common
from framesift.types import MediaInfo
from framesift.verdicts.duplicates import Candidate, Looks, find_duplicates
from framesift.verdicts.linking import Limits, NearLinker, packed

SIZES = (10_000, 100_000)
PLAIN_ROWS = 200


def pictures(count: int) -> tuple[np.ndarray, Looks]:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (count, 256), dtype=np.uint8)
    vectors = rng.standard_normal((count, 512), dtype=np.float32)
    copies = rng.choice(np.arange(1, count), count // 20, replace=False)
    for copy in copies:
        origin = rng.integers(0, copy)
        bits[copy] = bits[origin]
        bits[copy, rng.choice(256, rng.integers(0, 12), replace=False)] ^= 1
        vectors[copy] = vectors[origin]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return bits, Looks(packed(bits), np.full(count, 100, np.uint8), vectors)


def plain(bits: np.ndarray, rows: int) -> int:
    """Count the pairs within 31 bits of some pictures and those after them."""
    return sum(
        int((np.count_nonzero(bits[i + 1 :] != bits[i], axis=1) <= 31).sum()) for i in range(rows)
    )


def seconds(work: object) -> tuple[float, object]:
    begun = time.perf_counter()
    result = work()  # type: ignore[operator]
    return time.perf_counter() - begun, result


def case(count: int) -> dict[str, object]:
    bits, looks = pictures(count)
    times = np.full(count, np.nan)

    def links(limits: Limits) -> int:
        linker = NearLinker(looks.hashes, looks.detail, looks.vectors, limits, times=times)
        return sum(len(a) for a, _ in linker.pairs())

    candidates = [
        Candidate(MediaInfo(f"{i:08}.jpg", f"{i:064x}", "image", "jpeg", 1, 1))
        for i in range(count)
    ]
    pairs_s, found = seconds(lambda: links(Limits()))
    small = count <= SIZES[0]
    cut_s, _ = seconds(lambda: links(Limits(cut_outs=True))) if small else (None, 0)
    groups_s, groups = seconds(lambda: find_duplicates(candidates, looks))
    peak = common.peak_rss_mib()
    rows = count - 1 if small else PLAIN_ROWS
    plain_s, plainly = seconds(lambda: plain(bits, rows))
    if rows == count - 1:
        assert plainly == found, (plainly, found)
    compared = sum(count - 1 - i for i in range(rows))
    return {
        "pairs_compared": count * (count - 1) // 2,
        "pairs_found": found,
        "groups": len(groups),
        "pairs_s": round(pairs_s, 2),
        "pairs_with_cut_outs_s": None if cut_s is None else round(cut_s, 1),
        "all_of_it_s": round(groups_s, 1),
        "plain_numpy_s": round(plain_s * (count * (count - 1) / 2) / compared, 1),
        "plain_rows": rows,
        "peak_mib": peak,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/dedupe.json")
    arguments = parser.parse_args()
    started = common.machine()
    figures: dict[str, object] = {}
    for count in SIZES:
        figures[f"{count:,}"] = case(count)
        print(count, figures[f"{count:,}"], flush=True)
    if arguments.keep:
        print(common.write("dedupe", figures, started=started))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
