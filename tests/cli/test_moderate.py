"""`framesift moderate`: pictures, texts, and the two together."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from framesift.cli.moderate import without_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

SCAM = "Congratulations! You win a free iPhone, click here now to claim your $1000 prize"
THREAT = "i will find you and kill you tonight"
CALM = "We walked along the river and had lunch in the garden"
PLAIN = 'name = "plain"\n[categories.weapons]\nreview = 1.0\n[categories.spam_scam]\nreview = 0.8\n'


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A policy that looks at pictures once and hardly flags them."""
    (tmp_path / "plain.toml").write_text(PLAIN, "utf-8")
    return tmp_path / "plain.toml"


@pytest.fixture
def picture(demo_pictures: Path, tmp_path: Path) -> Path:
    """One harmless photograph in a folder of its own."""
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(demo_pictures / "flower.jpg", folder)
    return folder / "flower.jpg"


def records(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("text", "category"), [(SCAM, "spam scam"), (THREAT, "violence"), (CALM, None)]
)
def test_a_text_alone_gets_a_verdict_with_its_reason(
    run: Callable[..., Result], text: str, category: str | None
) -> None:
    done = run("moderate", "--text", text)

    assert done.exit_code == 0, done.output
    first, *reasons = done.stdout.splitlines()
    assert first.split() == ["allow" if category is None else "review", "text"]
    if category is None:
        assert not reasons
    else:
        assert reasons[0].strip().startswith(f"{category} ")
        assert "(text; " in reasons[0]


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [(SCAM, "review", 1), (SCAM, "block", 0), (CALM, "review", 0), (SCAM, None, 0)],
)
def test_the_exit_code_says_what_was_crossed(
    run: Callable[..., Result], text: str, fail_on: str | None, code: int
) -> None:
    args = ("--fail-on", fail_on) if fail_on else ()

    assert run("moderate", "--text", text, *args).exit_code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_comes_from_standard_input_in_any_encoding(
    run: Callable[..., Result], encoding: str
) -> None:
    text = f"{SCAM}, café"

    done = run("moderate", "--text", "-", "--format", "jsonl", stdin=text.encode(encoding))

    (record,) = records(done)
    assert record["path"] == "-"
    assert record["kind"] == "text"
    assert record["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert record["moderation"]["action"] == "review"


@pytest.mark.parametrize("text", ["", " \n ", "مرحبا بالعالم", "\u202eabc", "😀", "a" * 1_000_000])
def test_odd_texts_get_a_verdict(run: Callable[..., Result], text: str) -> None:
    done = run("moderate", "--text", text, "--format", "jsonl")

    assert done.exit_code == 0, done.output
    (record,) = records(done)
    assert record["moderation"]["action"] in ("allow", "review")
    assert record["error"] is None


def test_binary_on_standard_input_is_refused(run: Callable[..., Result]) -> None:
    done = run("moderate", "--text", "-", stdin=bytes(range(256)) * 20)

    assert done.exit_code == 2
    assert done.stderr.startswith("framesift: error: standard input: ")


def test_a_text_alone_loads_no_model() -> None:
    """Quick enough to ask for every comment: neither ONNX Runtime nor Pillow is imported."""
    code = (
        "import sys\n"
        "from framesift.cli.app import cli\n"
        "try: cli.main(['moderate', '--text', 'win a free prize'])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(*sorted({'onnxruntime', 'av', 'sklearn', 'onnx'} & set(sys.modules)), 'end')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == " end".strip()


def test_every_report_takes_a_text(run: Callable[..., Result], tmp_path: Path) -> None:
    outs = [tmp_path / f"report{ending}" for ending in (".html", ".csv", ".jsonl", ".txt", ".log")]

    done = run("moderate", "--text", SCAM, *(part for out in outs for part in ("--out", out)))

    assert done.exit_code == 0
    assert done.stdout == ""
    assert all("spam" in out.read_text("utf-8") for out in outs)


@pytest.mark.parametrize("args", [("--text", "SECRET hello"), ("--text=SECRET hello",)])
def test_a_report_does_not_show_the_text_by_way_of_the_command_line(
    run: Callable[..., Result], args: tuple[str, ...], picture: Path
) -> None:
    for more in ((), (picture,)):
        done = run("moderate", *more, *args, "-f", "html")

        assert done.exit_code == 0
        assert "framesift moderate" in done.stdout
        # What raised a score is evidence, and stands there with it (docs/privacy.md).
        assert re.search(r"--text[^<]*SECRET", done.stdout) is None
        assert re.search(r"--text[^<]*\.\.\.", done.stdout)


def test_what_stands_for_standard_input_is_shown() -> None:
    assert without_text(("framesift", "moderate", "--text", "-", "a.jpg")) == (
        "framesift",
        "moderate",
        "--text",
        "-",
        "a.jpg",
    )
    assert without_text(("framesift", "moderate", "--text", "--text", "--", "--text=x")) == (
        "framesift",
        "moderate",
        "--text",
        "...",
        "--",
        "--text=x",
    )


def test_a_text_in_another_language_says_so_even_where_it_is_allowed(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    text = "Мы завтра идём гулять в парк и потом домой"
    file = tmp_path / "mild.toml"
    file.write_text('name = "mild"\n[categories.spam_scam]\nreview = 0.8\n', "utf-8")

    assert run("moderate", "--text", text, "--policy", file).stdout.splitlines()[:2] == [
        "allow    text",
        "         not English: unmeasured",
    ]
    assert run("moderate", "--text", text).stdout.startswith("review   text\n")


def test_a_picture_and_its_caption_are_judged_together(
    run: Callable[..., Result], picture: Path, plain: Path
) -> None:
    def verdict(*args: object) -> dict[str, object]:
        (record,) = records(run("moderate", picture, "--policy", plain, "--format", "jsonl", *args))
        return record["moderation"]

    alone, calm, scam = verdict(), verdict("--text", CALM), verdict("--text", SCAM)

    assert alone["action"] == calm["action"] == "allow"
    assert scam["action"] == "review"
    (flag,) = [label for label in scam["labels"] if label["flagged"]]
    assert flag["name"] == "spam_scam"
    assert flag["part"] in ("caption", "joint")
    assert flag["evidence"]["words"] in SCAM


def test_captions_come_from_files_beside_and_from_a_table(
    run: Callable[..., Result], picture: Path, plain: Path, tmp_path: Path
) -> None:
    table = tmp_path / "captions.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["path", "caption"], ["one/flower.jpg", SCAM]])

    from_table = run("moderate", picture, "--policy", plain, "--captions", table)
    picture.with_suffix(".txt").write_text(SCAM, "utf-8")
    beside = run("moderate", picture, "--policy", plain)
    given = run("moderate", picture, "--policy", plain, "--text", CALM)
    folder = run("moderate", picture.parent, "--policy", plain)

    assert "passed over 1 file beside pictures" in folder.stderr
    assert "(--all-files tries them); read 1 caption\n" in folder.stderr
    for done in (from_table, beside):
        assert done.stdout.startswith("review "), done.output
        assert "spam scam" in done.stdout
    assert given.stdout.startswith("allow "), given.output


def test_an_encoding_that_is_named_is_not_guessed(
    run: Callable[..., Result], picture: Path, tmp_path: Path
) -> None:
    words = "Ты умрёшь завтра, free prize http://prize.example"
    picture.with_suffix(".txt").write_bytes(words.encode("cp1251"))
    table = tmp_path / "captions.csv"
    table.write_bytes(f'path,caption\n{picture},"{words} и ты"\n'.encode("cp1251"))

    guessed = run("moderate", picture, "--format", "jsonl")
    named = run(
        *("moderate", picture, "--format", "jsonl", "--captions", table),
        *("--caption-encoding", "windows-1251"),
    )
    unknown = run("moderate", picture, "--caption-encoding", "klingon")

    assert "name its encoding" in guessed.stdout
    (record,) = records(named)
    assert record["error"] is None
    assert record["moderation"]["action"] == "review"
    assert unknown.exit_code == 2
    assert "no encoding is called 'klingon'; examples are" in unknown.stderr


def test_a_picture_from_standard_input_takes_a_caption(
    run: Callable[..., Result], picture: Path, plain: Path
) -> None:
    done = run(
        "moderate", "-", "--policy", plain, "--text", SCAM, "--format", "jsonl",
        stdin=picture.read_bytes(),
    )  # fmt: skip

    (record,) = records(done)
    assert (record["path"], record["kind"]) == ("-", "image")
    assert record["moderation"]["action"] == "review"


def test_a_bad_file_fails_and_the_rest_goes_on(
    run: Callable[..., Result], picture: Path, plain: Path
) -> None:
    (picture.parent / "broken.jpg").write_bytes(picture.read_bytes()[:300])
    plain.write_text('on_failure = "block"\n' + PLAIN, "utf-8")

    done = run("moderate", picture.parent, "--policy", plain)
    strict = run("moderate", picture.parent, "--policy", plain, "--fail-on", "block")

    assert (done.exit_code, strict.exit_code) == (3, 1)
    assert re.search(r"^failed +\S*broken\.jpg$", done.stdout, re.MULTILINE)
    assert "(blocked)" in done.stdout
    assert re.search(r"^allow +\S*flower\.jpg$", done.stdout, re.MULTILINE)


def test_the_built_in_policy_looks_closer_than_a_scan(
    run: Callable[..., Result], picture: Path
) -> None:
    (closer,) = records(run("moderate", picture, "--format", "jsonl"))
    (quick,) = records(run("scan", picture, "--format", "jsonl"))

    assert str(closer["moderation"]["policy"]).startswith("moderation@")
    assert str(quick["moderation"]["policy"]).startswith("default@")
    assert closer["moderation"]["context"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "there is nothing to judge"),
        (("a.jpg", "b.jpg", "--text", "x"), "--text belongs to one picture"),
        ((".", "--text", "x"), "--text belongs to one picture"),
        (("*.jpg", "--text", "x"), "--text belongs to one picture"),
        (("-", "--text", "-"), "cannot both come from standard input"),
        (("",), "one of the paths is empty"),
        (("--text", "x", "--fail-on", "allow"), "Invalid value for '--fail-on'"),
        (("--text", "x", "--policy", "nothing.toml"), "the policy cannot be read"),
        (("--txt", "x"), "No such option"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run: Callable[..., Result], args: tuple[str, ...], said: str
) -> None:
    done = run("moderate", *args)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_flagged_picture_is_in_the_report_only_blurred(
    run: Callable[..., Result], picture: Path, plain: Path, tmp_path: Path
) -> None:
    outs = [tmp_path / "blurred.html", tmp_path / "clear.html"]
    for out, more in zip(outs, ((), ("--clear-thumbnails",)), strict=True):
        args = ("moderate", picture, "--policy", plain, "--text", SCAM, "--out", out)
        assert run(*args, *more).exit_code == 0

    blurred, clear = (out.read_text("utf-8") for out in outs)
    images = re.findall(r"base64,([A-Za-z0-9+/=]+)", blurred)
    assert len(images) == 1
    assert "Blurred thumbnail of flower.jpg" in blurred
    assert ' data-clear="' not in blurred
    assert ' data-clear="' in clear
    assert images[0] in clear


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_goes_away_ends_it_quietly(start: Callable[..., object]) -> None:
    process = start("moderate", "--text", SCAM, "--format", "jsonl")
    process.stdout.close()

    assert process.wait(60) in (0, 141)
    assert b"Traceback" not in process.stderr.read()
