from __future__ import annotations

from fractions import Fraction

from framesift.pipeline.subtitles import passages
from framesift.types import Cue


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(Fraction(start), Fraction(end), text)


def test_a_sentence_over_several_lines_is_read_whole() -> None:
    lines = [cue(1, 2, "I will"), cue(2, 3, "find\nyou."), cue(3, 4, "Good morning!")]
    assert passages(lines) == [(1, "I will find you."), (3, "Good morning!")]


def test_a_pause_ends_a_passage_and_blank_lines_are_none() -> None:
    lines = [cue(1, 2, "one"), cue(2, 3, "  "), cue(9, 10, "two"), cue(10, 11, "three")]
    assert passages(lines) == [(1, "one"), (9, "two three")]


def test_a_text_without_stops_is_cut_and_nothing_is_lost() -> None:
    lines = [cue(n, n + 1, f"word{n} and more of it") for n in range(100)]
    found = passages(lines)
    assert len(found) > 5
    assert max(len(text) for _, text in found) <= 240
    assert " ".join(text for _, text in found) == " ".join(line.text for line in lines)


def test_no_subtitles_give_no_passages() -> None:
    assert passages(()) == []
