"""Captions per second through the text heads, and whether the time is linear in the length.

Rates depend on the machine; the ratios, taken in the same run, hardly do: the time of all heads
against normalisation alone, and of a million characters against a thousand times a thousand.

    python -m benchmarks.texts [--captions N]
"""

from __future__ import annotations

import argparse
from itertools import cycle, islice

from benchmarks import common
from framesift.heads.text import load_text_heads, normalize, screen_text
from framesift.heads.text.head import pieces

LINES = (
    "sunset over the harbour, see you all tomorrow",
    "fr33 pr1ze, cl1ck n0w http://bit.ly/abc",
    "my grandmother's apple cake, recipe below",
    "does anyone have a ladder I can borrow on Saturday? thanks @friend",
    "ten kilometres in under an hour and I am so tired today",
)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=int, default=5000)
    count = parser.parse_args().captions
    started = common.machine()
    heads = load_text_heads()
    texts = [f"{line} {number}" for number, line in enumerate(islice(cycle(LINES), count))]
    screen_text(texts[0], heads)
    plain, _ = common.clocks(lambda: [normalize(text) for text in texts])

    def batch() -> None:
        prepared = [pieces(text) for text in texts]
        for head in heads:
            head.score_pieces(prepared)

    together, _ = common.clocks(batch)
    single, _ = common.clocks(lambda: [screen_text(text, heads) for text in texts[:1000]])
    sentence = "We went to the lake and had soup with friends from work. "
    short = (sentence * 20)[:1000]
    many, _ = common.clocks(lambda: [screen_text(short, heads) for _ in range(1000)])
    long, _ = common.clocks(lambda: screen_text((sentence * 20_000)[:1_000_000], heads))
    figures: dict[str, object] = {
        "captions_per_second_in_batches": round(count / together),
        "captions_per_second_one_by_one_with_evidence": round(1000 / single),
        "heads_over_normalisation_alone": round(together / plain, 2),
        "seconds_for_a_million_characters": round(long, 2),
        "million_over_thousand_times_thousand": round(long / many, 2),
    }
    print(figures)
    print(common.write("texts", figures, started=started))


if __name__ == "__main__":
    main()
