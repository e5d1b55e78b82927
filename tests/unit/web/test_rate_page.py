"""The addresses of the page, and that its files fit together."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from framesift.web.gallery import Gallery, list_pictures
from framesift.web.pair_desk import PairDesk
from framesift.web.pairs import PairsFile
from framesift.web.rate_desk import RateDesk
from framesift.web.rate_page import RatePage
from framesift.web.ratings import RatingsFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["rate", "pairs"])
def page(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> RatePage:
    gallery = Gallery(folder, list_pictures(folder, order="name").names)
    ratings = RatingsFile(tmp_path / "r.csv")
    if request.param == "rate":
        return RatePage(RateDesk(gallery, ratings))
    return RatePage(PairDesk(gallery, PairsFile(tmp_path / "p.csv"), ratings, ""))


def text(page: RatePage, path: str) -> str:
    reply = page.get(path, {})
    assert reply is not None
    assert reply.status == 200
    return reply.body.decode("utf-8")


def test_everything_the_page_names_is_served_and_nothing_lies_elsewhere(page: RatePage) -> None:
    html = text(page, "")
    names = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', html)
    assert len(names) == 2
    script = text(page, next(name for name in names if name.endswith(".js")))
    names += re.findall(r'from "\./([^"]+)"', script)
    for name in names:
        content = text(page, name)
        assert not re.search(r"https?://|@import|url\(", content), name
    assert not re.search(r"https?://|\son\w+=|\sstyle=|<script>", html), "the policy forbids these"


def test_every_part_that_the_script_looks_for_is_in_the_page(page: RatePage) -> None:
    html = text(page, "")
    script = text(page, re.findall(r'src="([^"]+\.js)"', html)[0]) + text(page, "common.js")
    wanted = set(re.findall(r'\$\("([\w-]+)"\)', script))
    assert wanted - set(re.findall(r'id="([\w-]+)"', html)) == set()


def test_every_button_has_words(page: RatePage) -> None:
    buttons = re.findall(r"<button([^>]*)>(.*?)</button>", text(page, ""), re.DOTALL)
    assert len(buttons) > 8
    for options, content in buttons:
        if " hidden" in options:  # gets its words when it is shown
            continue
        seen = re.sub(r'<(span|svg) [^>]*aria-hidden="true".*?</\1>', "", content, flags=re.DOTALL)
        assert re.sub(r"<[^>]+>", "", seen).strip(), content


def test_pictures_come_in_a_few_sizes(page: RatePage) -> None:
    reply = page.get("picture/0", {"side": "1024"})
    assert reply is not None
    assert reply.type == "image/jpeg"
    assert Image.open(io.BytesIO(reply.body)).size == (300, 200)
    assert page.get("picture/0", {"side": "full"}) is not None
    for path, side in (("picture/0", "77"), ("picture/0", ""), ("picture/9", "1024")):
        assert page.get(path, {"side": side}) is None
    for path in ("picture/-1", "picture/x", "../rate.html", "data/rate.html", "picture/0/"):
        assert page.get(path, {"side": "1024"}) is None


def test_a_picture_that_cannot_be_shown_says_why(page: RatePage) -> None:
    reply = page.get("picture/2", {"side": "1024"})
    assert reply is not None
    assert reply.status == 422
    assert json.loads(reply.body)["error"]
    state = json.loads(text(page, "state"))
    assert list(state["failures"].values()) == [json.loads(reply.body)["error"]]


def test_the_end_can_be_asked_for(page: RatePage) -> None:
    assert page.post("nothing", {}) is None
    assert not page.finished.is_set()
    page.post("finish", {})
    assert page.finished.is_set()


def test_each_page_takes_its_own_answers(page: RatePage) -> None:
    rating = page.post("rate", {"index": 0, "rating": 5})
    answer = page.post("judge", {"left": 0, "right": 1, "better": "tie"})
    assert (rating is None) != (answer is None)
    reply = page.post("undo", {})
    assert reply is not None
    assert reply.status == 200
