"""The rows of the technical expert for every training picture, computed once and kept.

Usage: python training/quality/features.py --shared ../shared --photos FOLDER --out table.npz
       [--part 0 2]: half of the work, for two processes at once; train.py joins the parts
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from samples import samples

from framesift.embeddings import load_expert


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="see samples.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1))
    parser.add_argument("--numbers", type=int, nargs=2, default=(0, 10**6), help="see samples.py")
    parser.add_argument("--ladders", nargs="+", default=[], help="only ladders of these kinds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    expert = load_expert("technical")
    rows, group, what = [], [], []
    drawn = samples(
        options.shared,
        options.photos,
        options.seed,
        tuple(options.part),
        tuple(options.numbers),
        options.ladders,
    )
    for sample in drawn:
        rows.append(expert.encode(expert.prepare(sample.pixels)[None])[0])
        group.append(sample.group)
        what.append(sample.what)
        if len(rows) % 200 == 0:
            print(len(rows), flush=True)
    np.savez(options.out, rows=np.stack(rows), group=group, what=what)


if __name__ == "__main__":
    main()
