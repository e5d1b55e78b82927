"""Labelled examples: folders, tables, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.cli.examples import Example, read_examples
from framesift.errors import ConfigError
from framesift.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = ("weapons", "spam_scam")


def read(place: Path) -> tuple[list[Example], list[tuple[int, str]]]:
    found = read_examples(place, CATEGORIES, Settings())
    return list(found.items), [(one.row, one.reason) for one in found.problems]


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    return path


def test_folders_hold_pictures_and_texts_that_belong_to_none(tmp_path: Path) -> None:
    one = picture(tmp_path / "weapons" / "deep" / "a.jpg")
    one.with_suffix(".txt").write_text("its caption")
    (tmp_path / "benign").mkdir()
    (tmp_path / "benign" / "note.txt").write_bytes("grüße".encode("cp1252"))
    (tmp_path / "benign" / "bad.txt").write_bytes(bytes(range(256)))
    (tmp_path / "benign" / "LOUD.TXT").write_text("old system")
    picture(tmp_path / "weapons" / "b.jpg").with_suffix(".TXT").write_text("its caption")
    (tmp_path / "stray.jpg").write_bytes(b"")

    items, problems = read(tmp_path)

    assert [(item.name, item.path, item.text) for item in items] == [
        ("benign/LOUD.TXT", None, "old system"),
        ("benign/note.txt", None, "grüße"),
        ("weapons/b.jpg", tmp_path / "weapons" / "b.jpg", None),
        ("weapons/deep/a.jpg", one, None),
    ]
    assert items[0].labels == {"weapons": False, "spam_scam": False}
    assert items[2].labels == {"weapons": True}
    assert [item.harmful for item in items] == [False, False, True, True]
    assert len(problems) == 2
    assert problems[1][1].startswith("lies beside the folders")


def test_a_table_has_a_column_for_each_category_or_one_for_all(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    wide = tmp_path / "wide.csv"
    wide.write_text(
        'path,text,Weapons,spam_scam\na.jpg,hello,1,\n,"two\nlines",0,yes\n,x,,\n,x,maybe,\ngone.jpg,,1,\n'
    )
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("text;category\none;weapons|spam_scam\ntwo;benign\nthree;\n")

    items, problems = read(wide)
    assert [(item.name, item.text, dict(item.labels)) for item in items] == [
        ("a.jpg", "hello", {"weapons": True}),
        ("line 3", "two\nlines", {"weapons": False, "spam_scam": True}),
    ]
    assert problems == [(6, "weapons is 'maybe'; write 1, 0, or nothing"), (7, "no such file")]

    items, problems = read(narrow)
    assert [dict(item.labels) for item in items] == [
        {"weapons": True, "spam_scam": True},
        {"weapons": False, "spam_scam": False},
    ]
    assert problems == [(4, "has no label")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_may_be_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes("text,category\ncafé,benign\n".encode(encoding))

    (item,), problems = read(tmp_path / "t.csv")

    assert item.text == "café"
    assert not problems


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("path,spam_scam\n", "holds no labelled picture"),
        ("name,spam_scam\na,1\n", "must name 'path' or 'text'"),
        ("text,category\na,weapon\n", "did you mean 'weapons'"),
        ("text\na\n", "and 'category'"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(table)

    with pytest.raises(ConfigError, match=said):
        read(tmp_path / "t.csv")
