"""`framesift video` on a real clip: what it says, what it writes, what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

# So low a threshold that every picture of anything crosses it.
TOUCHY = 'name = "touchy"\n[categories.gambling]\n{} = 0.0001\n'
CALM = 'name = "calm"\n[categories.gambling]\nblock = 1.0\n'


@pytest.fixture
def clip(demo_pictures: Path, tmp_path: Path) -> Path:
    """Eight seconds in a folder of their own: two pans, and then it stands still."""
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(demo_pictures / "china-clip.mp4", folder / "holiday.mp4")
    return folder / "holiday.mp4"


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "policy.toml").write_text(text, "utf-8")
        return tmp_path / "policy.toml"

    return write


@pytest.fixture(scope="session")
def two_scenes(tmp_path_factory: pytest.TempPathFactory, demo_pictures: Path) -> Path:
    """Four seconds at 10 frames a second: a temple, a flower, and half a second of black."""
    path = tmp_path_factory.mktemp("scenes") / "scenes.mp4"
    first, second = (
        np.asarray(Image.open(demo_pictures / name).convert("RGB").resize((320, 240)))
        for name in ("china.jpg", "flower.jpg")
    )
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.bit_rate = 320, 240, 4_000_000
        for number in range(40):
            pixels = first if number < 20 else second if number < 35 else np.zeros_like(first)
            shifted = np.ascontiguousarray(np.roll(pixels, 2 * number, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shifted, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_a_video_is_told_in_a_few_lines(run: Callable[..., Result], clip: Path) -> None:
    done = run("video", clip, "--quiet")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{clip}   8.0 s, 320 x 214")
    labels = [line[2:12].strip() for line in lines[1:]]
    assert [label for label in labels if label] == [
        "quality",
        "verdict",
        "timeline",
        "faults",
        "shots",
        "seen",
    ]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("kind", "start"), [("srt", "1\n00:00:00,000 -->"), ("vtt", "WEBVTT\n"), ("edl", "TITLE: ")]
)
def test_segments_for_players_and_editors_go_to_standard_output(
    run: Callable[..., Result], clip: Path, policy: Callable[[str], Path], kind: str, start: str
) -> None:
    done = run("video", clip, "--segments", kind, "--policy", policy(TOUCHY.format("review")))

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(start)
    assert "gambling" in done.stdout


def test_segments_as_json_are_those_of_the_record(
    run: Callable[..., Result], clip: Path, tmp_path: Path, policy: Callable[[str], Path]
) -> None:
    rules = policy(TOUCHY.format("block"))
    listed = run("video", clip, "--segments", "json", "--policy", rules, "-q")
    run("video", clip, "--out", tmp_path / "r.jsonl", "--policy", rules, "-q")

    record = json.loads((tmp_path / "r.jsonl").read_text("utf-8"))
    assert json.loads(listed.stdout)["timeline"] == record["timeline"]
    (segment,) = [one for one in record["timeline"]["segments"] if one["kind"] == "harm"]
    assert (segment["label"], segment["action"]) == ("gambling", "block")
    assert (segment["start_s"], segment["end_s"]) == (0.0, 8.0)
    assert "freeze" in {one["label"] for one in record["timeline"]["segments"]}
    assert record["timeline"]["longest_gap_s"] < 2


def test_segments_of_several_videos_go_into_a_folder_and_nothing_is_overwritten(
    run: Callable[..., Result], clip: Path, two_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    out.mkdir()
    (out / "holiday.vtt").write_text("mine")
    done = run("video", clip.parent, two_scenes, "--segments", "vtt", "--out", out)

    assert done.exit_code == 0, done.output
    assert sorted(item.name for item in out.iterdir()) == [
        "holiday (2).vtt",
        "holiday.vtt",
        "scenes.vtt",
    ]
    assert (out / "holiday.vtt").read_text() == "mine"


def test_the_best_frames_are_saved_at_full_size_one_per_shot_and_not_the_black_ones(
    run: Callable[..., Result], two_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "posters"
    args = ("video", two_scenes, "--best-frames", 2, "--out", out, "--frame-format", "png")
    assert run(*args).exit_code == 0
    again = run(*args)

    first, second = sorted(out.iterdir())
    assert first.name.startswith("scenes-00m0")
    assert first.suffix == ".png"
    times = [float(item.name[10:16]) for item in (first, second)]
    assert times[0] < 2 <= times[1] < 3.5
    with Image.open(first) as image:
        assert image.size == (320, 240)
        assert np.asarray(image).mean() > 20
    assert again.stderr.count("already there") == 2
    assert len(list(out.iterdir())) == 2


def test_frames_that_are_not_allowed_are_saved_only_where_asked_for(
    run: Callable[..., Result], clip: Path, tmp_path: Path, policy: Callable[[str], Path]
) -> None:
    out = tmp_path / "posters"
    args = ("video", clip, "--best-frames", 2, "--out", out)
    args += ("--policy", policy(TOUCHY.format("review")))

    kept = run(*args)
    assert kept.exit_code == 0
    assert "0 of 2 frames; the rest is not allowed (--include-flagged)" in kept.stderr
    assert not out.exists()
    assert run(*args, "--include-flagged").exit_code == 0
    assert len(list(out.iterdir())) == 2


def test_a_contact_sheet_shows_every_shot_and_veils_what_is_not_allowed(
    run: Callable[..., Result], two_scenes: Path, tmp_path: Path, policy: Callable[[str], Path]
) -> None:
    sheet = tmp_path / "sheet.png"

    def detail() -> float:
        with Image.open(sheet) as image:
            cell = np.asarray(image.convert("L"), dtype=float)[90:160, 40:200]
        return float(np.abs(np.diff(cell, axis=1)).mean())

    assert run("video", two_scenes, "--sheet", sheet).exit_code == 0
    clear = detail()
    args = ("--policy", policy(TOUCHY.format("block")))
    assert run("video", two_scenes, "--sheet", sheet, *args).exit_code == 0
    assert detail() < clear / 4


def test_reading_stops_once_the_verdict_is_clear(
    run: Callable[..., Result], clip: Path, tmp_path: Path, policy: Callable[[str], Path]
) -> None:
    args = ("--no-cache", "--sampler", "uniform", "--fps", 12, "--stop-on", "block")
    hit = run(
        "video", clip, *args, "--policy", policy(TOUCHY.format("block")),
        "--out", tmp_path / "hit.jsonl",
    )  # fmt: skip
    calm = run("video", clip, *args, "--policy", policy(CALM), "--out", tmp_path / "calm.jsonl")

    assert (hit.exit_code, calm.exit_code) == (0, 0), hit.output + calm.output
    stopped, whole = (
        json.loads((tmp_path / f"{name}.jsonl").read_text("utf-8"))["timeline"]
        for name in ("hit", "calm")
    )
    assert stopped["stopped_s"] < 8
    assert "stopped at" in hit.stdout
    assert whole["stopped_s"] is None
    assert stopped["moments"] < whole["moments"] == 96


def test_reports_of_videos_draw_their_time(
    run: Callable[..., Result], clip: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "r.html", tmp_path / "r.csv"
    done = run("scan", clip, "--out", page, "--out", table)

    assert done.exit_code == 0, done.output
    assert 'class="strip"' in page.read_text("utf-8")
    assert '"t":0.0,"p":"' in page.read_text("utf-8")
    (row,) = csv.DictReader(table.read_text("utf-8").splitlines())
    assert int(row["moments"]) > 2
    assert float(row["longest_gap_s"]) <= 2


def test_videos_are_filtered_like_pictures(run: Callable[..., Result], clip: Path) -> None:
    assert run("filter", clip.parent, "--min-score", 1).stdout.splitlines() == [str(clip)]
    assert run("filter", clip.parent, "--min-score", 10).stdout == ""


@pytest.mark.parametrize(("fail_on", "code"), [("block", 0), ("review", 1)])
def test_the_exit_code_says_what_was_crossed(
    run: Callable[..., Result],
    clip: Path,
    policy: Callable[[str], Path],
    fail_on: str,
    code: int,
) -> None:
    rules = policy(TOUCHY.format("review"))

    assert run("video", clip, "--policy", rules, "--fail-on", fail_on).exit_code == code


def test_a_picture_is_sent_to_scan(
    run: Callable[..., Result], clip: Path, demo_pictures: Path
) -> None:
    photo = demo_pictures / "flower.jpg"
    alone = run("video", photo)
    beside = run("video", photo, clip)

    assert alone.exit_code == 2
    assert alone.stdout == ""
    assert f"{photo} is a picture, not a video; framesift scan judges pictures" in alone.stderr
    assert beside.exit_code == 0
    assert "passed over 1 picture" in beside.stderr


@pytest.mark.parametrize("stop", [(), ("--stop-on", "block")])
def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    run: Callable[..., Result], clip: Path, stop: tuple[str, ...]
) -> None:
    (clip.parent / "broken.mp4").write_bytes(clip.read_bytes()[:700])
    (clip.parent / "empty.mkv").write_bytes(b"")
    done = run("video", clip.parent, "missing.mp4", *stop)

    assert done.exit_code == 3
    assert done.stdout.count("failed ") == 3
    assert "holiday.mp4   8.0 s" in done.stdout
    for words in ("is empty (0 bytes)", "does not exist"):
        assert words in done.stdout


def test_a_video_that_is_cut_off_is_told_as_far_as_it_goes(
    run: Callable[..., Result], two_scenes: Path, tmp_path: Path
) -> None:
    whole = two_scenes.read_bytes()
    moov = whole.rindex(b"moov") - 4
    start = whole.index(b"mdat")
    cut = bytearray(whole)
    cut[start + (moov - start) // 2 : moov] = bytes(moov - start - (moov - start) // 2)
    (tmp_path / "cut.mp4").write_bytes(cut)
    done = run("video", tmp_path / "cut.mp4")

    assert "problem" in done.stdout
    assert "verdict   review" in done.stdout
    assert "seen" in done.stdout


def test_standard_input_is_a_video_too(
    run: Callable[..., Result], clip: Path, tmp_path: Path
) -> None:
    done = run("video", "-", "--best-frames", 1, "--out", tmp_path / "out", stdin=clip.read_bytes())

    assert done.exit_code == 0, done.output
    (frame,) = (tmp_path / "out").iterdir()
    assert frame.name.startswith("clip-00m0")


def test_without_quality_there_are_no_best_frames_but_all_the_rest(
    run: Callable[..., Result], clip: Path, tmp_path: Path
) -> None:
    refused = run("video", clip, "--quality", "none", "--best-frames", 2, "--out", tmp_path / "o")
    told = run("video", clip, "--quality", "none")

    assert refused.exit_code == 2
    assert "--quality none scores none" in refused.stderr
    assert told.exit_code == 0
    assert "  quality" not in told.stdout


def test_a_file_that_cannot_be_written_is_named(
    run: Callable[..., Result], clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = run("video", clip, "--segments", "srt", "--out", tmp_path / "file" / "a.srt")

    assert done.exit_code == 2
    assert "cannot be written" in done.stderr or "not a directory" in done.stderr.lower()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_ends_with_what_was_done(
    start: Callable[..., subprocess.Popen[bytes]], clip: Path, tmp_path: Path
) -> None:
    for number in range(30):
        (clip.parent / f"{number:02}.mp4").write_bytes(clip.read_bytes() + bytes([number]))
    out = tmp_path / "r.jsonl"
    process = start(
        "video", clip.parent, "--out", out, "--no-cache", "--sampler", "uniform", "--fps", "2"
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=60)

    assert process.returncode == 130, errors
    assert b"interrupted after" in errors
    assert b"Traceback" not in errors
    records = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert 0 < len(records) < 31
    assert told.count(b"verdict") <= len(records)
