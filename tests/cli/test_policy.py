"""`framesift policy`: write one, check it, explain it, fit it to examples."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import re
import signal
import tomllib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.policies import TAXONOMY, Policy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

PRIZES = ("iphone", "voucher", "holiday", "cash prize", "gift card", "laptop", "cruise", "car")
PLACES = ("park", "office", "library", "station", "school", "garden", "museum", "market")
FOODS = ("soup", "bread", "apples", "cheese", "rice", "beans", "cake", "salad")


@pytest.fixture
def policy(run: Callable[..., Result], tmp_path: Path) -> Path:
    """The built-in policy in a file."""
    assert run("policy", "init", tmp_path / "policy.toml").exit_code == 0
    return tmp_path / "policy.toml"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Sixty advertisements and sixty notes, no two alike."""
    chance = random.Random(0)
    rows = [
        (f"Congratulations winner!!! Claim your free {prize} and {other} now, click here", "1")
        for prize in PRIZES
        for other in PRIZES
    ]
    rows += [
        (f"We met in the {place} and ate {food}, see you at the {chance.choice(PLACES)}", "0")
        for place in PLACES
        for food in FOODS
    ]
    table = tmp_path / "letters.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "spam_scam"])
        writer.writerows(rows)
    return table


def test_init_writes_a_policy_that_check_accepts(run: Callable[..., Result], policy: Path) -> None:
    assert Policy.load(policy) == Policy.moderation()
    assert policy.read_text("utf-8").count("#") > 30

    done = run("policy", "check", policy)

    assert done.exit_code == 0
    assert Policy.moderation().label in done.output


def test_init_never_replaces_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("mine")

    done = run("policy", "init", mine)

    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert mine.read_text() == "mine"


def test_init_prints_the_policy(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run("policy", "init", "-")

    (tmp_path / "printed.toml").write_text(done.stdout, "utf-8")
    assert Policy.load(tmp_path / "printed.toml").label == Policy.moderation().label


def test_check_says_what_the_policy_does_and_what_nobody_measured(
    run: Callable[..., Result], policy: Path
) -> None:
    text = policy.read_text("utf-8").replace("tiles = 4", "tiles = 0")
    policy.write_text(text.replace('on_failure = "review"', 'on_failure = "block"'), "utf-8")

    out = run("policy", "check", policy).stdout

    for line in ("failures  blocked", "tiles     none", "weapons           review from 0.5"):
        assert line in out
    unmeasured = re.sub(r"\s+", " ", out[out.index("Not measured:") :])
    assert "gore (image)" in unmeasured
    assert "weapons (image)" not in unmeasured
    assert "Measured, and not seen: violence (image) on frames of CCTV fights" in unmeasured
    assert "violence (image)" not in unmeasured.split("Measured, and not seen")[0]
    assert "language  texts that are not English: review at least" in out


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "videos    the worst moment decides\n"),
        ("min_s = 2.5", "the worst moment decides; what blocks for less than 2.5 s goes to review"),
        (
            'rule = "share"\nshare = 0.25',
            "what is reached during 0.25 of the running time decides; a moment that",
        ),
    ],
)
def test_check_and_explain_say_what_of_a_video_decides(
    run: Callable[..., Result], tmp_path: Path, table: str, said: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'name = "p"\n[categories.gore]\nreview = 0.5\n[video]\n{table}\n', "utf-8")
    for command in ("check", "explain"):
        result = run("policy", command, file)
        assert result.exit_code == 0
        assert said in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("review = 0.5", "reviw = 0.5", "did you mean 'review'"),
        ("review = 0.5", "review = 5", "thresholds lie above 0 and up to 1"),
        ("[categories.gore]", "[categories.goer]", "did you mean 'gore'"),
        ('name = "moderation"', "name = ", "not a TOML file"),
        ("tiles = 4", 'tiles = "four"', "tiles"),
    ],
)
@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_mistake_is_named_with_the_file_and_the_way_out(
    run: Callable[..., Result], policy: Path, command: str, old: str, new: str, said: str
) -> None:
    policy.write_text(policy.read_text("utf-8").replace(old, new), "utf-8")

    done = run("policy", command, policy)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"framesift: error: {policy}")
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_explain_shows_every_category_in_full(run: Callable[..., Result], policy: Path) -> None:
    out = re.sub(r"\s+", " ", run("policy", "explain", policy).stdout)

    for category in TAXONOMY:
        assert f"{category.name}: {category.title}" in out
        assert category.definition in out
        for prompt in (*category.prompts.prompts, *category.prompts.contrast):
            assert prompt in out


