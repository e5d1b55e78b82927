from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.media import caption_json
from framesift.media.caption_json import KEYS, is_key, parse_json, texts_in

LONG = "words that nobody would have looked at"


def read(content: Any) -> tuple[str, str]:
    return texts_in(parse_json(json.dumps(content)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"post": {"caption": "one"}}, "one"),
        ({"body": "one"}, "one"),
        ({"content": "one", "alt": "two"}, "one\ntwo"),
        ({"comments": ["one", "two"]}, "one\ntwo"),
        ({"comments": [{"user": "bob", "text": "one"}, {"id": 7, "body": "two"}]}, "one\ntwo"),
        ({"comments": {"data": [{"message": "one", "from": {"id": "x1"}}]}}, "one"),
        ({"comments": []}, ""),
        ({"tags": ["sea", "sun"]}, "sea sun"),
        ({"tags": [{"name": "sea", "count": 3}, "sun"]}, "sea\nsun"),
        ({"hash_tags": ["sea"], "Keywords": "sun, sand"}, "sea\nsun, sand"),
        ({"edges": [{"node": {"text": "one"}}, {"node": {"altText": "two"}}]}, "one\ntwo"),
        ([{"caption": "one"}, "two"], "one\ntwo"),
        ({"caption": LONG, "raw": LONG}, LONG),
        ({"reaction": "four words are few"}, "four words are few"),
        ({"caption": "one", "mood": "k1ll y0ur53lf", "sticker": "one"}, "one\nk1ll y0ur53lf"),
        ({"words": ["you", "are", "next"], "text": "one"}, "one\nyou\nare\nnext"),
        ({"slogan": "1 d13 b1t3h y0u n0w t0d4y 2 3"}, "1 d13 b1t3h y0u n0w t0d4y 2 3"),
        ({"stamp": "死ね"}, "死ね"),
        ({"name": "Kill them all"}, "Kill them all"),
    ],
)
def test_texts_are_found_under_known_names(content: Any, expected: str) -> None:
    assert read(content) == (expected, "")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_known_however_it_is_spelled(key: str) -> None:
    spelled = [key, key.upper(), key.title().replace("_", ""), key.replace("_", "-"), f"x:{key}"]
    assert all(map(is_key, spelled))
    assert not is_key(key + "_id")


@pytest.mark.parametrize(
    "content",
    [
        {"review": LONG},
        {"post": {"review": LONG}},
        {"posts": [{"lines": ["short", LONG]}]},
        {"caption": "harmless", "review": LONG},
        {"review": "私はあなたを明日殺すつもりだ"},
        {"profile_text": {"en": LONG}},
    ],
)
def test_words_under_no_known_name_are_a_problem(content: Any) -> None:
    text, problem = read(content)
    assert text in ("", "short", content.get("caption"))
    assert "which is not read; rename it to 'text'" in problem


@pytest.mark.parametrize(
    "content",
    [
        {"author": "Mehmet Yilmaz", "userName": "bob", "owner": {"name": "Anna", "id": "x1"}},
        {"people": [{"name": "Anna Maria Schmidt"}], "screen_name": "anna", "from": "anna"},
        {"__typename": "GraphImage", "mimeType": "image/jpeg", "vcodec": "vp", "status": "draft"},
        {"localFolderName": "WhatsApp Images", "colorSpace": "sRGB", "location": "Berlin"},
        {"when": "2021-01-01T12:00:00Z", "page": "https://example.org/kill", "no": "DSC00123"},
        {"uuid": "7d793037-a076-4891", "digest": "9f86d081884c7d659a2f", "aperture": "f/2.8"},
        {"preview": "data" * 40},
    ],
)
def test_what_programs_and_people_are_called_is_no_caption(content: Any) -> None:
    assert read(content) == ("", "")


def test_names_of_people_spare_no_more_than_a_few_words() -> None:
    assert "words under 'author'" in read({"author": LONG})[1]
    assert "words under 'first_name'" in read({"owner": {"first_name": LONG}})[1]


def test_the_name_of_the_picture_is_no_caption() -> None:
    content = parse_json('{"title": "IMG_1.jpg", "description": "A day", "note": "IMG_1"}')
    assert texts_in(content, besides=("IMG_1.jpg", "IMG_1")) == ("A day", "")


@pytest.mark.parametrize("content", [{"caption": {"en": "one"}}, {"comments": [[{"by": "bob"}]]}])
def test_an_object_under_a_known_name_must_hold_a_text(content: Any) -> None:
    assert "holds no text under" in read(content)[1]


def test_the_json_of_google_takeout_is_no_problem() -> None:
    moment = {"timestamp": "1609502400", "formatted": "1. Jan. 2021, 12:00:00 am UTC plus zero"}
    place = {"latitude": 48.1, "longitude": 11.5, "latitudeSpan": 0.0}
    content = {
        "title": "IMG_1.jpg",
        "description": "A day at the sea",
        "imageViews": "12",
        "creationTime": moment,
        "photoTakenTime": moment,
        "geoData": place,
        "people": [{"name": "Anna Maria Schmidt"}],
        "url": "https://photos.example/a b c d e f",
        "googlePhotosOrigin": {"mobileUpload": {"deviceType": "IOS_PHONE"}},
    }
    assert read(content) == ("IMG_1.jpg\nA day at the sea", "")


@pytest.mark.parametrize("group", ["", "EXIF:", "XMP-dc:"])
def test_a_dump_of_exiftool_is_no_problem(group: str) -> None:
    content = {
        "SourceFile": "photo.jpg",
        f"{group}ImageDescription": "A day at the sea",
        f"{group}UserComment": "and the sun",
        f"{group}ThumbnailImage": "(Binary data, use the option to extract all of it)",
        f"{group}ProfileCopyright": "Copyright of a company that made this profile",
        f"{group}FlashDetail": "Off, did not fire, and no return was seen",
    }
    assert read([content]) == ("A day at the sea\nand the sun", "")


def test_other_dumps_of_exif_are_no_problem() -> None:
    content = {
        "caption": "one",
        "exif": {"Flash": "did not fire, no return was ever seen"},
        "Image Software": "Adobe Photoshop Lightroom Classic for Macintosh",
        "Exif.Photo.UserComment": "two",
        "file_path": "C:\\My pictures\\Summer in the old town\\one two three.jpg",
    }
    assert read(content) == ("one\ntwo", "")


def test_what_is_too_deep_or_too_much_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Any = {"caption": "one"}
    for _ in range(caption_json.MAX_DEPTH):
        deep = {"a": deep}
    assert "holds more than 32 levels" in read(deep)[1]
    assert read({"a": deep["a"]["a"]["a"]}) == ("one", "")
    monkeypatch.setattr(caption_json, "MAX_VALUES", 100)
    assert "or 100 values; shorten it" in read({"a": [{"b": 1}] * 100})[1]
    assert read({"a": [1, 2] * 1000, "caption": "one"}) == ("one", "")


NAMES = st.sampled_from(["caption", "tags", "a", "url", "SourceFile"]) | st.text(max_size=5)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, ANY_JSON, max_size=4), st.text("abc", min_size=3, max_size=9))
def test_any_json_is_searched_and_no_caption_is_lost(content: Any, words: str) -> None:
    text, _ = read({"any": content, "more": [content, {"Caption": words}]})
    assert words in text.split("\n")
