"""Shots on pictures made of numbers: what is a cut, where it is, and what is none."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.frames.looks import Look
from framesift.frames.shots import ShotDetector

if TYPE_CHECKING:
    from framesift.types import Shot

RATE = 30


def shots_of(pictures: list[np.ndarray], *, joined: bool = True) -> tuple[Shot, ...]:
    detector = ShotDetector()
    for place, picture in enumerate(pictures):
        small = np.clip(picture, 0, 255).astype(np.uint8)
        detector.see(Fraction(place, RATE), Look(small), joined and place > 0)
    return detector.shots(Fraction(0), Fraction(len(pictures), RATE))


def cuts_of(pictures: list[np.ndarray]) -> list[int]:
    return [int(shot.start * RATE) for shot in shots_of(pictures)[1:]]


def test_a_hard_cut_is_found_at_its_very_frame(make_scene) -> None:
    assert cuts_of([make_scene(1)] * 30 + [make_scene(2)] * 30 + [make_scene(3)] * 5) == [30, 60]


def test_a_cut_just_before_the_end_is_found(make_scene) -> None:
    assert cuts_of([make_scene(1)] * 30 + [make_scene(2)]) == [30]


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("other", ["white", "black", "foreign"])
def test_a_flash_is_no_cut(make_scene, length: int, other: str) -> None:
    flash = {
        "white": np.full((72, 128, 3), 255.0),
        "black": np.zeros((72, 128, 3)),
        "foreign": make_scene(7),
    }[other]
    assert cuts_of([make_scene(1)] * 30 + [flash] * length + [make_scene(1)] * 30) == []


def test_flickering_light_is_no_cut(make_scene) -> None:
    dim = [make_scene(1) * (0.4 if place % 2 else 1.0) for place in range(60)]
    assert cuts_of(dim) == []


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("still", [1, 10, 60])
def test_a_fade_through_black_or_white_is_one_cut(make_scene, colour: int, still: int) -> None:
    away = np.linspace(0, 1, 15)
    out = [make_scene(1) * (1 - share) + colour * share for share in away]
    back = [make_scene(2) * (1 - share) + colour * share for share in away[::-1]]
    middle = [np.full((72, 128, 3), float(colour))] * still
    found = cuts_of([make_scene(1)] * 30 + out + middle + back + [make_scene(2)] * 30)
    assert len(found) == 1
    assert 30 <= found[0] <= 30 + 15 + still + 15


def test_light_that_goes_out_and_comes_back_is_no_cut(make_scene) -> None:
    away = np.linspace(0, 1, 15)
    dark = [make_scene(1) * (1 - share) for share in (*away, *([1.0] * 20), *away[::-1])]
    assert cuts_of([make_scene(1)] * 30 + dark + [make_scene(1)] * 30) == []


@pytest.mark.parametrize("length", [15, 30, 60])
def test_a_dissolve_is_one_cut_within_its_length(make_scene, length: int) -> None:
    shares = np.linspace(0, 1, length)
    mixed = [make_scene(1) * (1 - share) + make_scene(2) * share for share in shares]
    found = cuts_of([make_scene(1)] * 80 + mixed + [make_scene(2)] * 80)
    assert len(found) == 1
    assert 80 <= found[0] <= 80 + length


def test_a_pan_is_no_cut(make_scene) -> None:
    wide = np.concatenate([make_scene(1), make_scene(2), make_scene(3)], axis=1)
    assert cuts_of([wide[:, left : left + 128] for left in range(0, 256, 3)]) == []


def test_key_frames_alone_say_where_a_scene_was_first_seen(make_scene) -> None:
    pictures = [make_scene(1)] * 3 + [make_scene(2)] * 3
    assert [shot.start * RATE for shot in shots_of(pictures, joined=False)] == [0, 3]


def test_nothing_seen_is_no_shot() -> None:
    assert ShotDetector().shots(Fraction(1), Fraction(1)) == ()


@settings(max_examples=30, deadline=None)
@given(
    scenes=st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 40), st.booleans()), min_size=1, max_size=8
    ),
    gain=st.floats(0.1, 1.0),
)
def test_shots_are_disjoint_and_fill_the_time(make_scene, scenes, gain: float) -> None:
    detector = ShotDetector()
    place = 0
    for number, count, joined in scenes:
        for left in range(count):
            light = gain if left % 3 else 1.0
            small = (make_scene(number) * light).astype(np.uint8)
            detector.see(Fraction(place, RATE), Look(small), joined and place > 0)
            place += 1
    end = Fraction(place, RATE)
    shots = detector.shots(Fraction(0), end)
    assert shots[0].start == 0
    assert shots[-1].end == end
    assert all(one.end == other.start for one, other in pairwise(shots))
    assert all(shot.start < shot.end for shot in shots)


@settings(max_examples=30, deadline=None)
@given(gains=st.lists(st.floats(0.25, 1.0), min_size=10, max_size=80), number=st.integers(0, 50))
def test_brightness_alone_never_cuts(make_scene, gains: list[float], number: int) -> None:
    assert cuts_of([make_scene(number) * gain for gain in gains]) == []
