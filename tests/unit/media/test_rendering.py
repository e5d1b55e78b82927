"""From decoded frames to pixels: colours, shape, fields, transparency, high dynamic range."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from framesift.media import open_media
from framesift.media.hdr import HLG, PQ, ToneMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from framesift.media import Media

WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
BT709, BT601, UNSPECIFIED = 1, 5, 2
LIMITED, FULL = 1, 2
INTERLACED = {"x264opts": "interlaced=1:crf=4", "g": "4"}


def clip(
    frames: Iterable[av.VideoFrame],
    *,
    form: str = "matroska",
    codec: str = "ffv1",
    prepare: Callable[[Any], None] | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Encode frames as they are."""
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no encoder {codec}")
    frames = list(frames)
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height = frames[0].width, frames[0].height
        stream.pix_fmt = frames[0].format.name
        context = stream.codec_context
        context.colorspace, context.color_range = frames[0].colorspace, frames[0].color_range
        context.color_trc = frames[0].color_trc
        context.color_primaries = frames[0].color_primaries
        if prepare is not None:
            prepare(stream)
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def flat(
    values: tuple[int, ...], size: tuple[int, int] = (64, 48), form: str = "yuv420p"
) -> av.VideoFrame:
    """Make a frame of one colour, given by its planes' values."""
    frame = av.VideoFrame(*size, form)
    deep = frame.format.components[0].bits > 8
    for plane, value in zip(frame.planes, values, strict=True):
        count = plane.buffer_size // (2 if deep else 1)
        plane.update(np.full(count, value, np.uint16 if deep else np.uint8).tobytes())
    return frame


def of(pixels: np.ndarray, form: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=form)


def first(data: bytes) -> tuple[Media, np.ndarray, np.ndarray]:
    """Return the medium, the pixels of its first frame and its small picture."""
    with open_media(data) as media:
        shown = next(media.pictures())
        return media, shown.frame().pixels, shown.small(32, 24)


def expected(values: tuple[int, int, int], matrix: int, levels: int) -> np.ndarray:
    """The definition (ITU-R BT.601, BT.709, BT.2020)."""
    red, blue = WEIGHTS[matrix]
    y, u, v = values
    if levels == LIMITED:
        luma, cb, cr = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    else:
        luma, cb, cr = y / 255, (u - 128) / 255, (v - 128) / 255
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    return 255 * np.array([r, (luma - red * r - blue * b) / (1 - red - blue), b])