def test_explain_knows_the_names_of_other_services(run: Callable[..., Result]) -> None:
    out = run("policy", "explain", "--names", "--category", "gore").stdout

    assert "Blood & Gore" in out
    assert "violence/graphic" in out
    assert "weapons" not in out


def test_explain_of_what_is_not_judged_lists_what_is(run: Callable[..., Result]) -> None:
    done = run("policy", "explain", "--category", "fireworks")

    assert done.exit_code == 2
    assert "does not judge 'fireworks'; it judges sexual_explicit" in done.stderr


def test_calibrate_fits_texts_and_keeps_the_rest_of_the_file(
    run: Callable[..., Result], policy: Path, letters: Path, tmp_path: Path
) -> None:
    done = run("policy", "calibrate", policy, letters, "--target", "fpr<=10%")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("spam_scam (text; scored by ")
    assert "held back 32 of it and 32 others: fpr " in done.stdout
    new = Policy.load(tmp_path / "policy-calibrated.toml")
    assert new.version == 2
    assert new.model is None
    threshold = new.rules["spam_scam"].thresholds_for("text").review
    assert f"review from {threshold:g};" in done.stdout
    assert new.rules["gore"] == Policy.moderation().rules["gore"]
    said = re.search(
        r"spam_scam: set for scores by (.*?); those by other sources \((.*?)\)", done.stderr
    )
    assert said is not None
    own = Policy.moderation().rules["spam_scam"].sources
    assert {"text"} <= set(said[1].split(", "))
    assert set(said[2].split(", ")) == set(own) - set(said[1].split(", "))
    # The rate is one over the others alone, and so is the number beside it.
    assert re.search(
        r"# fpr<=10%: .* on 32 held back", (tmp_path / "policy-calibrated.toml").read_text()
    )
    old_lines = policy.read_text("utf-8").splitlines()
    new_lines = set((tmp_path / "policy-calibrated.toml").read_text("utf-8").splitlines())
    assert {line for line in old_lines if line.startswith("#")} <= new_lines
    assert 1 <= sum(line not in new_lines for line in old_lines) <= 2
    assert tomllib.loads(policy.read_text("utf-8"))["version"] == 1


def test_calibrate_reads_folders_of_texts(
    run: Callable[..., Result], policy: Path, letters: Path, tmp_path: Path
) -> None:
    with letters.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            folder = tmp_path / "labelled" / ("spam_scam" if row["spam_scam"] == "1" else "benign")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.txt").write_text(row["text"], "utf-8")
    out = tmp_path / "new.toml"

    done = run(
        "policy", "calibrate", policy, tmp_path / "labelled", "--target", "recall>=0.9",
        "--out", out,
    )  # fmt: skip
    table = run("policy", "calibrate", policy, letters, "--target", "recall>=0.9")

    assert done.exit_code == 0, done.output
    assert Policy.load(out).rules["spam_scam"].sources["text"].review is not None
    assert done.stdout.split(";")[0] == table.stdout.split(";")[0]


