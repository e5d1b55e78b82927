"""An open container and its video stream, that can go back, jump, and rest without its memory."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

from av.codec.context import CodecContext
from av.stream import Discard, Disposition

from framesift.errors import UnsupportedMediaError
from framesift.media.budget import decode_budget
from framesift.media.extent import missing_bytes
from framesift.media.image import check_pixels
from framesift.media.libav import READ_ERRORS, libav_errors, open_container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from framesift.media.limits import Limits

__all__ = ["Deck"]

_DECODER_FRAMES = 10
"""Pictures a decoder keeps for reference and reordering, roughly."""

_DECODER_THREADS = 2
_MANY_PX = 8_000_000
_BIG_BYTES = 64 * 2**20
_MOST_READ_ERRORS = 64
_JUMP_S = 1


class Deck:
    """Holds demuxer and decoder; one reading at a time.

    Attributes:
        stream: The video stream that is read.
        decoder: Decodes its packets.
        marks_keys: Whether the decoder says which of its frames are key frames.
        base: Seconds a tick of its time stamps.
        step: Ticks between two frames at the stream's average rate, at least 1.
        jump: Ticks by which time may run backwards before it counts as a new beginning.
        needed: Bytes the decoder takes, roughly.
        turn: Grows with each new reading, so that an older one notices.
        rate: Frames a second on average.
        missing: Bytes by which the file is shorter than the container says.
        has_subtitles: Whether there are subtitles of any kind in the file.
    """

    stream: VideoStream
    decoder: VideoCodecContext
    marks_keys: bool
    needed: int
    _choice: int
    _depth: int

    def __init__(
        self, file: BinaryIO, form: str, name: str, limits: Limits, *, like: Deck | None = None
    ) -> None:
        """Open the container.

        Args:
            file: Seekable; not closed by this.
            form: The format as `framesift.media.sniff` names it.
            name: The source, for messages.
            limits: ``max_pixels`` is enforced.
            like: Another deck on the same content: the same stream, for its packets alone.

        Raises:
            UnsupportedMediaError: It has no video, or in a codec that is not decoded.
            CorruptMediaError: Its header is broken.
            LimitExceededError: Its pictures are larger than the limits allow.
        """
        self._file = file
        self._form = form
        self._name = name
        self._limits = limits
        self._container: InputContainer | None = None
        self._choice = 0 if like is None else like._choice
        self._decodes = like is None
        self.marks_keys = True
        self._lent = 0
        self._starts_with_key = False
        self._ahead: Packet[VideoStream] | None = None
        self._first: tuple[int | None, int] | None = None
        self.turn = 0
        self.missing = missing_bytes(file, form)
        self._open()

    @property
    def container(self) -> InputContainer:
        """The open container."""
        assert self._container is not None
        return self._container

    @property
    def resting(self) -> bool:
        """Whether the container is closed for now."""
        return self._container is None

    @property
    def depth(self) -> int:
        """How many pictures the decoder holds back before it shows the first."""
        return self._depth

    def choose_next(self) -> bool:
        """Turn to the next best video stream of the file; false if there is none."""
        self._choice += 1
        if self._choice >= len(_by_merit(self.container.streams.video)):
            return False
        self.rest()
        self._first = None
        self._open()
        return True

    def rewind(self) -> None:
        """Stand before the first packet, by opening the container again where it cannot seek."""
        self.turn += 1
        if self._container is not None and not self._back():
            self.rest()
        if self._container is None:
            self._open()

    def seek(self, ticks: int) -> bool:
        """Jump to the key frame at this time stamp, or before it; false if that is impossible."""
        self.turn += 1
        if self._container is None:
            self._open()
        try:
            self.container.seek(ticks, stream=self.stream)
        except READ_ERRORS:
            return False
        self._ahead = None
        if self._decodes:
            self.decoder.flush_buffers()
        # FFmpeg may have forgotten how many pictures to hold back, and would drop some.
        self.decoder.reorder_depth = max(self.decoder.reorder_depth, self._depth)
        return True

    def packets(self) -> Iterator[Packet[VideoStream] | Exception]:
        """Read on to the end; what cannot be read comes as the error, the rest after it."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            yield ahead
        errors = 0
        while errors < _MOST_READ_ERRORS:
            try:
                for packet in self.container.demux(self.stream):
                    errors = 0
                    yield packet
            except IndexError:
                pass  # PyAV at the end of a file in which further streams turned up on the way
            except READ_ERRORS as error:
                errors += 1
                yield error
                continue
            return

    def judge_marks(self, first: VideoFrame) -> None:
        """Learn from the first frame whether the decoder marks key frames; some never do."""
        if (
            self._starts_with_key
            and not first.key_frame
            and first.pts == (self._first or (None,))[0]
        ):
            self.marks_keys = False

    def note_depth(self) -> None:
        """Remember how many pictures the decoder holds back."""
        self._depth = max(self._depth, self.decoder.reorder_depth)

    def rest(self) -> None:
        """Close demuxer and decoder and give their memory back; the next reading opens them."""
        self._ahead = None
        if self._container is not None:
            self._container.close()
            self._container = None
            # A decoder lives as long as something refers to it, with all its pictures.
            for held in ("stream", "decoder"):
                if hasattr(self, held):
                    delattr(self, held)
        decode_budget.release(self._lent)
        self._lent = 0

    def _back(self) -> bool:
        if self._ahead is not None and self._is_first(self._ahead):
            return True
        target = self._first[0] if self._first is not None else None
        try:
            self.container.seek(0 if target is None else target, stream=self.stream)
            if self._decodes:
                self.decoder.flush_buffers()
            packet = next(self.container.demux(self.stream), None)
        except READ_ERRORS:
            return False
        self._ahead = packet
        return packet is not None and self._is_first(packet)

    def _is_first(self, packet: Packet[VideoStream]) -> bool:
        return self._first == (packet.pts, packet.size)

    def _open(self) -> None:
        with libav_errors(self._name):
            container = self._container = open_container(self._file, self._form)
            # Missing presentation times would be made up, wrongly where frames are reordered.
            container.flags &= ~_GENPTS
            streams = _by_merit(container.streams.video)
            if not streams:
                has_sound = bool(container.streams.audio)
                message = "has sound but no video" if has_sound else "has no video"
                raise UnsupportedMediaError(
                    f"{message}; give a picture or a file with video", source=self._name
                )
            self.stream = streams[self._choice]
            self.has_subtitles = bool(container.streams.subtitles)
            for other in container.streams:
                if other.index != self.stream.index:
                    other.discard = Discard.all
            if self._decodes:
                self._prepare_decoder()
            self._measure()
            self._look_ahead()

    def _prepare_decoder(self) -> None:
        context = cast("VideoCodecContext | None", self.stream.codec_context)
        if context is None:
            message = "is in a video codec that is not decoded; convert it to MP4 with H.264"
            raise UnsupportedMediaError(message, source=self._name)
        pixels = context.width * context.height
        check_pixels((context.width, context.height), self._limits, self._name)
        deep = 2 if any(bits in str(context.pix_fmt) for bits in ("10", "12", "16")) else 1
        self.needed = pixels * deep * 3 // 2 * _DECODER_FRAMES
        seeing = _alpha_decoder(self.stream)
        self.marks_keys = self.marks_keys and seeing is None
        context = self.decoder = seeing or context
        # One decoder thread for huge frames: each further thread keeps frames of its own.
        context.thread_count = 1 if pixels >= _MANY_PX else _DECODER_THREADS
        if seeing is None:
            context.thread_type = "AUTO"
        # The header may lie about the size: the decoder itself refuses larger frames.
        context.options = {**context.options, "max_pixels": str(self._limits.max_pixels)}
        if self.needed >= _BIG_BYTES and not self._lent:
            self._lent = decode_budget.acquire(self.needed)

    def _measure(self) -> None:
        stream = self.stream
        self.rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        self.base = Fraction(stream.time_base or 1 / self.rate)
        self.step = max(1, round(1 / self.rate / self.base))
        self.jump = max(self.step, int(_JUMP_S / self.base))
        self._depth = stream.codec_context.reorder_depth

    def _look_ahead(self) -> None:
        """Read the first packet, by which a later return to the start is recognised."""
        try:
            packet = next(self.container.demux(self.stream), None)
        except READ_ERRORS:
            return
        self._ahead = packet
        if self._first is None and packet is not None:
            self._first = (packet.pts, packet.size)
            self._starts_with_key = packet.is_keyframe


def _alpha_decoder(stream: VideoStream) -> VideoCodecContext | None:
    """Return a decoder that gives the transparency of VP8 and VP9, which FFmpeg's own drop."""
    codec = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.name)
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    if codec is None or tags.get("alpha_mode") != "1":
        return None
    try:
        return cast("VideoCodecContext", CodecContext.create(codec, "r"))
    except ValueError:
        return None  # this build of FFmpeg lacks it


_GENPTS = 1
"""AVFMT_FLAG_GENPTS, which PyAV sets."""


def _by_merit(streams: tuple[VideoStream, ...]) -> list[VideoStream]:
    """Sort the streams that hold moving pictures, the one to be shown first."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in streams if not stream.disposition & still]

    def merit(stream: VideoStream) -> tuple[bool, bool, int]:
        context = stream.codec_context
        area = context.width * context.height if context is not None else 0
        return context is not None, bool(stream.disposition & Disposition.default), area

    return sorted(moving, key=merit, reverse=True)
