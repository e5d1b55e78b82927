"""A million ratings: how long until there is one rating for each picture.

Simulated ratings of 100,000 pictures by few and by many raters, from the table on disk to aligned
ratings. The figures of raters used to be made one rater at a time, each with a pass over all
ratings; that way is kept here, checked to give the same figures, and timed in the same run. With
very many raters it is timed on some of them and multiplied, which the result says.

    python -m benchmarks.raters [--ratings N]
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import common
from framesift.heads.training import align_ratings, read_ratings

PICTURES = 100_000
RATERS = (200, 2_000, 20_000)
TIMED = 1_000


def write_table(path: Path, ratings: int, raters: int) -> None:
    """Write ratings of 0 to 10 by raters with offsets of their own."""
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, PICTURES * raters, ratings + ratings // 20))
    keys = rng.permutation(keys)[:ratings]
    picture, rater = keys // raters, keys % raters
    given = rng.normal(5, 1.5, PICTURES)[picture] + rng.normal(0, 0.8, raters)[rater]
    rounded = np.clip(np.round(given + rng.normal(size=len(given))), 0, 10).astype(int)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", "rating", "rater"))
        writer.writerows(
            (f"{p}.jpg", value, f"rater {r}")
            for p, value, r in zip(picture.tolist(), rounded.tolist(), rater.tolist(), strict=True)
        )


def one_at_a_time(
    picture: np.ndarray, rater: np.ndarray, value: np.ndarray, wanted: range
) -> list[float]:
    """Correlate each rater with the means of the others, a pass over all ratings for each."""
    found = []
    for place in wanted:
        rows = rater == place
        pictures, own = picture[rows], value[rows]
        sums = np.bincount(picture, value, minlength=PICTURES)[pictures]
        counts = np.bincount(picture, np.ones(len(value)), minlength=PICTURES)[pictures]
        others = counts >= 2
        mean = (sums[others] - own[others]) / (counts[others] - 1)
        found.append(float(np.corrcoef(own[others], mean)[0, 1]))
    return found


def measure(path: Path, ratings: int, raters: int) -> dict[str, object]:
    """Time one table, and the figures of its raters the old way."""
    write_table(path, ratings, raters)
    kept: dict[str, object] = {}
    reading, _ = common.clocks(lambda: kept.update(table=read_ratings(path)))
    table = kept["table"]
    aligning, _ = common.clocks(lambda: kept.update(targets=align_ratings(table, scale=(0, 10))))
    wanted = range(min(TIMED, raters))
    old, _ = common.clocks(
        lambda: kept.update(old=one_at_a_time(table.picture, table.rater, table.rating, wanted))
    )
    by_name = {one.name: one.agreement for one in kept["targets"].agreement.raters}
    new = [by_name[table.raters[place]] for place in wanted]
    apart = float(np.nanmax(np.abs(np.array(new) - np.array(kept["old"]))))
    estimated = old * raters / len(wanted)
    return {
        "raters": raters,
        "ratings": len(table.rating),
        "read_s": round(reading, 2),
        "align_s": round(aligning, 2),
        "one_at_a_time_s": round(estimated, 1),
        "timed_raters": len(wanted),
        "old_over_new": round((aligning + estimated) / aligning, 1),
        "largest_difference": apart,
    }


def main() -> None:
    """Measure every number of raters and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ratings", type=int, default=1_000_000)
    given = parser.parse_args()
    started = common.machine()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        found = [measure(path, given.ratings, raters) for raters in RATERS]
    for one in found:
        print(one)
    print(common.write("raters", {"tables": found}, started=started))


if __name__ == "__main__":
    main()
