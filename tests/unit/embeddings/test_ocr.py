from __future__ import annotations

import concurrent.futures
import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from framesift.embeddings import ocr
from framesift.embeddings.ocr import WordReader, join_words, load_word_reader
from framesift.errors import MissingExtraError, ModelError, WeightsUnavailableError
from framesift.types import WordBox

needs_ocr = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr") is None,
    reason="the extra is not installed: pip install 'framesift[ocr]'",
)
# Pillow's own typeface, so that every machine draws the same.
WORDS = "WIN A FREE PRIZE"


@pytest.fixture(scope="module")
def reader() -> WordReader:
    return load_word_reader()


def page(width: int, height: int, shade: int = 255) -> Image.Image:
    return Image.new("RGB", (width, height), (shade,) * 3)


def write(image: Image.Image, text: str, place: tuple[int, int], size: int = 32) -> Image.Image:
    # An even picture has no text to be drawn over: dark on light, light on dark.
    fill = (10, 10, 10) if image.getpixel((0, 0))[0] > 127 else (245, 245, 245)
    ImageDraw.Draw(image).text(place, text, fill=fill, font=ImageFont.load_default(size))
    return image


def read(reader: WordReader, image: Image.Image) -> str:
    return join_words(reader.read(np.asarray(image)))


@needs_ocr
@pytest.mark.parametrize("shade", [255, 0])
@pytest.mark.parametrize("size", [14, 24, 48, 120])
def test_words_of_every_size_are_read(reader: WordReader, size: int, shade: int) -> None:
    image = write(page(1200, 500, shade), WORDS, (40, 150), size)
    assert read(reader, image).upper().replace(" ", "") == WORDS.replace(" ", "")


@needs_ocr
@pytest.mark.parametrize("angle", [15, 45, 90, 180, 270])
def test_turned_words_are_read(reader: WordReader, angle: int) -> None:
    image = write(page(700, 700), WORDS, (150, 300), 48).rotate(angle, fillcolor=(255,) * 3)
    assert read(reader, image).upper().replace(" ", "") == WORDS.replace(" ", "")


@needs_ocr
def test_boxes_lie_where_the_words_are(reader: WordReader) -> None:
    image = write(write(page(800, 600), "upper left", (40, 30)), "lower right", (560, 540))
    first, second = reader.read(np.asarray(image))
    assert (first.text, second.text) == ("upper left", "lower right")
    assert first.box[0] < 0.06
    assert first.box[2] < 0.35
    assert first.box[3] < 0.15
    assert second.box[0] > 0.65
    assert second.box[1] > 0.85
    assert all(0 <= edge <= 1 for box in (first, second) for edge in box.box)
    assert min(first.confidence, second.confidence) > 0.8


@needs_ocr
def test_a_picture_without_words_has_none(reader: WordReader, make_image) -> None:
    assert reader.read(make_image(500, 400)) == ()
    assert reader.read(np.zeros((300, 400, 3), np.uint8)) == ()


@needs_ocr
@pytest.mark.parametrize("size", [(1, 1), (7, 900), (900, 7), (8, 8), (9, 1500), (1500, 9)])
def test_tiny_pictures_and_slivers_are_read(reader: WordReader, size: tuple[int, int]) -> None:
    assert reader.read(np.full((*size, 3), 200, np.uint8)) == ()


@needs_ocr
@pytest.mark.parametrize("tall", [True, False])
def test_long_pictures_are_read_in_pieces_without_doubles(reader: WordReader, tall: bool) -> None:  # noqa: FBT001
    size = (400, 4000) if tall else (4000, 400)
    image = page(*size)
    numbers = range(100, 100 + 20)
    for count, number in enumerate(numbers):
        along = 20 + 200 * count
        write(image, str(number), (100, along) if tall else (along, 100), 40)
    words = join_words(reader.read(np.asarray(image))).split()
    assert words == [str(number) for number in numbers]


@needs_ocr
def test_words_in_a_huge_picture_are_read(reader: WordReader) -> None:
    image = write(page(6000, 4000), WORDS, (3000, 2500), 160)
    (box,) = reader.read(np.asarray(image))
    assert box.text.upper().replace(" ", "") == WORDS.replace(" ", "")
    assert box.box[0] == pytest.approx(0.5, abs=0.02)


@needs_ocr
def test_a_strip_longer_than_all_pieces_is_scaled(reader: WordReader) -> None:
    strip = np.full((40, 100_000, 3), 255, np.uint8)
    assert reader.read(strip) == ()


