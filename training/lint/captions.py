"""Count what the guard refuses of a thousand captions that people wrote for photographs.

Usage: python training/lint/captions.py SHARED

Writes captions.json beside this file; docs/guard.md quotes it. The captions are those of Flickr8k
(Hodosh et al. 2013) in SHARED/golden/clip_vit_b32_flickr8k: they describe what is to be seen, so
that nearly all of them should pass.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path

from framesift.heads.guard import asks_of

TARGET = Path(__file__).with_name("captions.json")


def main() -> None:
    table = Path(sys.argv[1]) / "golden" / "clip_vit_b32_flickr8k" / "golden.csv"
    with table.open(encoding="utf-8", newline="") as file:
        captions = [row["caption"].strip(" .") for row in csv.DictReader(file)]
    refused = [asks for asks in (asks_of([caption]) for caption in captions) if asks]
    about = Counter(ask.about for asks in refused for ask in asks)
    figures = {
        "captions": len(captions),
        "refused": len(refused),
        "about": dict(sorted(about.items())),
    }
    TARGET.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(figures)


if __name__ == "__main__":
    main()
