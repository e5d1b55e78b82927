"""Tables of faces: any delimiter and mark, bad rows accounted for, groups never made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from framesift.cli.faces import choose_groups, column_named, read_faces
from framesift.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.cli.faces import Faces


def table(folder: Path, text: str, encoding: str = "utf-8", pictures: int = 8) -> Path:
    for number in range(pictures):
        (folder / f"{number}.jpg").write_bytes(b"x")
    file = folder / "faces.csv"
    file.write_bytes(text.encode(encoding))
    return file


def rows(delimiter: str = ",") -> str:
    lines = [["Path", "Gender", "origin", "score", "split", "age"]]
    lines += [
        [f"{n}.jpg", "fm"[n % 2], "äö"[n // 4], f"{n / 10}", "train", str(20 + 10 * (n % 3))]
        for n in range(8)
    ]
    return "\n".join(delimiter.join(line) for line in lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_way_of_saving_a_table(tmp_path: Path, encoding: str, delimiter: str) -> None:
    faces = read_faces(table(tmp_path, rows(delimiter), encoding), None)

    assert faces.values("origin") == ["ä"] * 4 + ["ö"] * 4
    assert faces.files[7] == tmp_path / "7.jpg"
    assert choose_groups(faces, None, None) == ("Gender", "origin")


def test_bad_rows_are_named(tmp_path: Path) -> None:
    text = "path,gender\n0.jpg,f\n,m\n9.jpg,m\n0.jpg,m\n1.jpg,m,x\n\n2.jpg,\n"
    faces = read_faces(table(tmp_path, text), None)

    assert [(row.line, row.path) for row in faces.rows] == [(2, "0.jpg"), (8, "2.jpg")]
    assert [(one.row, one.reason) for one in faces.problems] == [
        (3, "it names no picture"),
        (4, "there is no such file"),
        (5, "as in line 2"),
        (6, "it has 3 cells where the header names 2"),
    ]
    assert faces.values("gender") == ["f", ""]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gender,age\nf,3\n", "must be called path"),
        ("", "must be called path"),
        ("path,gender\n", "it has no rows"),
        ("path,gender\n99.jpg,f\n", "say where they are with --images"),
        ('path,gender\n"0.jpg,f\n', "correct its quotes"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_faces(table(tmp_path, text), None)


@pytest.fixture
def faces(tmp_path: Path) -> Faces:
    """Eight rows."""
    return read_faces(table(tmp_path, rows()), None)


def test_groups_can_be_named_in_any_case(faces: Faces) -> None:
    assert choose_groups(faces, ["AGE", "gender", "age"], None) == ("age", "Gender")
    assert choose_groups(faces, None, "origin") == ("Gender",)
    assert column_named(" SPLIT ", faces, "--truth") == "split"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (["race"], "there is no column 'race'"),
        (["split"], "says the same of every picture"),
        (["score"], "names pictures, not groups"),
    ],
)
def test_groups_that_are_none(faces: Faces, wanted: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        choose_groups(faces, wanted, None)


def test_a_table_without_groups_says_how_to_name_them(tmp_path: Path) -> None:
    faces = read_faces(table(tmp_path, "path,score\n0.jpg,1.5\n1.jpg,2\n"), None)

    with pytest.raises(ConfigError, match="name columns of groups with --groups"):
        choose_groups(faces, None, None)
