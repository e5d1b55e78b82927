"""Faults burnt into real files, found through decoder, sampler and watcher."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from framesift import open_media
from framesift.frames import AdaptiveSampler, Watcher

FPS = 25


def pan(count: int) -> list[np.ndarray]:
    """Let a camera with some noise glide over soft shapes, uint8 (144, 256, 3)."""
    rng = np.random.default_rng(0)
    down, right = np.fft.fftfreq(200)[:, None], np.fft.rfftfreq(600)[None, :]
    falling = 1 / np.maximum(np.hypot(down, right), 0.01) ** 1.2
    waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(200, 600))) * falling, s=(200, 600))
    whole = np.clip(120 + 40 * waves / waves.std(), 30, 225)
    frames = []
    for number in range(count):
        view = whole[20:164, number : number + 256, None] + rng.normal(0, 2, (144, 256, 1))
        frames.append(np.clip(view, 0, 255).astype(np.uint8).repeat(3, axis=2))
    return frames


def coded(frames: list[np.ndarray]) -> bytes:
    """Code them as H.264 with a key frame every two seconds."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 256, 144, "yuv420p"
        stream.options = {"g": "50", "preset": "veryfast", "crf": "23"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())

    return file.getvalue()


@pytest.mark.parametrize(
    ("label", "fill"), [("black", 0), ("blank", 200), ("freeze", None), ("flicker", "flash")]
)
def test_fault_is_found_where_it_was_put(label: str, fill: int | str | None) -> None:
    frames = pan(200)
    for place in range(75, 125):
        if fill is None:
            frames[place] = frames[74]
        elif fill != "flash":
            frames[place] = np.full_like(frames[0], fill)
        elif (place - 75) // 3 % 2:
            frames[place] = np.full_like(frames[0], 250)
    with open_media(coded(frames)) as media:
        watcher = Watcher(media)
        for _ in AdaptiveSampler().frames(media, watcher):
            pass
        watcher.done()
        survey = watcher.survey()
    (fault,) = survey.faults
    assert fault.label == label
    assert float(fault.start) == pytest.approx(3, abs=0.2)
    assert float(fault.end) == pytest.approx(5, abs=0.2)
    assert min(score for _, score in survey.measures) < 8.5


def test_clean_file_has_no_fault() -> None:
    with open_media(coded(pan(200))) as media:
        watcher = Watcher(media)
        for _ in AdaptiveSampler().frames(media, watcher):
            pass
        survey = watcher.survey()
    assert survey.faults == ()
    assert {name for name, _ in survey.measures} >= {"signal", "flow", "light", "steadiness"}
