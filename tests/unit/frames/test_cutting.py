"""A real file cut into two at a key frame, and memory that does not grow with the length."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler, Watcher
from framesift.media import open_media

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.frames import Sampler

RATE, GOP, SECONDS = 25, 25, 12


@pytest.fixture(scope="module")
def files(tmp_path_factory, make_image) -> tuple[Path, Path, Path]:
    """One clip, and its packets before and after the key frame at 6 s in files of their own."""
    folder = tmp_path_factory.mktemp("cut")
    whole, first, second = (folder / f"{name}.mp4" for name in ("whole", "first", "second"))
    pictures = [make_image(320, 180, seed=seed) for seed in range(5)]
    with av.open(str(whole), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = 160, 90
        stream.pix_fmt = "yuv420p"
        stream.options = {"g": str(GOP), "keyint_min": str(GOP), "sc_threshold": "0"}
        for number in range(RATE * SECONDS):
            left = number % 60
            pixels = np.ascontiguousarray(pictures[number // 70][:90, left : left + 160])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    for path, after in ((first, False), (second, True)):
        copy(whole, path, after=after)
    return whole, first, second


def copy(source: Path, target: Path, *, after: bool) -> None:
    with av.open(str(source)) as read, av.open(str(target), "w") as out:
        stream = read.streams.video[0]
        written = out.add_stream_from_template(stream)
        middle = int(Fraction(SECONDS, 2) / stream.time_base)
        late = False
        for packet in read.demux(stream):
            if packet.dts is None:
                continue
            late = late or (packet.is_keyframe and packet.pts >= middle)
            if late == after:
                packet.pts -= middle if after else 0
                packet.dts -= middle if after else 0
                packet.stream = written
                out.mux(packet)


def sampled(path: Path, sampler: Sampler) -> dict[Fraction, np.ndarray]:
    with open_media(str(path)) as media:
        frames = sampler.frames(media, Watcher(media))
        return {frame.time - media.start: frame.pixels for frame in frames}


@pytest.mark.parametrize(
    "sampler", [AdaptiveSampler(2), KeyframeSampler(1), UniformSampler(2)], ids=lambda one: one.key
)
def test_frames_chosen_in_the_whole_and_in_a_part_are_the_same_pixels(files, sampler) -> None:
    """The same pixels give the same rows, and so the same scores."""
    whole, first, second = (sampled(path, sampler) for path in files)
    parts = {**first, **{time + SECONDS // 2: pixels for time, pixels in second.items()}}
    both = whole.keys() & parts.keys()
    assert len(both) >= len(whole) // 2
    for time in both:
        np.testing.assert_array_equal(whole[time], parts[time])


def test_key_frames_are_the_same_ones(files) -> None:
    whole, first, second = (sampled(path, KeyframeSampler(1)) for path in files)
    assert whole.keys() == first.keys() | {time + SECONDS // 2 for time in second}


@pytest.mark.parametrize("sampler", [AdaptiveSampler(1, 50), KeyframeSampler(1, 50)])
def test_memory_does_not_grow_with_the_length(fake_video, sampler) -> None:
    def peak(count: int) -> int:
        video = fake_video(count, rate=5, gop=10)
        tracemalloc.start()
        for _ in sampler.frames(video, Watcher(video)):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(300)  # whatever is loaded on first use
    # What is kept for a frame of the index and for a key frame is a few dozen bytes.
    assert peak(8000) < peak(2000) + 6000 * 60


@pytest.mark.parametrize(
    ("name", "cuts"),
    [
        ("opencv/Megamind_bugy.avi", [Fraction(154, 30), Fraction(200, 30)]),
        ("dover/17734.mp4", []),
        ("dover/1724.mp4", []),
        ("intel/bottle-detection.mp4", []),
    ],
)
def test_cuts_of_real_clips(shared: Path, name: str, cuts: list[Fraction]) -> None:
    """Cuts as people see them, frame by frame; fireworks and bottles on a belt have none."""
    with open_media(str(shared / "data" / "robust_videos" / name)) as media:
        watcher = Watcher(media)
        for _ in AdaptiveSampler().frames(media, watcher):
            pass
        found = [shot.start - media.start for shot in watcher.survey().shots[1:]]
    assert found == cuts