def test_calibrate_sets_the_block_threshold_and_never_above_nothing(
    run: Callable[..., Result], policy: Path, letters: Path, tmp_path: Path
) -> None:
    done = run("policy", "calibrate", policy, letters, "--target", "block<=50%")

    assert done.exit_code == 0, done.output
    rule = Policy.load(tmp_path / "policy-calibrated.toml").rules["spam_scam"]
    thresholds = rule.thresholds_for("text")
    assert thresholds.block is not None
    assert thresholds.review <= thresholds.block


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--target", "fpr<=1%"), "takes at least 20 examples of the category and 198 others"),
        (("--target", "accuracy>=1"), "is no target; write fpr<=1%"),
        (("--target", "fpr<=10%", "--category", "gore"), "no example is of a category"),
        (("--target", "fpr<=10%", "--category", "goer"), "does not judge 'goer'"),
        (("--target", "block<=5%", "--action", "review"), "leave --action out"),
        ((), "Missing option '--target'"),
    ],
)
def test_calibrate_refuses_and_writes_nothing(
    run: Callable[..., Result],
    policy: Path,
    letters: Path,
    args: tuple[str, ...],
    said: str,
) -> None:
    done = run("policy", "calibrate", policy, letters, *args)

    assert done.exit_code == 2
    assert said in done.stderr
    assert sorted(path.name for path in policy.parent.glob("*.toml*")) == ["policy.toml"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "its first line must name"),
        ("text,weather\nhello,rain\n", "its first line must name"),
        ("text,category\nhello,spam\n", "did you mean 'spam_scam'"),
        ("text,category\n", "holds no labelled picture and no labelled text; write a row per"),
        ('text,category\n"hello,benign\n', "is not valid CSV"),
    ],
)
def test_calibrate_explains_what_is_wrong_with_a_table(
    run: Callable[..., Result], policy: Path, tmp_path: Path, table: str, said: str
) -> None:
    (tmp_path / "bad.csv").write_text(table, "utf-8")

    done = run("policy", "calibrate", policy, tmp_path / "bad.csv", "--target", "fpr<=10%")

    assert done.exit_code == 2
    assert said in done.stderr
    assert "bad.csv" in done.stderr


def test_calibrate_explains_what_is_wrong_with_a_folder(
    run: Callable[..., Result], policy: Path, tmp_path: Path
) -> None:
    (tmp_path / "labelled" / "weapon").mkdir(parents=True)

    done = run("policy", "calibrate", policy, tmp_path / "labelled", "--target", "fpr<=10%")
    gone = run("policy", "calibrate", policy, tmp_path / "nothing", "--target", "fpr<=10%")

    assert "did you mean 'weapons'" in done.stderr
    assert "is not there" in gone.stderr
    assert done.exit_code == gone.exit_code == 2


def _refuse_words(policy: Policy) -> None:
    assert policy.words == "off"


def _no_quality(embedder: object, **options: object) -> object:
    from framesift.heads.choose import NO_QUALITY
    from framesift.pipeline import default_heads

    assert options["quality"] == NO_QUALITY
    return default_heads(embedder, **options)


