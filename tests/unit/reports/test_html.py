"""The HTML page: self-contained, safe whatever the names, and complete without scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from framesift.reports import ReportHeader, html, to_record, write_report
from framesift.types import (
    Answer,
    Evidence,
    Failure,
    LabelScore,
    ModelInfo,
    Problem,
    Tag,
    TextAnalysis,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Analysis

ATTACKS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>.jpg",
    '"\' onmouseover=alert(1) x=".jpg',
    "&lt;b&gt;{{cards}}{{script}}",
    "]]></title><svg onload=alert(1)>",
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.source = text
        self.text = ""
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Page]:
    def write(*items: Analysis | Failure, header: ReportHeader | None = None) -> Page:
        write_report(items, tmp_path / "r.html", header=header)
        return Page((tmp_path / "r.html").read_text("utf-8"))

    return write


def test_a_page_has_every_picture_its_thumbnail_and_the_records(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    first = make_analysis("a/first.jpg", 8.2, thumbnail=b"\xff\xd8jpeg")
    second = make_analysis("a/second.mp4", 4.0, kind="video", action="block")

    page = written(first, failure, second)

    cards = [item for item in page.all("li") if item.get("class") == "card"]
    assert [(item["data-i"], item["data-action"]) for item in cards] == [
        ("0", "allow"),
        ("2", "block"),
    ]
    (image,) = [item for item in page.all("img") if item.get("src")]
    assert image["src"] == "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8jpeg").decode()
    assert image["alt"] == "Thumbnail of first.jpg"
    assert json.loads(page.scripts[0]) == [to_record(item) for item in (first, failure, second)]
    for text in ("8.2", "Blocked", "0:12", "1 file could not be read", "the file ends after 312"):
        assert text in page.text


@pytest.mark.parametrize("action", ["review", "block"])
def test_what_is_to_review_is_in_the_page_only_blurred(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis], action: str
) -> None:
    item = make_analysis(action=action, thumbnail=b"clear", blurred=b"soft")

    page = written(item)

    (image,) = [item for item in page.all("img") if item.get("src")]
    assert image["src"] == "data:image/jpeg;base64," + base64.b64encode(b"soft").decode()
    assert image["alt"] == "Blurred thumbnail of beach.jpg"
    assert base64.b64encode(b"clear").decode() not in page.source
    (box,) = [item for item in page.all("label") if item.get("id") == "veil-box"]
    assert "hidden" in box


def test_a_hidden_picture_without_a_blurred_thumbnail_shows_none(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    page = written(make_analysis(action="review", thumbnail=b"clear"))

    assert "Not shown" in page.text
    assert base64.b64encode(b"clear").decode() not in page.source


def test_clear_thumbnails_are_there_for_a_click_where_asked_for(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    item = make_analysis(action="block", thumbnail=b"clear", blurred=b"soft")

    page = written(item, make_analysis(thumbnail=b"fine"), header=ReportHeader(clear=True))

    hidden, fine = [item for item in page.all("img") if item.get("src")]
    assert hidden["data-clear"] == base64.b64encode(b"clear").decode()
    assert str(hidden["src"]).endswith(base64.b64encode(b"soft").decode())
    assert "data-clear" not in fine
    (box,) = [item for item in page.all("label") if item.get("id") == "veil-box"]
    assert "hidden" not in box


def test_a_text_has_a_card(written: Callable[..., Page]) -> None:
    labels = (
        LabelScore(
            "spam_scam", 0.97, 0.9, flagged=True, source="text", part="caption", action="review"
        ),
    )

    page = written(TextAnalysis("text", "a" * 64, Verdict("review", labels, "p@1")))

    (card,) = [item for item in page.all("li") if item.get("class") == "card"]
    assert card["data-action"] == "review"
    for text in ("1 text", "spam scam 0.97 (text; by text)", "1To review"):
        assert text in page.text


def test_a_page_loads_nothing_and_runs_only_its_own_script(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    page = written(make_analysis(thumbnail=b"jpeg"))

    for _, attributes in page.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert re.match(r"data:|#|\./|$", attributes.get(name) or ""), attributes
    assert not page.all("link") or [item["href"] for item in page.all("link")] == ["data:,"]
    (policy,) = [item for item in page.all("meta") if item.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode("utf-8")).digest()).decode()
    assert "default-src 'none'" in str(policy["content"])
    assert f"script-src 'sha256-{digest}'" in str(policy["content"])
    assert len(page.scripts) == 2


def test_the_pages_own_files_ask_nothing_of_the_network() -> None:
    for name in ("report.html", "report.css", "report.js"):
        text = html._template(name)
        assert not re.search(r"https?:|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", text), name
        assert "</script" not in html._template("report.js")


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_tags_and_messages_never_become_markup(
    written: Callable[..., Page],
    make_analysis: Callable[..., Analysis],
    failure: Failure,
    attack: str,
) -> None:
    def page_with(text: str) -> Page:
        problem = Problem(text, text)
        found = Evidence(text, words=text)
        labels = (
            LabelScore(
                text,
                0.9,
                0.5,
                flagged=True,
                source=text,
                action="block",
                evidence=found,
                softened=text,
            ),
        )
        return written(
            make_analysis(text, tags=(Tag(text, 0.9),), action="allow", error=problem),
            make_analysis(text, tags=(Tag(text, 0.9),), action=None),
            make_analysis(text, moderation=Verdict("block", labels, text, (Tag(text, 1.0),))),
            Failure(text, problem, None, text),
            header=ReportHeader(text, ModelInfo(text, text, text), text, None, (text,), text),
        )

    page, harmless = page_with(attack), page_with("harmless")

    assert [tag for tag, _ in page.tags] == [tag for tag, _ in harmless.tags]
    assert [sorted(a) for _, a in page.tags] == [sorted(a) for _, a in harmless.tags]
    assert [r["path"] for r in json.loads(page.scripts[0])] == [attack] * 4
    assert attack in page.text


def test_the_figures_count_pictures_verdicts_and_failures(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    items = [make_analysis(f"{n}.jpg", n / 2, action="review") for n in range(21)]

    page = written(*items, failure)

    for text in ("22Files", "5.0Mean score", "0Allowed", "21To review", "0Blocked", "1Failed"):
        assert text in page.text
    bars = page.all("rect")
    assert len(bars) == 20
    assert [float(str(bar["data-to"])) for bar in bars] == [n / 2 for n in range(1, 21)]


def test_the_figures_count_answers_and_leave_out_scores_that_nobody_gave(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    answers = [Answer("c", "label", ("dog", '<b>"cat"</b>'), 0.9) for _ in range(3)]
    answers += [Answer("c", "label", ("dog",), 0.8), Answer("c", "none", (), 0.7)]
    answers += [Answer("c", "unsure", (), 0.4), Answer("c", "label", ("none",), 0.6)]
    items = [
        make_analysis(f"{n}.jpg", None, action=None, answer=answer)
        for n, answer in enumerate(answers)
    ]

    page = written(*items)

    tiles = {str(tile["data-action"]) for tile in page.all("button") if "data-action" in tile}
    assert tiles == {
        "label:dog", 'label:<b>"cat"</b>', "status:none", "status:unsure", "label:none"
    }  # fmt: skip
    for text in ("7Files", "4dog", '3<b>"cat"</b>', "1none of these", "1unsure", "1none"):
        assert text in page.text
    assert "Mean score" not in page.text


def test_the_page_says_what_ran_and_what_to_know(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    header = ReportHeader(
        "1.2.3",
        ModelInfo("starter", "abcdef", "fp32"),
        "default@1",
        datetime(2026, 3, 4, 14, 2, tzinfo=UTC),
        ("framesift", "scan", "~/Pictures"),
        "scored with the starter model",
    )

    page = written(make_analysis(), header=header)

    for text in ("1.2.3", "abcdef", "4 March 2026, 14:02", "framesift scan ~/Pictures"):
        assert text in page.text
    assert "scored with the starter model" in page.text


def test_a_page_without_scores_or_pictures_says_so(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    assert "No pictures or videos found." in written().text
    assert written(make_analysis(score=None)).all("rect") == []
    assert "Nothing could be read" in written(failure).text


def test_originals_are_linked_where_they_are(
    tmp_path: Path, written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    below = tmp_path / "sub dir" / "a#b%20?.jpg"
    below.parent.mkdir()
    below.write_bytes(b"x")

    page = written(make_analysis(str(below)), make_analysis("gone.jpg"), make_analysis("-"))

    cards = [item for item in page.all("li") if item.get("class") == "card"]
    assert [item.get("data-href") for item in cards] == [
        "./sub%20dir/a%23b%2520%3F.jpg",
        None,
        None,
    ]


def test_an_original_elsewhere_gets_its_whole_address(
    tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    original = tmp_path / "in" / "a.jpg"
    original.parent.mkdir()
    original.write_bytes(b"x")
    write_report([make_analysis(str(original))], tmp_path / "out" / "r.html")

    page = Page((tmp_path / "out" / "r.html").read_text("utf-8"))
    (card,) = [item for item in page.all("li") if item.get("class") == "card"]
    assert card["data-href"] == f"file://{original}"


def test_thumbnails_beyond_what_a_browser_opens_are_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[..., Page],
    make_analysis: Callable[..., Analysis],
) -> None:
    monkeypatch.setattr(html, "THUMBNAIL_BUDGET_BYTES", 100)
    items = [make_analysis(f"{n}.jpg", thumbnail=bytes(40)) for n in range(5)]

    page = written(*items)

    assert len([item for item in page.all("img") if item.get("src")]) == 2
    assert "3 thumbnails were left out" in page.text


def test_an_interrupted_page_says_so(
    tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    def results() -> object:
        yield make_analysis()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report(results(), tmp_path / "r.html")

    assert "The scan was interrupted" in (tmp_path / "r.html").read_text("utf-8")


def test_long_and_odd_names_keep_their_end(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis]
) -> None:
    page = written(make_analysis("x" * 300 + "\u202e_0042.jpg"))

    assert "\\u202e_0042.jpg" in page.text
    assert "\u202e" not in page.text


def test_every_template_place_is_filled(
    written: Callable[..., Page], make_analysis: Callable[..., Analysis], tmp_path: Path
) -> None:
    written(replace(make_analysis(), thumbnail=b"x"))

    assert "{{" not in (tmp_path / "r.html").read_text("utf-8")