@pytest.mark.parametrize("levels", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_matrix_and_range_are_those_stated(matrix: int, levels: int) -> None:
    frame = flat((120, 90, 170))
    frame.colorspace, frame.color_range = matrix, levels
    _, pixels, small = first(clip([frame]))
    wanted = expected((120, 90, 170), matrix, levels)
    assert np.abs(pixels.reshape(-1, 3) - wanted).max() < 2
    assert np.abs(small.reshape(-1, 3) - wanted).max() < 2.5


@pytest.mark.parametrize(("size", "matrix"), [((720, 576), BT601), ((1280, 720), BT709)])
def test_an_unstated_matrix_goes_by_the_size(size: tuple[int, int], matrix: int) -> None:
    frame = flat((120, 90, 170), size)
    frame.colorspace, frame.color_range = UNSPECIFIED, LIMITED
    _, pixels, _ = first(clip([frame]))
    assert np.abs(pixels[0, 0] - expected((120, 90, 170), matrix, LIMITED)).max() < 2


def test_the_full_range_clip_keeps_its_range(shared: Path) -> None:
    path = shared / "data/robust_videos/torchcodec/test/resources/bt709_full_range.mp4"
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        planes = frame.reformat(format="yuv444p", interpolation="POINT").to_ndarray()
    with open_media(path) as media:
        pixels = next(media.read()).pixels.astype(float)
    light = pixels @ np.array([0.2126, 0.7152, 0.0722])
    inside = (pixels > 0).all(axis=-1) & (pixels < 255).all(axis=-1)
    assert inside.mean() > 0.2
    assert np.abs(light - planes[0])[inside].mean() < 1.5


def test_grey_of_twelve_bits() -> None:
    frame = flat((2048,), form="gray12le")
    frame.color_range = FULL
    _, pixels, _ = first(clip([frame]))
    assert (np.abs(pixels.astype(int) - 128) <= 1).all()


def test_ten_bits() -> None:
    frame = flat((480, 360, 680), form="yuv420p10le")
    frame.colorspace, frame.color_range = 9, LIMITED
    _, pixels, _ = first(clip([frame]))
    assert np.abs(pixels[0, 0] - expected((120, 90, 170), 9, LIMITED)).max() < 2


class TestShape:
    @pytest.mark.parametrize("form", ["mp4", "matroska"])
    @pytest.mark.parametrize(
        ("aspect", "shown"), [((16, 15), 68), ((8, 9), 57), ((2, 1), 128), ((1, 100), 64)]
    )
    def test_pixels_are_made_square(self, form: str, aspect: tuple[int, int], shown: int) -> None:
        def prepare(stream: Any) -> None:
            stream.codec_context.sample_aspect_ratio = Fraction(*aspect)

        pixels = np.full((48, 64, 3), 40, np.uint8)
        pixels[:, 32:] = 220
        media, got, small = first(clip([of(pixels)] * 2, form=form, codec="mpeg4", prepare=prepare))
        if shown == 64:
            assert media.info.width in {64, 1}  # a muxer may refuse what is absurd
            return
        assert (media.info.width, media.info.height) == (shown, 48)
        assert got.shape == (48, shown, 3)
        assert small.shape == (24, 32, 3)
        assert got[:, : shown // 2 - 4].max() < 80 < 180 < got[:, shown // 2 + 4 :].min()

    @pytest.mark.parametrize("degrees", [0, 90, 180, 270, 80, 359])
    @pytest.mark.parametrize("mirror", [(), ("hflip",), ("vflip",)])
    def test_the_display_matrix(self, degrees: int, mirror: tuple[str, ...]) -> None:
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:24, :32], pixels[:24, 32:], pixels[24:, :32] = 240, 160, 80

        def prepare(stream: Any) -> None:
            stream.set_display_rotation(degrees, **dict.fromkeys(mirror, True))

        media, got, _ = first(clip([of(pixels)] * 2, form="mp4", codec="mpeg4", prepare=prepare))
        wanted = np.rot90(pixels, round(degrees / 90) % 4)
        if mirror:
            wanted = wanted[:, ::-1] if mirror == ("hflip",) else wanted[::-1]
        assert (media.info.width, media.info.height) == wanted.shape[1::-1]
        assert np.abs(got.astype(int) - wanted).mean() < 6

    def test_aspect_comes_before_rotation(self) -> None:
        def prepare(stream: Any) -> None:
            stream.codec_context.sample_aspect_ratio = Fraction(2)
            stream.set_display_rotation(90)

        media, got, _ = first(
            clip(
                [of(np.full((48, 64, 3), 90, np.uint8))] * 2,
                form="mp4",
                codec="mpeg4",
                prepare=prepare,
            )
        )
        assert (media.info.width, media.info.height) == (48, 128)
        assert got.shape == (128, 48, 3)


class TestFields:
    @staticmethod
    def woven(count: int, *, moving: bool) -> list[av.VideoFrame]:
        """Frames whose two fields show a bar at two moments."""
        frames = []
        for number in range(count):
            fields = []
            for moment in (0, 1):
                field = np.full((96, 128, 3), 60, np.uint8)
                left = 8 + 8 * (2 * number + moment if moving else 3)
                field[:, left : left + 24] = 200
                fields.append(field)
            fields[0][1::2] = fields[1][1::2]
            frames.append(of(fields[0]))
        return frames

    def test_one_field_is_kept_where_they_differ(self) -> None:
        data = clip(self.woven(5, moving=True), form="mp4", codec="libx264", options=INTERLACED)
        with open_media(data) as media:
            frames = [frame.pixels.astype(int) for frame in media.read()]
        for number, pixels in enumerate(frames):
            assert np.abs(np.diff(pixels, axis=0)).max() < 40
            left = 8 + 16 * number
            assert pixels[:, left + 4 : left + 20].min() > 150
            assert pixels[:, left + 28 :].max() < 110

    def test_a_frame_does_not_depend_on_where_reading_began(self) -> None:
        data = clip(self.woven(7, moving=True), form="mp4", codec="libx264", options=INTERLACED)
        with open_media(data) as media:
            every = [shown.frame().pixels for shown in media.pictures()]
            for number in range(7):
                shown = next(media.pictures(Fraction(number, 25)))
                np.testing.assert_array_equal(shown.frame().pixels, every[number])

    def test_fields_of_one_moment_keep_all_lines(self) -> None:
        frames = self.woven(3, moving=False)
        lines = frames[0].reformat(format="rgb24").to_ndarray()
        lines[40:44] = (30, 30, 30)
        data = clip([of(lines)] * 3, form="mp4", codec="libx264", options=INTERLACED)
        with open_media(data) as media:
            pixels = next(media.read()).pixels.astype(int)
        assert pixels[41:43].max() < 60
        assert np.abs(pixels - lines).mean() < 4


class TestTransparency:
    @pytest.mark.parametrize(
        ("form", "codec", "pixel"),
        [
            ("mov", "png", "rgba"),
            ("mov", "qtrle", "argb"),
            ("mov", "prores_ks", "yuva444p10le"),
            ("matroska", "ffv1", "yuva420p"),
            ("webm", "libvpx-vp9", "yuva420p"),
            ("webm", "libvpx", "yuva420p"),
        ],
    )
    def test_it_is_laid_over_white(self, form: str, codec: str, pixel: str) -> None:
        rgba = np.zeros((64, 96, 4), np.uint8)
        rgba[..., 0] = 200
        rgba[:, :32, 3], rgba[:, 64:, 3] = 255, 128

        def prepare(stream: Any) -> None:
            if form == "webm":
                stream.metadata["alpha_mode"] = "1"

        frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
        frames = [frame if pixel == "rgba" else frame.reformat(format=pixel) for _ in range(6)]
        options = {"auto-alt-ref": "0"} if form == "webm" else {}
        data = clip(frames, form=form, codec=codec, prepare=prepare, options=options)
        with open_media(data) as media:
            shown = list(media.pictures())
            keys = [one.key for one in shown]
            pixels, small = shown[0].frame().pixels, shown[0].small(48, 32)
            later = [one.time for one in media.pictures(shown[3].time)]
        assert keys[0]
        assert len(shown) == 6
        assert later == [one.time for one in shown[3:]]
        for got, scale in ((pixels, 1), (small, 2)):
            middle = got[32 // scale]
            np.testing.assert_allclose(middle[16 // scale], (200, 0, 0), atol=14)
            np.testing.assert_allclose(middle[48 // scale], (255, 255, 255), atol=6)
            np.testing.assert_allclose(middle[80 // scale], (227, 127, 127), atol=14)

    def test_the_transparent_clip(self, shared: Path) -> None:
        path = shared / "data/robust_videos/moviepy/media/transparent.webm"
        with open_media(path) as media:
            frames = list(media.read())
            keys = [one.time for one in media.pictures(keys_only=True)]
            assert keys == list(media.index.key_times())
        assert len(frames) == 150
        assert (frames[0].pixels[:3] == 255).all()


class TestHighRange:
    @staticmethod
    def pq(nits: float) -> float:
        root = (nits / 10_000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375

    def grey(self, tone_map: ToneMap, code: float) -> int:
        out = tone_map(np.full((1, 1, 3), round(code * 65535), np.uint16))
        assert out[0, 0].max() - out[0, 0].min() <= 1
        return int(out[0, 0, 1])

    def test_below_the_knee_light_is_kept(self) -> None:
        tone_map = ToneMap(PQ, 9)
        for nits in (1.0, 10.0, 40.0, 80.0):
            light = nits / 203
            wanted = 255 * (12.92 * light if light < 0.0031308 else 1.055 * light**0.41667 - 0.055)
            assert abs(self.grey(tone_map, self.pq(nits)) - wanted) <= 1

    @pytest.mark.parametrize("peak", [None, 600.0, 4000.0, 100.0])
    @pytest.mark.parametrize("transfer", [PQ, HLG])
    def test_it_ascends_to_white(self, transfer: int, peak: float | None) -> None:
        tone_map = ToneMap(transfer, 9, peak)
        top = 1.0 if transfer == HLG else self.pq(min(10_000.0, peak or 1000.0))
        greys = [self.grey(tone_map, code) for code in np.linspace(0, top, 60)]
        assert greys == sorted(greys)
        assert greys[0] == 0
        assert greys[-1] >= (254 if peak != 100.0 or transfer == HLG else 170)

    def test_pq_and_hlg_agree_on_the_same_light(self) -> None:
        # A grey of 100 cd/m2 on a screen of 1,000: scene light 0.1 ** (1 / 1.2) in HLG.
        scene = 0.1 ** (1 / 1.2)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        code = (3 * scene) ** 0.5 if scene <= 1 / 12 else a * np.log(12 * scene - b) + c
        pq, hlg = self.grey(ToneMap(PQ, 9), self.pq(100)), self.grey(ToneMap(HLG, 9), code)
        assert abs(pq - hlg) <= 2

    def test_strips_do_not_show(self, monkeypatch: pytest.MonkeyPatch) -> None:
        deep = np.random.default_rng(0).integers(0, 65536, (40, 30, 3)).astype(np.uint16)
        for transfer in (PQ, HLG):
            whole = ToneMap(transfer, 9)(deep)
            with monkeypatch.context() as patch:
                patch.setattr("framesift.media.hdr._STRIP_PX", 90)
                np.testing.assert_array_equal(ToneMap(transfer, 9)(deep), whole)

    def test_saturated_red_keeps_its_hue(self) -> None:
        deep = np.array([[[self.pq(600) * 65535, self.pq(5) * 65535, self.pq(5) * 65535]]])
        red, green, blue = ToneMap(PQ, 9)(deep.astype(np.uint16))[0, 0].astype(int)
        assert red > 180
        assert max(green, blue) < 60

    @pytest.mark.parametrize("transfer", [PQ, HLG])
    def test_a_clip_says_that_it_is_high_range(self, transfer: int) -> None:
        frame = flat((502, 512, 512), form="yuv420p10le")
        frame.colorspace, frame.color_range = 9, LIMITED
        plain = first(clip([frame]))[1][0, 0].astype(int)
        frame.color_trc, frame.color_primaries = transfer, 9
        _, pixels, small = first(clip([frame]))
        code = (502 - 64) / 876
        wanted = self.grey(ToneMap(transfer, 9), code)
        assert np.abs(pixels.astype(int) - wanted).max() <= 2
        assert np.abs(small.astype(int) - wanted).max() <= 2
        assert abs(wanted - plain[0]) > 10

    def test_the_hdr_clip_is_not_washed_out(self, shared: Path) -> None:
        path = shared / "data/robust_videos/generated/hdr10_hevc10bit.mp4"
        with open_media(path) as media:
            pixels = next(media.read()).pixels
        assert pixels.std() > 20


def test_frames_are_let_go_without_the_garbage_collector() -> None:
    import gc

    frames = [of(np.full((48, 64, 3), 10 * number, np.uint8)) for number in range(12)]

    def prepare(stream: Any) -> None:
        stream.set_display_rotation(90)

    data = clip(frames, form="mp4", codec="mpeg4", prepare=prepare)
    del frames
    gc.collect()
    gc.disable()
    try:
        with open_media(data) as media:
            for shown in media.pictures():
                shown.frame()
            alive = sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert alive <= 3
