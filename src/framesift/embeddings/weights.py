"""From a spec to verified local files: the only module of Framesift that downloads.

Files live under ``cache_root()/models/<owner>--<name>/<commit>/`` as plain files, so that a folder
can be copied to another machine and given as ``--model``. A file appears there only after its
sha256 was checked: against the catalog where it is pinned there, else against what the hub states
and what was recorded when it first came (``lock.json``, which also records the commit that a branch
stood for). Until then its bytes are in a ``.part`` file, from which a later attempt goes on.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from framesift.embeddings.onnx import file_sha256
from framesift.embeddings.places import (
    LockFile,
    cache_root,
    is_offline,
    locked,
    part_of,
    verified,
)
from framesift.errors import WeightsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from framesift.embeddings.base import ModelSpec, Precision, WeightFile

__all__ = [
    "ProgressCallback",
    "RemoteFile",
    "cache_root",
    "ensure",
    "fetch_file",
    "is_cached",
    "is_offline",
    "model_dir",
]

_CONTACT_TIMEOUT_S: Final = 2.0
_CONTACT_DEADLINE_S: Final = 2.5
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


class ProgressCallback(Protocol):
    """Called while a file is downloaded."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Take the file's name, the bytes there so far, and all of them where known."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file by plain URL with the sha256 it must have; ``name`` is what it is called here."""

    url: str
    sha256: str
    name: str


def model_dir(spec: ModelSpec) -> Path | None:
    """Return the folder of a model's files; ``None`` while the commit of its branch is unknown.

    The folder need not exist.
    """
    commit = _commit_of(spec, LockFile(_repo_dir(spec)))
    return None if commit is None else _repo_dir(spec) / commit


def is_cached(spec: ModelSpec, precision: Precision = "auto") -> bool:
    """Whether everything that a precision needs is on this machine; embedded models always are."""
    if spec.repo is None:
        return True
    folder = model_dir(spec)
    if folder is None:
        return False
    return all((folder / file.path).is_file() for file in _required(spec, precision))


def ensure(
    spec: ModelSpec,
    precision: Precision = "auto",
    *,
    offline: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Return the folder of a model's verified files, downloading what is missing.

    int8 needs the fp32 file as well: it is made from it, or measured against it. The repository's
    own quantised file is taken along where it can be had.

    Args:
        spec: A model with a repository.
        precision: What it will run in.
        offline: Do not try the network (``HF_HUB_OFFLINE`` does the same).
        progress: Called while files are downloaded.

    Raises:
        WeightsUnavailableError: A file is neither here nor reachable. Without a network this
            takes less than 3 seconds.
        WeightsMismatchError: A file has another sha256 than it must have; it was deleted.
    """
    if spec.repo is None:
        message = f"model {spec.name!r} is embedded; it has no files to fetch"
        raise WeightsUnavailableError(message, source=spec.name)
    hub = _Hub(spec, offline=offline or is_offline(), progress=progress)
    for file in _required(spec, precision):
        hub.fetch(file)
    if precision in ("auto", "int8"):
        for file in spec.vision.get("int8", ()):
            # Where everything else was here, a file that can be done without is no reason to wait
            # for a network that may not be there, at every start.
            here = (hub.folder / file.path).is_file()
            if not (here or hub.contacted or precision == "int8"):
                break
            try:
                hub.fetch(file)
            except WeightsUnavailableError:
                # Framesift can quantise by itself.
                break
    return hub.folder


def fetch_file(
    remote: RemoteFile, *, offline: bool = False, progress: ProgressCallback | None = None
) -> Path:
    """Return a verified local copy of one file, downloading it where it is missing.

    Raises:
        WeightsUnavailableError: It is neither here nor reachable.
        WeightsMismatchError: Its sha256 is wrong; it was deleted.
    """
    path = cache_root() / "files" / remote.sha256[:16] / Path(remote.name).name
    if path.is_file():
        return verified(path, remote.sha256, remote.url)
    way_out = "connect once and run the command again"
    if offline or is_offline():
        raise _unavailable(remote.url, "it is not on this machine and offline mode is on", way_out)
    _contact(lambda: _head(remote.url), remote.url, way_out)
    with locked(path):
        if not path.is_file():
            part = part_of(path)
            _download(remote.url, part, _Report(remote.name, progress), way_out=way_out)
            verified(part, remote.sha256, remote.url)
            os.replace(part, path)  # noqa: PTH105 - atomic on every system
    return path


