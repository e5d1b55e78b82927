"""Words in frames: which are read, what is remembered, and what happens when reading fails."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from tests.unit.pipeline.test_analyzer import FakeEmbedder

from framesift.embeddings.cache import Cache
from framesift.errors import ModelError
from framesift.media import Source
from framesift.pipeline import Gatherer
from framesift.pipeline.items import Item
from framesift.pipeline.words import read_words
from framesift.types import Frame, WordBox

BOX = WordBox("FREE PRIZE", 0.9, (0.1, 0.1, 0.9, 0.2))


class Reader:
    name = "fake-reader"
    fingerprint = "reader-1"

    def __init__(self, *, broken=False):
        self.broken, self.read_frames = broken, 0

    def read(self, pixels):
        self.read_frames += 1
        if self.broken:
            raise ModelError("the reader lost its glasses")
        return (BOX,)


class FullDecode(FakeEmbedder):
    min_side_px = 100_000


def item():
    return Item(Source.from_bytes(b"x"), "0" * 64)


def frame(time, shade=0):
    return Frame(np.full((8, 8, 3), shade, dtype=np.uint8), time=Fraction(time))


def png():
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(stream, "PNG")
    return stream.getvalue()


def test_a_frame_that_shows_what_the_last_one_showed_is_not_read_again():
    reader, watched = Reader(), item()
    for second, shade in enumerate([0, 5, 12, 30, 30, 0]):
        read_words(reader, watched, frame(second, shade))
    assert [time for time, _ in watched.words] == [0, 3, 5]


def test_words_late_in_a_long_video_and_in_a_short_animation_are_read():
    reader, watched = Reader(), item()
    for number in range(100):
        read_words(reader, watched, frame(Fraction(number, 10), 20 * (number % 2)))
    assert reader.read_frames == 100


def test_words_in_a_corner_make_another_frame():
    reader, watched = Reader(), item()
    plain = np.zeros((1080, 1920, 3), dtype=np.uint8)
    read_words(reader, watched, Frame(plain))
    written = plain.copy()
    written[1000:1030, 40:100] = 255
    read_words(reader, watched, Frame(written, time=Fraction(1)))
    assert reader.read_frames == 2


def test_what_could_not_be_read_is_not_a_frame_without_words():
    watched = item()
    read_words(Reader(broken=True), watched, frame(0))
    assert watched.words == []
    assert watched.words_problem.type == "ModelError"


def test_words_are_remembered_and_rows_made_without_them_still_serve(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        Gatherer(FullDecode(), cache=cache).gather(png())
        reader, embedder = Reader(), FullDecode()
        run = Gatherer(embedder, cache=cache, reader=reader)
        run.gather(png())
        assert embedder.encoded == 0
        again = run.start(Source.from_bytes(png()))
        assert again.complete
        assert again.words == [(Fraction(0), (BOX,))]
        assert reader.read_frames == 1


def test_a_failed_reading_is_not_remembered_as_no_words(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        run = Gatherer(FakeEmbedder(), cache=cache, reader=Reader(broken=True))
        run.gather(png())
        assert not run.start(Source.from_bytes(png())).complete


@pytest.mark.parametrize("text", ["", "שלום\u202e", "a\ud800b"])
def test_any_words_survive_the_cache(tmp_path, text):
    class Odd(Reader):
        def read(self, pixels):
            return (WordBox(text, 0.5, (0.0, 0.0, 1.0, 1.0)),)

    with Cache(tmp_path / "cache.sqlite") as cache:
        run = Gatherer(FakeEmbedder(), cache=cache, reader=Odd())
        run.gather(png())
        cache.flush()
        assert run.start(Source.from_bytes(png())).words[0][1][0].text == text
