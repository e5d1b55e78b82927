from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.media import captions as captions_module
from framesift.media.captions import Caption, Captions
from framesift.media.decoding import DecodedText, decode_text


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not looked at")
    return path


def beside(photo: Path, name: str, content: bytes | str) -> Caption | None:
    data = content.encode() if isinstance(content, str) else content
    photo.with_name(name).write_bytes(data)
    return Captions.from_sidecars().caption_for(photo)


def table(folder: Path, content: str | bytes, name: str = "captions.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize("name", ["photo.txt", "photo.jpg.txt", "photo.TXT", "photo.jpg.TXT"])
def test_a_text_beside_the_picture_is_its_caption(photo: Path, name: str) -> None:
    caption = beside(photo, name, "  a day\r\nat the sea\r\n")
    assert caption is not None
    assert (caption.text, caption.problem) == ("a day\nat the sea", "")
    assert Path(caption.origin).name.lower() == name.lower()


@pytest.mark.parametrize("name", ["photo.Txt", "PHOTO.JPG.txt", "Photo.jpg.tXt", "photo.Json"])
def test_names_agree_without_regard_to_capitals(photo: Path, name: str) -> None:
    caption = beside(photo, name, '"words"' if name.endswith("Json") else "words")
    assert caption == Caption("words", str(photo.with_name(name)))


def test_a_listed_folder_is_looked_at_again_once_it_changes(photo: Path) -> None:
    captions = Captions.from_sidecars()
    os.utime(photo.parent, (10**9, 10**9))
    assert captions.caption_for(photo) is None
    photo.with_name("Photo.Txt").write_text("words")
    assert captions.caption_for(photo).text == "words"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root lists anything")
def test_a_folder_that_cannot_be_listed_still_gives_captions(photo: Path) -> None:
    photo.with_name("photo.txt").write_text("words")
    photo.parent.chmod(0o100)
    try:
        assert Captions.from_sidecars().caption_for(photo).text == "words"
    finally:
        photo.parent.chmod(0o700)


def test_a_picture_without_a_text_has_no_caption(photo: Path) -> None:
    photo.with_name("other.txt").write_text("of another")
    photo.with_name("photo.txt").mkdir()
    captions = Captions.from_sidecars()
    assert captions.caption_for(photo) is None
    assert captions.caption_for(photo / "below-a-file.jpg") is None
    assert captions.caption_for(photo.with_name("x" * 254 + ".jpg")) is None
    assert captions.caption_for("zero\x00byte.jpg") is None


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_text_is_no_caption(photo: Path, content: bytes) -> None:
    assert beside(photo, "photo.txt", content) is None


def test_a_text_is_not_its_own_caption(tmp_path: Path) -> None:
    odd = tmp_path / "picture.txt"
    odd.write_bytes(b"\xff\xd8 a JPEG under a wrong name")
    assert Captions.from_sidecars().caption_for(odd) is None


@pytest.mark.parametrize("name", ["photo.json", "photo.jpg.json"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"caption": "one"}', "one"),
        ('{"Title": "one", "likes": 3, "alt": " two ", "text": "one"}', "one\ntwo"),
        ('{"description": ["one", "two"], "comment": 5}', "one\ntwo\n5"),
        ('{"text": "one", "text": "two"}', "one\ntwo"),
        ('"one"', "one"),
        ('{"text": "\\ud83d\\ude00 \\ud800"}', "\U0001f600 \ufffd"),
    ],
)
def test_texts_are_taken_out_of_json(photo: Path, name: str, content: str, expected: str) -> None:
    caption = beside(photo, name, content)
    assert caption is not None
    assert (caption.text, caption.problem) == (expected, "")


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"caption": null}', '{"more": {"caption": ""}}', '{"caption": ""}']
)
def test_json_without_a_text_is_no_caption(photo: Path, content: str) -> None:
    assert beside(photo, "photo.json", content) is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1, 2]",
        "7",
        '{"caption": {"en": "nested"}}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_json_that_cannot_be_understood_is_a_problem(photo: Path, content: str) -> None:
    caption = beside(photo, "photo.json", content)
    assert caption is not None
    assert str(photo.with_name("photo.json")) in caption.problem


