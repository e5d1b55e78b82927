from __future__ import annotations

import hashlib
import json
import shutil
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.embeddings import catalog, load_embedder
from framesift.embeddings.base import WeightFile
from framesift.embeddings.weights import (
    RemoteFile,
    cache_root,
    ensure,
    fetch_file,
    is_cached,
    is_offline,
    model_dir,
)
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift.embeddings.base import ModelSpec

VISION = "onnx/vision_model.onnx"
local_only = [
    pytest.mark.network_local,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]
pytestmark = local_only


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pinned(spec: ModelSpec, sha256: str) -> ModelSpec:
    return replace(spec, vision={"fp32": (WeightFile(VISION, sha256),)})


# --- where things are -----------------------------------------------------------------------------


def test_cache_root_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRAMESIFT_CACHE_DIR", str(tmp_path / "here"))
    assert cache_root() == tmp_path / "here"
    monkeypatch.delenv("FRAMESIFT_CACHE_DIR")
    assert cache_root().name == "framesift"


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("YES", True), ("0", False), ("", False)]
)
def test_offline_mode_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, *, value: str, expected: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert is_offline() is expected


def test_an_embedded_model_is_always_there_and_has_nothing_to_fetch() -> None:
    starter = catalog.find_spec("starter")
    assert is_cached(starter)
    with pytest.raises(WeightsUnavailableError, match="embedded"):
        ensure(starter)


# --- a hub that works -----------------------------------------------------------------------------


def test_the_tiny_model_comes_through_the_hub_and_embeds(
    hub, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, tiny: Path, make_image
) -> None:
    monkeypatch.setattr(catalog, "CATALOG", (tiny_spec,))
    catalog._with_plugins.cache_clear()
    try:
        fetched = load_embedder("tiny", precision="fp32")
        again = load_embedder("tiny", precision="fp32", offline=True)
    finally:
        catalog._with_plugins.cache_clear()
    local = load_embedder(str(tiny / "transformers"), precision="fp32")
    batch = np.stack([local.prepare(make_image(80, 60, seed=1))])
    np.testing.assert_array_equal(fetched.encode(batch), local.encode(batch))
    np.testing.assert_array_equal(fetched.embed_texts(["a dog"]), local.embed_texts(["a dog"]))
    assert fetched.fingerprint == local.fingerprint == again.fingerprint
    assert (fetched.space, local.space[:6]) == ("test/tiny", "local:")


def test_the_commit_of_a_branch_is_resolved_once_and_kept(hub, tiny_spec: ModelSpec) -> None:
    assert model_dir(tiny_spec) is None
    folder = ensure(tiny_spec, "fp32")
    assert folder.name == hub.commit
    lock = json.loads((folder.parent / "lock.json").read_text())
    assert lock["commits"] == {"main": hub.commit}
    assert lock["sha256"][f"{hub.commit}/{VISION}"] == sha(hub.files[VISION])
    hub.commit = "f" * 40
    assert ensure(tiny_spec, "fp32") == folder == model_dir(tiny_spec)


def test_what_is_there_is_not_asked_for_again(hub, tiny_spec: ModelSpec) -> None:
    assert not is_cached(tiny_spec, "fp32")
    ensure(tiny_spec, "fp32")
    assert is_cached(tiny_spec, "fp32")
    hub.requests.clear()
    ensure(tiny_spec, "fp32", offline=True)
    ensure(tiny_spec, "fp32")
    assert hub.requests == []


def test_progress_is_reported_up_to_the_whole_file(hub, tiny_spec: ModelSpec, capfd) -> None:
    seen: dict[str, list[tuple[int, int | None]]] = {}

    def progress(name: str, done: int, total: int | None) -> None:
        seen.setdefault(name, []).append((done, total))

    ensure(tiny_spec, "fp32", progress=progress)
    size = len(hub.files[VISION])
    assert seen[f"tiny: {VISION}"][-1] == (size, size)
    assert capfd.readouterr() == ("", "")


def test_a_short_break_is_bridged_within_one_call(hub, tiny_spec: ModelSpec, capfd) -> None:
    hub.cut[VISION] = [30_000, 1]
    folder = ensure(tiny_spec, "fp32")
    assert hub.gets(VISION) == ["", "bytes=30000-"]
    assert (folder / VISION).read_bytes() == hub.files[VISION]
    assert capfd.readouterr() == ("", "")


