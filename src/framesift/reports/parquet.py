"""Parquet: the records as columns, for data frames and SQL engines."""

from __future__ import annotations

import contextlib
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

from framesift.errors import MissingExtraError
from framesift.reports.base import ReportHeader, Writer

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.reports.record import Record

__all__ = ["ParquetWriter"]

_ROWS_PER_GROUP = 2000


class ParquetWriter(Writer):
    r"""Writes the records with the nesting they have in JSON: a row read back is the record.

    Rows go to disk in groups of 2000, so memory stays bounded. The file's metadata has the run
    under the key ``framesift``, as JSON. Bytes of a file name that are no text come as ``\udcXX``.

    Args:
        out: A path, a stream with a ``buffer`` that is no terminal, or ``None`` for
            standard output.
        header: What to say of the run.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """

    format: ClassVar[str] = "parquet"

    def __init__(self, out: Path | TextIO | None, *, header: ReportHeader | None = None) -> None:
        """Check that pyarrow is there before any work is done."""
        super().__init__(out, header=header)
        try:
            self._parquet = import_module("pyarrow.parquet")
        except ImportError as error:
            message = 'Parquet needs pyarrow: pip install "framesift[parquet]"'
            raise MissingExtraError(message) from error
        self._writer: Any = None
        self._rows: list[Record] = []

    def _begin(self) -> None:
        schema = _schema().with_metadata({"framesift": json.dumps(_run(self.header))})
        self._writer = self._parquet.ParquetWriter(
            self._output.binary(), schema, compression="zstd"
        )

    def _write(self, record: Record) -> None:
        self._rows.append(_valid(record))
        if len(self._rows) >= _ROWS_PER_GROUP:
            self._flush()

    def _finish(self) -> None:
        self._flush()
        with self._output.named():
            self._writer.close()
        self._writer = None

    def _flush(self) -> None:
        import pyarrow

        if self._rows:
            table = pyarrow.Table.from_pylist(self._rows, schema=_schema())
            with self._output.named():
                self._writer.write_table(table)
            self._rows.clear()

    def _release(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError, ValueError):
                self._writer.close()
            self._writer = None


def _schema() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    model = [("name", text), ("fingerprint", text), ("precision", text), ("int8_cosine", number)]
    tags = pa.list_(pa.struct([("name", text), ("score", number)]))
    return pa.schema(
        [
            pa.field("schema", pa.int32(), nullable=False),
            pa.field("path", text, nullable=False),
            ("sha256", text),
            ("kind", text),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("duration_s", number),
            (
                "quality",
                pa.struct(
                    [
                        ("score", number),
                        ("low", number),
                        ("high", number),
                        ("head", text),
                        ("percentile", number),
                        ("unusual", pa.bool_()),
                        ("parts", tags),
                        ("words", text),
                    ]
                ),
            ),
            (
                "moderation",
                pa.struct(
                    [
                        ("action", text),
                        ("labels", pa.list_(_label())),
                        ("policy", text),
                        ("context", tags),
                        ("unread", pa.list_(text)),
                    ]
                ),
            ),
            ("tags", tags),
            ("answer", _answer()),
            ("familiarity", pa.struct(_familiarity())),
            ("timeline", _timeline()),
            ("model", pa.struct(model)),
            ("error", pa.struct([("type", text), ("message", text)])),
        ]
    )


def _answer() -> Any:
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    fields = [("classifier", text), ("status", text), ("labels", texts)]
    return pa.struct([*fields, ("probability", pa.float64()), ("doubtful", texts)])


def _familiarity() -> list[Any]:
    import pyarrow as pa

    numbers = [(name, pa.float64()) for name in ("distance", "percentile")]
    return [("known", pa.bool_()), *numbers, ("head", pa.string())]


def _label() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    evidence = pa.struct(
        [("prompt", text), ("time_s", number), ("tile", pa.list_(number)), ("words", text)]
    )
    return pa.struct(
        [
            ("name", text),
            ("score", number),
            ("threshold", number),
            ("flagged", pa.bool_()),
            ("source", text),
            ("part", text),
            ("action", text),
            ("evidence", evidence),
            ("softened", text),
        ]
    )


def _timeline() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    times = [("start_s", number), ("end_s", number)]
    curve = [
        ("label", text),
        ("source", text),
        ("threshold", number),
        ("values", pa.list_(number)),
    ]
    segment = [
        ("label", text),
        ("kind", text),
        *times,
        ("peak", number),
        ("peak_time_s", number),
        ("action", text),
        ("source", text),
        ("part", text),
    ]
    return pa.struct(
        [
            *times,
            ("sampler", text),
            ("moments", pa.int32()),
            ("longest_gap_s", number),
            ("watched_s", number),
            ("stopped_s", number),
            ("times_s", pa.list_(number)),
            ("curves", pa.list_(pa.struct(curve))),
            ("segments", pa.list_(pa.struct(segment))),
            ("shots", pa.list_(pa.struct(times))),
        ]
    )


def _valid(value: Any) -> Any:
    """Return the same data with every text valid UTF-8, as Arrow demands."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _valid(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_valid(item) for item in value]
    return value


def _run(header: ReportHeader) -> dict[str, Any]:
    return {
        "version": header.version,
        "policy": header.policy,
        "started": header.started.isoformat() if header.started else None,
        "arguments": list(header.arguments),
        "notice": header.notice,
    }