def test_all_texts_of_a_picture_are_joined(photo: Path) -> None:
    for name, content in {
        "photo.txt": "one",
        "photo.jpg.txt": "two",
        "photo.json": '{"title": "one", "alt": "three"}',
        "photo.jpg.json": "{",
    }.items():
        photo.with_name(name).write_text(content)
    caption = Captions.from_sidecars().caption_for(photo)
    assert caption is not None
    assert sorted(caption.text.split("\n")) == ["one", "one", "three", "two"]
    assert "photo.jpg.json: is not valid JSON" in caption.problem


def test_a_file_beyond_the_limit_is_a_problem(photo: Path, monkeypatch) -> None:
    monkeypatch.setattr(captions_module, "MAX_SIDECAR_BYTES", 1000)
    assert beside(photo, "photo.txt", "a" * 1000).problem == ""
    caption = beside(photo, "photo.txt", "a" * 1001)
    assert caption.text == ""
    assert "is larger than 1,000 bytes" in caption.problem


def test_a_million_characters_are_a_caption(photo: Path) -> None:
    caption = beside(photo, "photo.txt", "\U0001f600" * 1_000_000)
    assert len(caption.text) == 1_000_000
    assert caption.problem == ""


def test_a_text_in_an_unknown_encoding_is_a_problem(photo: Path) -> None:
    data = "Сегодня хорошая погода".encode("cp1251")
    assert "name its encoding" in beside(photo, "photo.txt", data).problem
    named = Captions.from_sidecars(encoding="cp1251").caption_for(photo)
    assert named == Caption("Сегодня хорошая погода", str(photo.with_name("photo.txt")))
    with pytest.raises(ConfigError, match="no encoding is called"):
        Captions.from_sidecars(encoding="klingon")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_file_without_permission_is_a_problem(photo: Path) -> None:
    sidecar = photo.with_name("photo.txt")
    sidecar.write_text("hidden")
    sidecar.chmod(0)
    assert "permissions" in Captions.from_sidecars().caption_for(photo).problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(photo: Path) -> None:
    os.mkfifo(photo.with_name("photo.txt"))
    assert Captions.from_sidecars().caption_for(photo) is None