def test_a_download_that_broke_off_goes_on_in_the_next_call(hub, tiny_spec: ModelSpec) -> None:
    hub.cut[VISION] = [20_000, 1]
    hub.broken.add(VISION)
    with pytest.raises(WeightsUnavailableError, match="next attempt goes on from there"):
        ensure(tiny_spec, "fp32")
    assert not is_cached(tiny_spec, "fp32")
    hub.broken.clear()
    hub.requests.clear()
    folder = ensure(tiny_spec, "fp32")
    assert hub.gets(VISION) == ["bytes=20000-"]
    assert (folder / VISION).read_bytes() == hub.files[VISION]


def test_the_users_token_goes_to_the_hub_and_nowhere_else(
    hub, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    ensure(tiny_spec, "fp32")
    hub.files["head.bin"] = b"head"
    fetch_file(RemoteFile(f"{hub.url}/plain/head.bin", sha(b"head"), "head.bin"))
    assert hub.tokens["small"] == {"Bearer hf_secret"}
    assert hub.tokens["cdn"] == {None}


def test_a_part_left_by_another_process_is_continued(hub, tiny_spec: ModelSpec) -> None:
    part = cache_root() / "models" / "test--tiny" / hub.commit / (VISION + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(hub.files[VISION][:50_000])
    folder = ensure(tiny_spec, "fp32")
    assert hub.gets(VISION) == ["bytes=50000-"]
    assert (folder / VISION).read_bytes() == hub.files[VISION]
    assert not part.exists()


@pytest.mark.parametrize("oversized", [False, True])
def test_a_part_with_other_bytes_is_found_out(
    hub, tiny_spec: ModelSpec, *, oversized: bool
) -> None:
    size = len(hub.files[VISION])
    part = cache_root() / "models" / "test--tiny" / hub.commit / (VISION + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * (size + 5 if oversized else 50_000))
    if oversized:
        assert (ensure(tiny_spec, "fp32") / VISION).read_bytes() == hub.files[VISION]
        return
    with pytest.raises(WeightsMismatchError, match="deleted"):
        ensure(tiny_spec, "fp32")
    assert not part.exists()
    assert (ensure(tiny_spec, "fp32") / VISION).read_bytes() == hub.files[VISION]


def test_content_that_is_not_what_the_hub_states_is_refused(hub, tiny_spec: ModelSpec) -> None:
    true = hub.files[VISION]
    hub.lies[VISION] = true[:-1] + bytes([true[-1] ^ 1])
    with pytest.raises(WeightsMismatchError, match=f"expected {sha(true)}"):
        ensure(tiny_spec, "fp32")
    folder = model_dir(tiny_spec)
    assert folder is not None
    assert not list(folder.rglob("vision_model*"))
    assert not is_cached(tiny_spec, "fp32")


def test_a_pinned_hash_wins_over_the_hub(hub, tiny_spec: ModelSpec) -> None:
    with pytest.raises(WeightsMismatchError, match="0000"):
        ensure(pinned(tiny_spec, "0" * 64), "fp32")
    ensure(pinned(tiny_spec, sha(hub.files[VISION])), "fp32")


@pytest.mark.parametrize("name", [VISION, "config.json"])
def test_a_file_changed_after_first_use_is_found_out(hub, tiny_spec: ModelSpec, name: str) -> None:
    path = ensure(tiny_spec, "fp32") / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(WeightsMismatchError, match="sha256"):
        ensure(tiny_spec, "fp32", offline=True)


def test_a_missing_file_is_named(hub, tiny_spec: ModelSpec) -> None:
    del hub.files["tokenizer.json"]
    with pytest.raises(WeightsUnavailableError, match="no such file"):
        ensure(tiny_spec, "fp32")


def test_a_quantised_file_is_taken_where_there_is_one(hub, tiny_spec: ModelSpec) -> None:
    name = "onnx/vision_model_quantized.onnx"
    spec = replace(tiny_spec, vision={**tiny_spec.vision, "int8": (WeightFile(name),)})
    folder = ensure(spec, "auto")
    assert not (folder / name).exists()
    hub.files[name] = b"quantised"
    assert (ensure(spec, "int8") / name).read_bytes() == b"quantised"


def test_auto_does_not_wait_for_a_file_it_can_do_without(hub, tiny_spec: ModelSpec) -> None:
    name = "onnx/vision_model_quantized.onnx"
    spec = replace(tiny_spec, vision={**tiny_spec.vision, "int8": (WeightFile(name),)})
    ensure(tiny_spec, "fp32")
    hub.files[name] = b"quantised"
    hub.requests.clear()
    folder = ensure(spec, "auto")
    assert hub.requests == []
    assert not (folder / name).exists()
    assert (ensure(spec, "int8") / name).exists()


def test_a_precision_the_model_does_not_have_is_refused(hub, tiny_spec: ModelSpec) -> None:
    with pytest.raises(WeightsUnavailableError, match="no fp16"):
        ensure(tiny_spec, "fp16")


def test_two_threads_may_fetch_the_same_model(hub, tiny_spec: ModelSpec) -> None:
    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda: folders.append(ensure(tiny_spec, "fp32"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 1
    assert len(folders) == 4
    assert (folders[0] / VISION).read_bytes() == hub.files[VISION]
    assert hub.gets(VISION) == [""]


# --- the cache that other tools of the hub share --------------------------------------------------


def test_files_in_the_hubs_own_cache_are_used_offline(
    online: Path, tiny: Path, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    commit = "a" * 40
    repo = tmp_path / "hf" / "models--test--tiny"
    shutil.copytree(tiny / "transformers", repo / "snapshots" / commit)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    folder = ensure(tiny_spec, "fp32", offline=True)
    assert folder.name == commit
    assert (folder / VISION).is_file()
    assert not (folder / VISION).is_symlink()


# --- no network -----------------------------------------------------------------------------------


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("which", ["silent_server", "closed_port"])
def test_without_a_network_it_gives_up_in_under_three_seconds_and_says_what_to_do(
    online: Path,
    tiny_spec: ModelSpec,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    which: str,
) -> None:
    port = request.getfixturevalue(which)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    remote = RemoteFile(f"http://127.0.0.1:{port}/head.bin", "0" * 64, "head.bin")
    for ask, way_out in (
        (lambda: ensure(tiny_spec, "fp32"), "framesift models fetch tiny"),
        (lambda: fetch_file(remote), "connect once"),
    ):
        start = time.monotonic()
        with pytest.raises(WeightsUnavailableError, match=way_out):
            ask()
        assert time.monotonic() - start < 3.0
    with pytest.raises(WeightsUnavailableError) as caught:
        ensure(tiny_spec, "fp32", offline=True)
    for name in (
        "framesift models fetch tiny",
        "--model starter",
        "FRAMESIFT_CACHE_DIR",
        "HF_HOME",
    ):
        assert name in caught.value.message


def test_a_name_that_takes_forever_to_resolve_is_given_up(
    online: Path, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def resolve(*args: object, **kwargs: object) -> object:
        stop.wait(20)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    start = time.monotonic()
    with pytest.raises(WeightsUnavailableError, match="did not answer within"):
        ensure(tiny_spec, "fp32")
    assert time.monotonic() - start < 3.0
    stop.set()


@pytest.mark.parametrize("by_environment", [False, True])
def test_offline_mode_does_not_touch_the_network(
    hub, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, *, by_environment: bool
) -> None:
    if by_environment:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsUnavailableError, match="offline mode is on"):
        ensure(tiny_spec, "fp32", offline=not by_environment)
    assert hub.requests == []


# --- single files by URL --------------------------------------------------------------------------


def test_a_file_by_url_is_fetched_once_and_verified(hub) -> None:
    hub.files["head.bin"] = b"weights" * 1000
    remote = RemoteFile(f"{hub.url}/plain/head.bin", sha(hub.files["head.bin"]), "head.bin")
    path = fetch_file(remote)
    assert path.read_bytes() == hub.files["head.bin"]
    hub.requests.clear()
    assert fetch_file(remote, offline=True) == fetch_file(remote) == path
    assert hub.requests == []


def test_a_file_by_url_goes_on_after_a_break(hub) -> None:
    hub.files["head.bin"] = bytes(range(256)) * 400
    hub.cut["head.bin"] = [40_000, 1]
    remote = RemoteFile(f"{hub.url}/plain/head.bin", sha(hub.files["head.bin"]), "head.bin")
    assert fetch_file(remote).read_bytes() == hub.files["head.bin"]
    assert hub.gets("head.bin") == ["", "bytes=40000-"]


def test_a_file_by_url_with_a_wrong_hash_is_deleted(hub) -> None:
    hub.files["head.bin"] = b"something else"
    remote = RemoteFile(f"{hub.url}/plain/head.bin", "1" * 64, "head.bin")
    with pytest.raises(WeightsMismatchError, match="deleted"):
        fetch_file(remote)
    assert not [path for path in cache_root().rglob("head.bin*") if path.is_file()]


def test_a_file_by_url_offline_says_so(online: Path) -> None:
    with pytest.raises(WeightsUnavailableError, match="offline"):
        fetch_file(RemoteFile("http://127.0.0.1:9/x", "1" * 64, "x"), offline=True)


def test_a_name_cannot_leave_the_cache(hub) -> None:
    hub.files["x"] = b"y"
    path = fetch_file(RemoteFile(f"{hub.url}/plain/x", sha(b"y"), "../../escape"))
    assert cache_root() in path.parents
    assert path.name == "escape"