class _Hub:
    """One model's files on its hub."""

    def __init__(
        self, spec: ModelSpec, *, offline: bool, progress: ProgressCallback | None
    ) -> None:
        self._spec = spec
        self._repo = str(spec.repo)
        self._offline = offline
        self._progress = progress
        self._lock = LockFile(_repo_dir(spec))
        self._endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        self._commit = _commit_of(spec, self._lock)
        self.contacted = False
        self._way_out = (
            f"connect once and run: framesift models fetch {spec.name}; or copy the model's folder "
            "from a machine that has it and give its path as --model, or point FRAMESIFT_CACHE_DIR "
            "or HF_HOME at a cache that holds it; or use the embedded model: --model starter"
        )

    @property
    def folder(self) -> Path:
        """Where the verified files are."""
        return _repo_dir(self._spec) / str(self._commit)

    def fetch(self, file: WeightFile) -> Path:
        """Return the verified local copy of a file."""
        if self._commit is None:
            self._commit = self._resolve(file)
        path = self.folder / file.path
        key = f"{self._commit}/{file.path}"
        expected = file.sha256 or self._lock.read()["sha256"].get(key)
        if path.is_file():
            return verified(path, expected, self._source(file))
        with locked(path):
            if not path.is_file():
                self._get(file, path, expected)
        return path

    def _get(self, file: WeightFile, path: Path, expected: str | None) -> None:
        part = part_of(path)
        shared = self._in_shared_cache(file, str(self._commit))
        if shared is not None:
            shutil.copyfile(shared, part)
        else:
            expected = self._transfer(file, part, expected)
        verified(part, expected, self._source(file))
        if file.sha256 is None:
            self._lock.record("sha256", f"{self._commit}/{file.path}", file_sha256(part))
        os.replace(part, path)  # noqa: PTH105 - atomic on every system

    def _transfer(self, file: WeightFile, part: Path, expected: str | None) -> str | None:
        meta = self._metadata(file, str(self._commit))
        stated = str(meta.etag or "")
        if expected is None and _SHA256.fullmatch(stated):
            expected = stated
        report = _Report(f"{self._spec.name}: {file.path}", self._progress)
        url = self._url(file, str(self._commit))
        _download(url, part, report, way_out=self._way_out, size=meta.size, login=True)
        return expected

    def _resolve(self, file: WeightFile) -> str:
        """Find the commit that a branch stands for, and keep to it from now on."""
        revision = self._spec.revision or "main"
        shared = self._in_shared_cache(file, revision)
        # <cache>/models--owner--name/snapshots/<commit>/<path>
        depth = len(Path(file.path).parts) - 1
        commit = shared.parents[depth].name if shared is not None else ""
        if not _COMMIT.fullmatch(commit):
            commit = str(self._metadata(file, revision).commit_hash or "")
        if not _COMMIT.fullmatch(commit):
            reason = f"the hub did not say which commit {revision!r} stands for"
            raise _unavailable(self._source(file), reason, self._way_out)
        self._lock.record("commits", revision, commit)
        return commit

    def _metadata(self, file: WeightFile, revision: str) -> Any:
        if self._offline:
            reason = "it is not on this machine and offline mode is on"
            raise _unavailable(self._source(file), reason, self._way_out)
        from huggingface_hub import get_hf_file_metadata

        url = self._url(file, revision)
        self.contacted = True
        return _contact(
            lambda: get_hf_file_metadata(url, timeout=_CONTACT_TIMEOUT_S, endpoint=self._endpoint),
            url,
            self._way_out,
        )

    def _url(self, file: WeightFile, revision: str) -> str:
        from huggingface_hub import hf_hub_url

        return str(hf_hub_url(self._repo, file.path, revision=revision, endpoint=self._endpoint))

    def _source(self, file: WeightFile) -> str:
        return f"{self._repo}/{file.path}"

    def _in_shared_cache(self, file: WeightFile, revision: str) -> Path | None:
        """Look into the cache that other tools of the hub share (``HF_HOME``)."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self._repo, file.path, revision=revision)
        return Path(found) if isinstance(found, str) else None


class _Report:
    """Tells a callback how far a download is."""

    def __init__(self, name: str, progress: ProgressCallback | None) -> None:
        self.name = name
        self.progress = progress

    def __call__(self, done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(self.name, done, total)


class _CountingFile:
    """A binary file that reports its length after every write."""

    def __init__(self, stream: BinaryIO, report: _Report, total: int | None) -> None:
        self._stream = stream
        self._report = report
        self._total = total

    def write(self, data: bytes) -> int:
        written = self._stream.write(data)
        self._report(self._stream.tell(), self._total)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _required(spec: ModelSpec, precision: Precision) -> Iterator[WeightFile]:
    yield from spec.support
    wanted = "fp16" if precision == "fp16" else "fp32"
    if wanted not in spec.vision:
        have = ", ".join(spec.vision)
        message = f"it has no {wanted} image tower; it has: {have}"
        raise WeightsUnavailableError(message, source=spec.name)
    yield from spec.vision[wanted]
    yield from spec.text.get("fp32") or next(iter(spec.text.values()))


def _repo_dir(spec: ModelSpec) -> Path:
    return cache_root() / "models" / str(spec.repo).replace("/", "--")


def _commit_of(spec: ModelSpec, lock: LockFile) -> str | None:
    revision = spec.revision or "main"
    return revision if _COMMIT.fullmatch(revision) else lock.read()["commits"].get(revision)


def _contact(ask: Callable[[], _T], url: str, way_out: str) -> _T:
    """Ask a server something and give up after `_CONTACT_DEADLINE_S`, whatever blocks.

    Timeouts of sockets do not cover name resolution, so the question runs in a thread that is left
    behind when it takes too long.
    """
    answer: list[_T] = []
    problem: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(ask())
        except Exception as error:  # noqa: BLE001 - every client has its own exceptions
            problem.append(error)

    thread = threading.Thread(target=run, daemon=True, name="framesift-contact")
    thread.start()
    thread.join(_CONTACT_DEADLINE_S)
    if answer:
        return answer[0]
    if problem:
        raise _unavailable(url, _reason(problem[0]), way_out) from problem[0]
    reason = f"the server did not answer within {_CONTACT_DEADLINE_S:g} s"
    raise _unavailable(url, reason, way_out)


def _head(url: str) -> None:
    utils = _hub_utils()
    utils.hf_raise_for_status(utils.get_session().head(url, timeout=_CONTACT_TIMEOUT_S))


def _hub_utils() -> Any:
    import huggingface_hub.utils

    return huggingface_hub.utils


def _download(
    url: str,
    part: Path,
    report: _Report,
    *,
    way_out: str,
    size: int | None = None,
    login: bool = False,
) -> None:
    """Append what is missing of a file to its part, through the hub's own transfer.

    ``login`` sends the user's token of the hub along, where there is one: to the hub only.
    """
    from huggingface_hub.file_download import http_get

    start = part.stat().st_size if part.is_file() else 0
    if size is not None and start > size:
        part.unlink()
        start = 0
    headers = _hub_utils().build_hf_headers(token=None if login else False)
    try:
        with _quiet_hub(), part.open("ab") as stream:
            counting: Any = _CountingFile(stream, report, size)
            http_get(url, counting, resume_size=start, headers=headers, expected_size=size)
    except Exception as error:  # every HTTP client has its own exceptions
        reason = f"the download broke off ({_reason(error)}); the next attempt goes on from there"
        raise _unavailable(url, reason, way_out) from error


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Keep the hub's client from drawing bars and logging to the screen."""
    utils = _hub_utils()
    logger = logging.getLogger("huggingface_hub.file_download")
    level, silent = logger.level, utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        if not silent:
            utils.enable_progress_bars()


def _reason(error: BaseException) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return "access denied; the repository may be gated (log in with: hf auth login)"
    if status == 404:
        return "the server has no such file"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _unavailable(source: str, reason: str, way_out: str) -> WeightsUnavailableError:
    return WeightsUnavailableError(f"{reason}; {way_out}", source=source)