@given(st.binary(max_size=300), st.sampled_from(["photo.txt", "photo.json"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_beside_a_picture_break_it(photo: Path, data: bytes, name: str) -> None:
    caption = beside(photo, name, data)
    if caption is None:
        assert name == "photo.json" or decode_text(data) == DecodedText("")
    else:
        assert caption.text or caption.problem
        caption.text.encode("utf-8")
    photo.with_name(name).unlink()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_gives_captions(photo: Path, delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows(
        [
            ["Path", "likes", "Caption", "alt"],
            ["photo.jpg", "3", f'été{delimiter} "quoted"\nnext', "sea"],
            ["gone.jpg", "1", "nobody asks", ""],
        ]
    )
    file = table(photo.parent, out.getvalue().encode(encoding))
    captions = Captions.from_csv(file)
    assert captions.unused == ("photo.jpg", "gone.jpg")
    expected = f'été{delimiter} "quoted"\nnext\nsea'
    assert captions.caption_for(photo) == Caption(expected, f"{file}, line 2")
    assert captions.unused == ("gone.jpg",)
    assert captions.caption_for(photo.with_name("none.jpg")) is None


def test_json_lines_give_captions(photo: Path) -> None:
    lines = [
        json.dumps(
            {"path": "photo.jpg", "caption": "one\u2028line", "alt": None}, ensure_ascii=False
        ),
        "",
        json.dumps({"File": str(photo), "text": ["two"]}),
    ]
    captions = Captions.from_csv(table(photo.parent, "\r\n".join(lines), "c.jsonl"))
    caption = captions.caption_for(photo)
    assert (caption.text, caption.problem) == ("one\u2028line\ntwo", "")
    assert "line 1" in caption.origin
    assert "line 3" in caption.origin
    assert captions.unused == ()


def test_paths_are_found_however_they_are_spelled(tmp_path: Path, monkeypatch) -> None:
    root = tmp_path / "up" / "loads"
    (root / "a").mkdir(parents=True)
    names = [
        "a/1.jpg",
        "./a//2.jpg",
        "a\\3.jpg",
        str(root / "a" / "4.jpg"),
        "a/e\u0301.jpg",
        "a/ b.jpg ",
    ]
    rows = "".join(f'"{name}",caption of {number}\n' for number, name in enumerate(names))
    file = table(tmp_path, "path,caption\n" + rows)
    captions = Captions.from_csv(file, roots=[root])
    monkeypatch.chdir(root)
    asked = [root / "a/1.jpg", "a/2.jpg", "a/3.jpg", "./a/4.jpg", "a/\u00e9.jpg", "a/ b.jpg "]
    found = [captions.caption_for(path) for path in asked]
    assert [caption.text for caption in found] == [f"caption of {n}" for n in range(len(names))]
    assert captions.unused == ()


def test_rows_for_one_picture_are_joined(photo: Path) -> None:
    file = table(photo.parent, "path,text\nphoto.jpg,one\nphoto.jpg,two\nphoto.jpg,one\n")
    assert Captions.from_csv(file).caption_for(photo).text == "one\ntwo"


def test_an_empty_caption_is_none_and_its_row_is_used(photo: Path) -> None:
    captions = Captions.from_csv(table(photo.parent, "path,text\nphoto.jpg,\n"))
    assert captions.caption_for(photo) is None
    assert captions.unused == ()


def test_a_comma_without_quotes_is_a_problem_and_nothing_is_lost(photo: Path) -> None:
    file = table(photo.parent, "path,caption\nphoto.jpg,nice, but harmful\n")
    caption = Captions.from_csv(file).caption_for(photo)
    assert caption.text == "nice\nbut harmful"
    assert "line 2: has 3 cells, not 2; put captions in quotes" in caption.problem


def test_sidecars_and_a_table_are_joined(photo: Path) -> None:
    photo.with_name("photo.txt").write_text("beside")
    rows = Captions.from_csv(table(photo.parent, "path,text\nphoto.jpg,in the table\n"))
    both = Captions.from_sidecars() | rows
    assert both.caption_for(photo).text == "beside\nin the table"
    assert both.unused == ()
    assert Captions().caption_for(photo) is None


def test_a_cell_of_a_million_characters_is_read(photo: Path) -> None:
    before = csv.field_size_limit()
    file = table(photo.parent, "path,text\nphoto.jpg," + "a" * 1_000_000)
    assert len(Captions.from_csv(file).caption_for(photo).text) == 1_000_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("c.csv", "", "has the columns nothing"),
        ("c.csv", "path,likes\nphoto.jpg,3\n", "has the columns path, likes"),
        ("c.csv", "caption\nwords\n", "its first line must name a column 'path'"),
        ("c.csv", "path,text\n ,words\n", "line 2 names no file"),
        ("c.csv", 'path,text\na.jpg,"open\n', "is not valid CSV"),
        ("c.csv", bytes(range(32)) * 20, "binary"),
        ("c.jsonl", '{"path": "a.jpg", "text": "b"}\n{', "line 2 is not valid JSON"),
        ("c.jsonl", "[1]", "line 1 is no object"),
        ("c.jsonl", '{"text": "b"}', "line 1 names no file"),
        ("c.jsonl", '{"path": 7, "text": "b"}', "line 1 names no file"),
        ("c.xlsx", "path,text", "no table of captions by its ending"),
    ],
)
def test_a_broken_table_is_named(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    file = table(tmp_path, content, name)
    with pytest.raises(ConfigError, match=reason) as caught:
        Captions.from_csv(file)
    assert str(file) in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Captions.from_csv(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        Captions.from_csv(table(tmp_path, "", "x.csv").parent / "zero\x00.csv")


def test_a_row_is_searched_as_a_file_is(photo: Path) -> None:
    rows = [
        {"image": "photo.jpg", "post": {"caption": "one"}},
        {"image": "photo.jpg", "review": "words that nobody would have looked at"},
    ]
    file = table(photo.parent, "\n".join(map(json.dumps, rows)), "c.jsonl")
    caption = Captions.from_csv(file).caption_for(photo)
    assert caption.text == "one"
    assert caption.problem.endswith(
        "line 2: holds words under 'review', which is not read; rename it to 'text'"
    )


def test_nested_texts_in_a_row_are_a_problem(photo: Path) -> None:
    file = table(photo.parent, '{"path": "photo.jpg", "text": {"en": "words"}}', "c.jsonl")
    assert "holds no text under 'text'" in Captions.from_csv(file).caption_for(photo).problem


@given(st.binary(max_size=300), st.sampled_from(["c.csv", "c.jsonl"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_break_a_table(tmp_path: Path, data: bytes, name: str) -> None:
    file = table(tmp_path, b"path,text\n" * (name == "c.csv") + data, name)
    try:
        captions = Captions.from_csv(file)
    except ConfigError:
        return
    assert all(path.strip() for path in captions.unused)


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("photo.jpg", "photo.jpg.supplemental-metadata.json"),
        ("photo.jpg", "photo.jpg.supplemental-meta.json"),
        ("photo.jpg", "Photo.JPG.suppl.json"),
        ("photo.jpg", "photo.jpg.s.json"),
        ("photo.jpg", "photo.jpg..json"),
        ("photo(2).jpg", "photo.jpg.supplemental-metadata(2).json"),
        ("photo(2).jpg", "photo.jpg.sup(2).json"),
        ("photo(2).jpg", "photo.jpg(2).json"),
        (f"{'long' * 11}er.jpg", f"{'long' * 11}er.json"),
        (f"{'long' * 11}.jpg", f"{'long' * 11}.j.json"),
    ],
)
def test_the_names_of_google_takeout_are_found(tmp_path: Path, picture: str, name: str) -> None:
    content = {"title": picture.replace("(2)", ""), "description": "Kill them all"}
    caption = beside(tmp_path / picture, name, json.dumps(content))
    assert caption == Caption("Kill them all", str(tmp_path / name))


@pytest.mark.parametrize(
    "name",
    [
        "photo.jpg.supplements.json",
        "photo.jpg.supplemental-metadata(1).json",
        "photo.jpg.supplemental-metadata.txt",
        "photo.jpgs.json",
        "photo2.jpg.s.json",
    ],
)
def test_names_that_only_look_like_those_are_not(photo: Path, name: str) -> None:
    assert beside(photo, name, '{"description": "Kill them all"}') is None


def test_the_first_of_pictures_of_one_name_has_its_own_json(photo: Path) -> None:
    second = photo.with_name("photo(1).jpg")
    captions = Captions.from_sidecars()
    for picture, name in ((photo, ""), (second, "(1)")):
        file = photo.with_name(f"photo.jpg.supplemental-metadata{name}.json")
        file.write_text(json.dumps({"title": "photo.jpg", "description": f"of {picture.name}"}))
    assert captions.caption_for(photo).text == "of photo.jpg"
    assert captions.caption_for(second).text == "of photo(1).jpg"


@pytest.mark.parametrize("title", ["photo.jpg", "photo"])
def test_json_that_only_names_the_picture_is_no_caption(photo: Path, title: str) -> None:
    assert beside(photo, "photo.json", json.dumps({"title": title})) is None