def test_calibrate_fits_pictures_and_pins_the_model(
    run: Callable[..., Result],
    tmp_path: Path,
    make_image: Callable[..., np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = tmp_path / "small.toml"
    head = 'name = "small"\nwords = "required"\n'
    policy.write_text(f"{head}[categories.weapons]\nreview = 0.5 # mine\n", "utf-8")
    # Words are not looked at here, so that nothing that reads them is needed.
    monkeypatch.setattr("framesift.pipeline.defaults.word_reader_for", _refuse_words)
    monkeypatch.setattr("framesift.cli.session.default_heads", _no_quality)
    for name, first in (("weapons", 0), ("benign", 100)):
        folder = tmp_path / "labelled" / name
        folder.mkdir(parents=True)
        for seed in range(first, first + 24):
            Image.fromarray(make_image(96, 96, seed)).save(folder / f"{seed}.png")
    (tmp_path / "labelled" / "benign" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")

    done = run(
        "policy", "calibrate", policy, tmp_path / "labelled", "--target", "review<=30%", "--quiet"
    )

    assert done.exit_code in (1, 3), done.output
    new = Policy.load(tmp_path / "small-calibrated.toml")
    assert new.model == "starter"
    assert new.rules["weapons"].thresholds.review == 0.5
    assert new.words == "required"
    (source,) = new.rules["weapons"].sources
    assert f"scored by {source}" in done.stdout
    assert "# mine" in (tmp_path / "small-calibrated.toml").read_text("utf-8")


def test_evaluate_measures_a_policy_on_texts(
    run: Callable[..., Result], policy: Path, letters: Path
) -> None:
    done = run("evaluate", policy, letters)
    told = run("evaluate", policy, letters, "--format", "json")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{Policy.moderation().label}\nharmful ")
    figures = json.loads(told.stdout)
    assert sum(figures["confusion"]["harmful"].values()) == 64
    assert sum(figures["confusion"]["benign"].values()) == 64
    (one,) = figures["categories"]
    assert (one["category"], one["medium"], one["positives"]) == ("spam_scam", "text", 64)
    assert one["auroc"] > 0.95
    assert one["confusion"]["benign"]["block"] == 0
    assert f"  auroc      {one['auroc']:.3f}" in done.stdout
    assert one["recall"]["low"] <= one["recall"]["value"] <= one["recall"]["high"]


def test_evaluate_refuses_a_page_for_which_there_is_no_folder(
    run: Callable[..., Result], policy: Path, letters: Path, tmp_path: Path
) -> None:
    page = tmp_path / "nosuch" / "page.html"

    done = run("evaluate", policy, letters, "--report", page)

    assert done.exit_code == 2
    assert f"the folder {page.parent} is not there; make it" in done.stderr
    assert "judging" not in done.stderr
    assert not page.parent.exists()


def test_evaluate_says_how_many_examples_are_labelled_in_part(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    policy = tmp_path / "mean.toml"
    rules = "".join(f"[categories.{name}]\nreview = 0.5\n" for name in ("spam_scam", "violence"))
    policy.write_text(f'name = "mean"\n[categories.weapons]\nreview = 0.5\n{rules}', "utf-8")
    table, page = tmp_path / "texts.csv", tmp_path / "page.html"
    rows = ['"win a free prize, click here",1,', '"a day at the sea",0,', '"a walk",0,0']
    table.write_text("\n".join(["text,spam_scam,violence", *rows]), "utf-8")

    done = run("evaluate", policy, table, "--report", page)
    table.write_text("\n".join(["text,spam_scam,violence", rows[0], rows[2]]), "utf-8")
    whole = run("evaluate", policy, table)

    assert "categories only: 1 example; what is found" in done.stderr
    assert "categories only: 1 example; what is found" in page.read_text("utf-8")
    assert "ounted as benign" not in whole.stderr


def test_init_names_the_folder_that_is_not_there(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "nosuch" / "policy.toml"

    done = run("policy", "init", file)

    assert done.exit_code == 2
    assert f"the folder {file.parent} is not there; make it" in done.stderr
    assert not file.parent.exists()


def test_evaluate_shows_how_a_text_begins_that_was_missed(
    run: Callable[..., Result], policy: Path, tmp_path: Path
) -> None:
    table, page = tmp_path / "texts.csv", tmp_path / "page.html"
    long = "the <b>sea</b> was calm " * 40
    table.write_text(f'text,spam_scam\n"{long}",1\n"a walk",0\n', "utf-8")

    run("evaluate", policy, table, "--report", page)

    text = page.read_text("utf-8")
    excerpt = text.split('<q dir="auto">')[1].split("</q>")[0]
    assert excerpt.startswith("the &lt;b&gt;sea&lt;/b&gt; was calm the")
    assert excerpt.endswith("…")
    assert "No thumbnail" not in text


@pytest.mark.parametrize("name", ["page.pdf", "page"])
def test_evaluate_writes_no_page_under_the_name_of_another_format(
    run: Callable[..., Result], tmp_path: Path, letters: Path, name: str
) -> None:
    policy = tmp_path / "mean.toml"
    policy.write_text('name = "mean"\n[categories.weapons]\nreview = 0.5\n', "utf-8")

    done = run("evaluate", policy, letters, "--report", tmp_path / name)

    assert done.exit_code == 2
    assert f"{name}: the report is a page; give it a name that ends in .html" in done.stderr
    assert not (tmp_path / name).exists()


def test_evaluate_shows_its_worst_misses_blurred(
    run: Callable[..., Result],
    tmp_path: Path,
    make_image: Callable[..., np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = tmp_path / "mean.toml"
    policy.write_text('name = "mean"\n[categories.weapons]\nreview = 0.0001\n', "utf-8")
    for name, seeds in (("weapons", range(3)), ("benign", range(3, 6))):
        folder = tmp_path / "labelled" / name
        folder.mkdir(parents=True)
        for seed in seeds:
            Image.fromarray(make_image(96, 96, seed)).save(folder / f"{seed}.png")
    page = tmp_path / "page.html"
    monkeypatch.setattr("framesift.cli.session.default_heads", _no_quality)

    done = run("evaluate", policy, tmp_path / "labelled", "--report", page)

    assert done.exit_code == 0, done.output
    assert "weapons (image): 3 of it, 3 others" in done.stdout
    text = page.read_text("utf-8")
    images = re.findall(r"image/jpeg;base64,([A-Za-z0-9+/=]+)", text)
    assert len(images) == 3
    for image in images:
        with Image.open(io.BytesIO(base64.b64decode(image))) as shown:
            # Ten patches of colour: no two neighbouring pixels are far apart.
            pixels = np.asarray(shown.convert("L"), float)
        assert np.abs(np.diff(pixels, axis=1)).mean() < 6
    assert "benign/3.png" in text
    assert "Expected calibration error" in text
    assert "<script" not in text


@pytest.mark.parametrize(
    "args", [("--against", "technical"), ("--images", "."), ("--scale", "1-5"), ("--plots", "x")]
)
def test_evaluate_refuses_what_is_about_heads(
    run: Callable[..., Result], policy: Path, letters: Path, args: tuple[str, str]
) -> None:
    done = run("evaluate", policy, letters, *args)

    assert done.exit_code == 2
    assert f"{args[0]} is about heads" in done.stderr


def test_evaluate_of_nothing_readable_says_why(
    run: Callable[..., Result], policy: Path, tmp_path: Path
) -> None:
    (tmp_path / "labelled" / "benign").mkdir(parents=True)
    (tmp_path / "labelled" / "benign" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")

    done = run("evaluate", policy, tmp_path / "labelled", "--model", "starter")

    assert done.exit_code == 2
    assert "no example could be judged; the first: " in done.stderr


def test_explain_names_the_sources_that_the_shipped_heads_have(
    run: Callable[..., Result],
) -> None:
    from framesift.heads import ExpertHead
    from framesift.heads.moderation import weapons_head

    expert, trained = ExpertHead("any"), weapons_head()
    for head in (expert, trained):
        for name in head.names:
            out = run("policy", "explain", "--category", name).stdout
            assert re.search(rf"\b{head.card.source} \(", out), name
    zero_shot = run("policy", "explain", "--category", "gore").stdout
    assert "  image        zero-shot (the prompts below" in zero_shot


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_calibrate_can_be_interrupted(
    start: Callable[..., subprocess.Popen[bytes]], many_pictures: Path, policy: Path
) -> None:
    folder = policy.parent / "labelled"
    folder.mkdir()
    (folder / "benign").symlink_to(many_pictures)
    process = start("policy", "calibrate", policy, folder, "--target", "review<=10%")
    assert process.stderr is not None
    for line in process.stderr:
        if b"judging" in line:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read().decode()

    assert process.wait(60) == 130
    assert re.search(r"interrupted after [\d,]+ of 400 examples", rest), rest
    assert "Traceback" not in rest
    assert not (policy.parent / "policy-calibrated.toml").exists()
