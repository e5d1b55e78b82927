"""Faults burnt into a made-up scene at known times."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.frames.faults import FaultMeter
from framesift.media.index import FrameIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from framesift.types import Segment, UInt8Array

FPS = 25
Measured = tuple[tuple["Segment", ...], dict[str, float]]


def scene(seed: int = 0) -> UInt8Array:
    """Make a picture with the spectrum of natural ones, larger than what a camera sees of it."""
    rng = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(144)[:, None], np.fft.rfftfreq(512)[None, :]
    falling = 1 / np.maximum(np.hypot(down, right), 0.004) ** 1.2
    waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(144, 512))) * falling, s=(144, 512))
    luma = np.clip(120 + 35 * (waves - waves.mean()) / waves.std(), 30, 225)
    return np.repeat(luma[..., None], 3, axis=2).astype(np.uint8)


def view(picture: UInt8Array, right: float, down: float = 0.0) -> UInt8Array:
    """Show 72 x 128 pixels of a scene from a place between its pixels."""
    x, y = 20 + right, 30 + down
    left, top = int(x), int(y)
    a, b = x - left, y - top
    cut = picture[top : top + 73, left : left + 129].astype(np.float32)
    cut = (1 - a) * cut[:, :-1] + a * cut[:, 1:]
    cut = (1 - b) * cut[:-1] + b * cut[1:]
    return np.round(cut).astype(np.uint8)


def pan(seconds: float, seed: int = 0) -> list[UInt8Array]:
    """Move the camera evenly to the right."""
    whole = scene(seed)
    return [view(whole, 0.4 * number) for number in range(round(seconds * FPS))]


def measured(
    smalls: Iterable[UInt8Array],
    *,
    joined: Callable[[int], bool] = lambda number: number > 0,
    index: FrameIndex | None = None,
    start: Fraction = Fraction(0),
) -> Measured:
    """Show pictures to a meter at 25 a second."""
    meter, number = FaultMeter(), -1
    step = Fraction(1, FPS)
    for number, small in enumerate(smalls):
        meter.see(start + number * step, step, small, joined=joined(number))
    faults, measures = meter.finish(start + (number + 1) * step, index)
    return faults, dict(measures)


def spans(faults: Iterable[Segment]) -> list[tuple[str, float, float]]:
    return [(each.label, float(each.start), float(each.end)) for each in faults]


def index_of(sizes: list[int]) -> FrameIndex:
    count = len(sizes)
    return FrameIndex(
        Fraction(1, 90_000),
        np.arange(count, dtype=np.int64) * 3600,
        np.arange(count) % 50 == 0,
        np.array(sizes, np.uint32),
        Fraction(count, FPS),
    )


def test_pan_has_no_fault() -> None:
    faults, measures = measured(pan(8))
    assert faults == ()
    assert set(measures) == {"signal", "flow", "light", "steadiness"}
    assert min(measures.values()) > 9.5


def test_black_and_blank_stretches_are_found_to_the_frame() -> None:
    frames = pan(8)
    frames[50:75] = [np.full((72, 128, 3), 3, np.uint8)] * 25
    frames[120:150] = [np.full((72, 128, 3), (20, 40, 200), np.uint8)] * 30
    faults, measures = measured(frames)
    assert spans(faults) == [("black", 2.0, 3.0), ("blank", 4.8, 6.0)]
    assert measures["signal"] < 8
    assert measures["flow"] > 9.5


def test_stretches_begin_on_the_clock_of_the_stream() -> None:
    frames = pan(4)
    frames[25:50] = [np.zeros((72, 128, 3), np.uint8)] * 25
    faults, _ = measured(frames, start=Fraction(100, 3))
    (black,) = faults
    assert (black.start, black.end) == (Fraction(100, 3) + 1, Fraction(100, 3) + 2)
    assert black.kind == "fault"
    assert black.action == "allow"


def test_dark_scene_with_something_in_it_is_not_black() -> None:
    dark = [(frame // 8).astype(np.uint8) for frame in pan(3)]
    assert not measured(dark)[0]


def test_freeze_within_motion() -> None:
    frames = pan(8)
    frames[100:150] = [frames[99]] * 50
    faults, measures = measured(frames)
    assert spans(faults) == [("freeze", pytest.approx(3.96), 6.0)]
    assert measures["flow"] < 8


def test_freeze_behind_camera_noise() -> None:
    rng = np.random.default_rng(0)
    base = view(scene(), 0).astype(np.int16)
    noisy = [
        np.clip(base + rng.normal(0, 3, base.shape), 0, 255).astype(np.uint8) for _ in range(200)
    ]
    assert measured(noisy)[0] == ()
    noisy[100:130] = [noisy[99]] * 30
    assert [each.label for each in measured(noisy)[0]] == ["freeze"]


def test_freeze_with_a_key_frame_that_codes_it_afresh() -> None:
    frames = pan(8)
    again = np.clip(frames[99].astype(np.int16) + 2, 0, 255).astype(np.uint8)
    frames[100:150] = [frames[99]] * 25 + [again] * 25
    assert spans(measured(frames)[0]) == [("freeze", pytest.approx(3.96), 6.0)]


def test_one_frame_shown_for_long_is_a_freeze() -> None:
    meter, frames, time = FaultMeter(), pan(8), Fraction(0)
    for number, small in enumerate(frames):
        meter.see(time, None, small, joined=number > 0)
        time += Fraction(2) if number == 99 else Fraction(1, FPS)
    faults, measures = meter.finish(time, None)
    assert spans(faults) == [("freeze", pytest.approx(3.96), pytest.approx(5.96))]
    assert dict(measures)["flow"] < 8


PAN = pan(8)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([view(scene(), 0)] * 200, id="still picture"),
        pytest.param([view(scene(k // 50), 0) for k in range(200)], id="slides"),
        pytest.param(pan(4) + [view(scene(1), 0)] * 100, id="slide after a cut"),
        pytest.param([PAN[k // 2 * 2] for k in range(200)], id="animated on twos"),
    ],
)
def test_scenes_at_rest_are_not_frozen(frames: list[UInt8Array]) -> None:
    assert not measured(frames)[0]


def test_motion_that_comes_to_rest_is_not_frozen() -> None:
    whole = scene()
    speeds = [0.5] * 75 + [0.5 * 0.7**k for k in range(25)] + [0.0] * 75 + [0.5] * 50
    places = np.cumsum(speeds)
    assert not measured([view(whole, place) for place in places])[0]


def test_dissolving_slides_are_not_frozen() -> None:
    first, second = view(scene(0), 0).astype(np.float32), view(scene(1), 0).astype(np.float32)
    fade = [(first + (second - first) * k / 25).astype(np.uint8) for k in range(26)]
    faults, _ = measured([fade[0]] * 75 + fade + [fade[-1]] * 75)
    assert not faults


def test_freeze_in_a_video_of_few_pictures_a_second() -> None:
    frames = [PAN[k // 3 * 3] for k in range(200)]
    frames[99:150] = [frames[98]] * 51
    assert spans(measured(frames)[0]) == [("freeze", pytest.approx(3.84, abs=0.01), 6.0)]


def passing(places: list[float]) -> list[UInt8Array]:
    """Let something pass before a camera that stands still and has no noise."""
    behind, before = view(scene(), 0), view(scene(1), 0)[20:52, :24]
    frames = []
    for place in places:
        left, part = int(place % 90), place % 1
        both = np.stack([behind, behind]).astype(np.float32)
        both[0, 20:52, left : left + 24] = both[1, 20:52, left + 1 : left + 25] = before
        frames.append(np.round((1 - part) * both[0] + part * both[1]).astype(np.uint8))
    return frames


def test_freeze_of_a_part_that_goes_on_at_once() -> None:
    places = [1.5 * k for k in range(100)]
    frames = passing([*places[:60], *[places[59]] * 30, *places[60:]])
    assert [each.label for each in measured(frames)[0]] == ["freeze"]


def test_part_that_slows_down_and_waits_is_not_frozen() -> None:
    steps = [1.5] * 60 + [1.5 * 0.7**k for k in range(15)] + [0.0] * 25 + [1.5] * 60
    assert not measured(passing(np.cumsum(steps).tolist()))[0]


def test_bumped_camera_is_not_frozen_before_and_after() -> None:
    whole = scene()
    bump = [view(whole, 4 * np.sin(k), 2 * np.cos(k)) for k in range(25)]
    frames = [view(whole, 0)] * 75 + bump + [view(whole, 0)] * 75
    assert "freeze" not in [each.label for each in measured(frames)[0]]


def boxed(frames: list[UInt8Array]) -> list[UInt8Array]:
    """Put black bars beside the picture, as upright videos have them."""
    found = []
    for frame in frames:
        wide = np.full_like(frame, 2)
        wide[:, 40:88] = frame[:, 40:88]
        found.append(wide)
    return found


def test_faults_between_bars() -> None:
    frames = boxed(shaken(3, 3.0))
    frames[25:50] = [frames[24]] * 25
    labels = [each.label for each in measured(frames)[0]]
    assert labels == ["freeze", "shake"]


def test_still_clip_has_no_flow() -> None:
    _, measures = measured([view(scene(), 0)] * 100)
    assert "flow" not in measures


def test_dropped_frames_cost_flow() -> None:
    frames = pan(8)
    rng = np.random.default_rng(1)
    for number in range(1, len(frames)):
        if rng.random() < 0.4:
            frames[number] = frames[number - 1]
    faults, measures = measured(frames)
    assert not faults
    assert measures["flow"] < 8.5


def brighter(frame: UInt8Array, by: float) -> UInt8Array:
    return np.clip(frame.astype(np.float32) * by, 0, 255).astype(np.uint8)


def test_flicker_is_found_and_is_no_flash() -> None:
    frames = pan(8)
    for number in range(75, 150):
        frames[number] = brighter(frames[number], 1 + 0.06 * (-1) ** (number // 2))
    faults, measures = measured(frames)
    (flicker,) = faults
    assert flicker.label == "flicker"
    assert flicker.source == ""
    assert flicker.start == pytest.approx(3, abs=0.25)
    assert flicker.end == pytest.approx(6, abs=0.25)
    assert flicker.peak < 0.75
    assert measures["light"] < 9


@pytest.mark.parametrize(("hertz", "found"), [(2, False), (3, False), (5, True), (8, True)])
def test_flashes_above_three_a_second_are_a_risk(hertz: int, *, found: bool) -> None:
    frames = [frame // 3 for frame in pan(6)]
    for number in range(50, 125):
        if (number - 50) * 2 * hertz // FPS % 2:
            frames[number] = np.full((72, 128, 3), 230, np.uint8)
    faults, _ = measured(frames)
    flashes = [each for each in faults if each.source == "flashes"]
    assert bool(flashes) is found
    assert all(each.peak >= 0.75 for each in flashes)


def test_cuts_are_neither_flicker_nor_shake() -> None:
    shots = [frame for seed in range(12) for frame in pan(0.8, seed)]
    faults, _ = measured(shots)
    assert faults == ()


def shaken(hertz: float, percent: float) -> list[UInt8Array]:
    """Pan for 8 s and shake from 3 s to 6 s."""
    whole, frames = scene(), []
    for number in range(8 * FPS):
        at = number / FPS
        sway = 1.28 * percent * np.sin(2 * np.pi * hertz * at) if 3 <= at < 6 else 0.0
        frames.append(view(whole, 0.4 * number + sway, sway / 2))
    return frames


@pytest.mark.parametrize("hertz", [2.0, 4.0, 7.0])
def test_shake_is_found(hertz: float) -> None:
    faults, measures = measured(shaken(hertz, 2.0))
    (shake,) = faults
    assert shake.label == "shake"
    assert shake.start == pytest.approx(3, abs=0.8)
    assert shake.end == pytest.approx(6, abs=0.8)
    assert measures["steadiness"] < 8


def test_stronger_shake_is_worse() -> None:
    scores = [measured(shaken(3, percent))[1]["steadiness"] for percent in (0.0, 0.5, 1.5, 3.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] + 2


def test_pictures_that_do_not_follow_each_other_say_nothing_of_motion() -> None:
    faults, measures = measured(pan(8)[::10], joined=lambda _: False)
    assert faults == ()
    assert set(measures) == {"signal"}


@pytest.mark.parametrize(("between", "found"), [(60, [("black", 8.0, 16.04)]), (4000, [])])
def test_black_between_key_frames(between: int, found: list[tuple[str, float, float]]) -> None:
    meter = FaultMeter()
    dark, bright = np.zeros((72, 128, 3), np.uint8), view(scene(), 0)
    for number, small in enumerate((bright, bright, dark, dark, dark, bright)):
        meter.see(Fraction(4 * number), Fraction(1, FPS), small, joined=False)
    sizes = [between] * 600
    for number in range(0, 600, 100):
        sizes[number] = 500 if 200 <= number <= 400 else 9000
    faults, _ = meter.finish(Fraction(24), index_of(sizes))
    assert spans(faults) == found


def test_nothing_is_made_up_between_key_frames_of_unknown_size() -> None:
    meter = FaultMeter()
    for number in range(3):
        meter.see(
            Fraction(4 * number), Fraction(1, FPS), np.zeros((72, 128, 3), np.uint8), joined=False
        )
    assert meter.finish(Fraction(12), None)[0] == ()


def test_summing_up_half_way_changes_nothing() -> None:
    frames = pan(8)
    frames[60:90] = [frames[59]] * 30
    meters = FaultMeter(), FaultMeter()
    step = Fraction(1, FPS)
    for number, small in enumerate(frames):
        for meter in meters:
            meter.see(number * step, step, small, joined=number > 0)
        if number == 75:
            assert spans(meters[0].finish(76 * step, None)[0]) == [("freeze", 2.36, 3.04)]
    assert meters[0].finish(200 * step, None) == meters[1].finish(200 * step, None)


def test_nothing_seen() -> None:
    assert FaultMeter().finish(Fraction(0), None) == ((), ())


def test_starved_stretch() -> None:
    sizes = [20_000 if k % 50 == 0 else 300 if 100 <= k < 150 else 3000 for k in range(300)]
    frames = pan(6) + pan(6)[::-1]
    faults, measures = measured(frames, index=index_of(sizes))
    assert spans(faults) == [("bitrate_drop", 4.0, 6.0)]
    assert measures["bitrate"] < 8


def test_fewer_bytes_where_nothing_moves_are_no_fault() -> None:
    frames = pan(4) + [view(scene(1), 0)] * 50 + pan(6)
    sizes = [20_000 if k % 50 == 0 else 300 if 100 <= k < 150 else 3000 for k in range(300)]
    faults, measures = measured(frames, index=index_of(sizes))
    assert faults == ()
    assert measures["bitrate"] == 10


def test_memory_does_not_grow_with_the_length() -> None:
    import tracemalloc

    meter, frames = FaultMeter(), pan(4)
    step, peaks, number = Fraction(1, FPS), [], 0
    tracemalloc.start()
    for _ in range(3):
        for small in [*frames, *frames[::-1]]:
            meter.see(number * step, step, small, joined=number > 0)
            number += 1
        peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert peaks[2] - peaks[1] < 20_000