@needs_ocr
def test_a_long_line_is_not_lost(reader: WordReader) -> None:
    text = " ".join(["every word of a long line of small print counts"] * 4)
    found = read(reader, write(page(1200, 300), text, (10, 100), 13))
    assert found.count("every") == found.count("counts") == 4


@needs_ocr
def test_reading_gives_the_same_each_time_and_in_threads(reader: WordReader) -> None:
    pictures = [np.asarray(write(page(400, 200), f"number {n}", (30, 80))) for n in range(6)]
    alone = [reader.read(picture) for picture in pictures]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(reader.read, pictures)) == alone
    assert [join_words(boxes) for boxes in alone] == [f"number {n}" for n in range(6)]
    assert load_word_reader().fingerprint == reader.fingerprint


@needs_ocr
def test_it_satisfies_the_protocol(reader: WordReader) -> None:
    assert isinstance(reader, WordReader)
    assert reader.name == "rapidocr"
    assert len(reader.fingerprint) == 16


@needs_ocr
def test_the_gate_spares_pictures_without_words(reader, make_image, monkeypatch) -> None:
    searched = []
    lines = type(reader)._lines
    monkeypatch.setattr(
        type(reader), "_lines", lambda self, pixels: searched.append(1) or lines(self, pixels)
    )
    reader.read(make_image(1200, 900))
    assert not searched
    assert not reader.has_words(make_image(1200, 900))
    written = np.asarray(write(page(900, 600), WORDS, (40, 150)))
    assert reader.has_words(written)
    assert reader.read(written)
    assert searched == [1]


@needs_ocr
def test_words_that_only_the_small_version_shows_are_kept(reader, monkeypatch) -> None:
    written = np.asarray(write(page(900, 600), WORDS, (40, 150)))
    whole = reader.read(written)
    monkeypatch.setattr(type(reader), "_lines", lambda *_: [])
    assert join_words(reader.read(written)).upper().replace(" ", "") == WORDS.replace(" ", "")
    assert len(whole) == 1


@needs_ocr
def test_a_failed_reading_is_an_error_and_not_no_words(reader, monkeypatch) -> None:
    written = np.asarray(write(page(900, 600), WORDS, (40, 150)))
    monkeypatch.setattr(ocr, "MAX_LINES", 0)
    with pytest.raises(ModelError, match="more than 0 lines"):
        reader.read(written)

    def broken(*_):
        raise FloatingPointError("first\nthe reason")

    monkeypatch.setattr(ocr, "cut_line", broken)
    with pytest.raises(ModelError, match=r"could not be read \(FloatingPointError: the reason\)"):
        reader.read(written)


@needs_ocr
@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4)])
def test_other_arrays_are_refused(reader: WordReader, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        reader.read(np.zeros(shape, np.uint8))


@needs_ocr
def test_nothing_is_printed_and_the_network_is_not_asked() -> None:
    program = (
        "import socket, numpy as np\n"
        "def refuse(*_, **__): raise SystemExit('asked the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from PIL import Image, ImageDraw, ImageFont\n"
        "from framesift.embeddings.ocr import load_word_reader\n"
        "page = Image.new('RGB', (500, 200), 'white')\n"
        "ImageDraw.Draw(page).text((20, 60), 'some words', 'black', ImageFont.load_default(40))\n"
        "assert load_word_reader().read(np.asarray(page))[0].text == 'some words'\n"
        "assert not load_word_reader().read(np.asarray(page.resize((9, 9))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_the_extra_the_error_names_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'framesift\[ocr\]'"):
        load_word_reader()


@needs_ocr
def test_a_package_without_its_models_is_named(monkeypatch, tmp_path) -> None:
    import rapidocr

    monkeypatch.setattr(rapidocr, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(WeightsUnavailableError, match="install it again"):
        load_word_reader()


def box(text: str, left: float, top: float, height: float = 0.05) -> WordBox:
    return WordBox(text, 0.9, (left, top, left + 0.2, top + height))


def test_words_are_joined_in_reading_order() -> None:
    boxes = [
        box("below", 0.1, 0.3),
        box("right", 0.7, 0.11),
        box("left", 0.1, 0.1),
        box("middle", 0.4, 0.09, 0.07),
        box("last", 0.0, 0.36),
    ]
    assert join_words(boxes) == "left middle right\nbelow\nlast"
    assert join_words(boxes[::-1]) == join_words(boxes)
    assert join_words([]) == ""


def test_it_is_not_imported_with_the_package() -> None:
    program = "import sys, framesift, framesift.embeddings.ocr; assert 'cv2' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
