from __future__ import annotations

import time

import numpy as np
import pytest

from framesift.errors import ConfigError
from framesift.heads.training import locate, read_ratings, without


def write(path, text: str, encoding: str = "utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,rating\na.jpg,7\nb.jpg,3.5\n", "utf-8"),
        ("path,rating\r\na.jpg,7\r\nb.jpg,3.5\r\n", "utf-8-sig"),
        ("path;rating\na.jpg;7\nb.jpg;3,5\n", "utf-8"),
        ("path\trating\na.jpg\t7\nb.jpg\t3,5\n", "utf-16"),
        ("Rating | PATH\n7|a.jpg\n3.5|b.jpg\n", "utf-8"),
        ('"path","rating"\n"a.jpg","7"\n\n"b.jpg","3.5"\n', "utf-8"),
    ],
)
def test_any_delimiter_and_encoding(tmp_path, text, encoding):
    table = read_ratings(write(tmp_path / "r.csv", text, encoding))
    assert table.paths == ("a.jpg", "b.jpg")
    assert table.rating.tolist() == [7.0, 3.5]
    assert table.raters == ("",)
    assert table.problem_count == 0


def test_umlauts_of_windows(tmp_path):
    table = read_ratings(write(tmp_path / "r.csv", "path,rating\nMüller.jpg,1\n", "cp1252"))
    assert table.paths == ("Müller.jpg",)


def test_umlauts_of_utf8_cut_by_the_sample(tmp_path):
    filler = "".join(f"{'ü' * 21}{i}.jpg,1\n" for i in range(3000))
    table = read_ratings(write(tmp_path / "r.csv", "path,rating\n" + filler))
    assert len(table) == 3000
    assert table.paths[0] == "ü" * 21 + "0.jpg"


def test_other_names_for_columns(tmp_path):
    path = write(tmp_path / "r.csv", "file,stars,who\na.jpg,5,ann\na.jpg,4,bob\n")
    table = read_ratings(path, columns={"path": "file", "rating": "Stars", "rater": "who"})
    assert table.raters == ("ann", "bob")
    assert table.picture.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("file,stars\na.jpg,5\n", {}, "no column 'path' among: file, stars"),
        ("path,rating\na.jpg,5\n", {"rater": "who"}, "no column 'who'"),
        ("path,rating\na.jpg,5\n", {"stars": "x"}, "no column 'stars' to rename"),
        ("", {}, r"among: \(none\)"),
        ("path,rating\n", {}, "no usable rating"),
        ("path,rating\na.jpg,good\n", {}, "line 2: its rating 'good' is not a number"),
        ("path,rating,split\na.jpg,1,west\n", {}, "line 2: split 'west'"),
        ("path,rating,split\na.jpg,1,train\na.jpg,2,test\n", {}, "line 3.*one split"),
        ("path,rating,group\na.jpg,1,x\na.jpg,2,y\n", {}, "line 3.*one group"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, text, columns, words):
    with pytest.raises(ConfigError, match=words):
        read_ratings(write(tmp_path / "r.csv", text), columns=columns)


def test_a_missing_table_is_said(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_ratings(tmp_path / "none.csv")


def test_bad_rows_are_left_out_and_named(tmp_path):
    rows = ["path,rating", "a.jpg,", "b.jpg,nan", "c.jpg,inf", "d.jpg,-inf", ",5", "e.jpg,5,6"]
    rows += ["f.jpg,six", "g.jpg", "h.jpg,8"]
    table = read_ratings(write(tmp_path / "r.csv", "\n".join(rows)))
    assert table.paths == ("h.jpg",)
    assert table.problem_count == 8
    assert [each.row for each in table.problems] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert table.problems[0].reason == "its rating is empty"
    assert "is not a number" in table.problems[1].reason
    assert table.problems[4].reason == "it names no picture"
    assert "3 cells" in table.problems[5].reason


def test_many_bad_rows_are_counted_and_not_all_kept(tmp_path):
    rows = ["path,rating", *["a.jpg,x"] * 500, "b.jpg,1"]
    table = read_ratings(write(tmp_path / "r.csv", "\n".join(rows)))
    assert table.problem_count == 500
    assert len(table.problems) == 100


def test_repeated_rows_count_with_their_mean(tmp_path):
    text = "path,rating,rater\na.jpg,2,x\na.jpg,4,x\na.jpg,8,y\nb.jpg,1,x\n"
    table = read_ratings(write(tmp_path / "r.csv", text))
    assert table.repeats == 1
    assert table.rating.tolist() == [3.0, 8.0, 1.0]


def test_split_and_group_are_kept(tmp_path):
    text = "path,rating,split,group\na.jpg,1,train,s1\nb.jpg,2,Validation,s2\nc.jpg,3,,\n"
    table = read_ratings(write(tmp_path / "r.csv", text))
    assert table.splits == ("train", "test", "")
    assert table.groups == ("s1", "s2", "")


def test_missing_files_are_listed_and_the_rest_goes_on(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "c.jpg").write_bytes(b"x")
    text = "path,rating,rater\na.jpg,1,x\nb.jpg,2,x\nc.jpg,3,x\nc.jpg,5,y\n"
    table = read_ratings(write(tmp_path / "r.csv", text))
    kept, files = locate(table)
    assert kept.paths == ("a.jpg", "c.jpg")
    assert [file.name for file in files] == ["a.jpg", "c.jpg"]
    assert kept.picture.tolist() == [0, 1, 1]
    assert kept.rating.tolist() == [1.0, 3.0, 5.0]
    assert kept.problem_count == 1
    assert kept.problems[0].path == "b.jpg"


def test_blanks_around_a_name_count_where_a_file_has_them(tmp_path):
    for name in (" lead.jpg", "a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    path = tmp_path / "ratings.csv"
    path.write_text(
        "path,rating,rater\n lead.jpg,1,x\n a.jpg ,2,x\nb.jpg,3,x\n b.jpg,5,x\nc.jpg,4,x\n"
    )
    read = read_ratings(path)
    assert len(read) == 5
    found, files = locate(read)
    assert found.paths == (" lead.jpg", "a.jpg", "b.jpg")
    assert [file.name for file in files] == [" lead.jpg", "a.jpg", "b.jpg"]
    assert found.rating.tolist() == [1, 2, 4]
    assert found.repeats == 1
    assert [each.path for each in found.problems] == ["c.jpg"]


def test_blanks_around_names_alone_do_not_matter(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("path, rating, group\n a.jpg, 1, x\n b.jpg, 2, y\n")
    assert read_ratings(path).paths == ("a.jpg", "b.jpg")


def test_no_file_at_all_is_an_error(tmp_path):
    table = read_ratings(write(tmp_path / "r.csv", "path,rating\na.jpg,1\n"))
    with pytest.raises(ConfigError, match=r"none of the 1 rated pictures.*--images"):
        locate(table, tmp_path / "elsewhere")


def test_without_renumbers(tmp_path):
    text = "path,rating\na.jpg,1\nb.jpg,2\nc.jpg,3\n"
    table = without(read_ratings(write(tmp_path / "r.csv", text)), [0])
    assert table.paths == ("b.jpg", "c.jpg")
    assert table.picture.tolist() == [0, 1]


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    rng = np.random.default_rng(0)
    pictures, raters = rng.integers(0, 20_000, 1_000_000), rng.integers(0, 300, 1_000_000)
    ratings = rng.integers(1, 6, 1_000_000)
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("path,rating,rater\n")
        stream.writelines(
            f"folder/{p}.jpg,{v},rater{r}\n"
            for p, v, r in zip(pictures, ratings, raters, strict=True)
        )
    start = time.process_time()
    table = read_ratings(path)
    assert len(table) == 20_000
    assert table.repeats == 1_000_000 - len(
        set(zip(pictures.tolist(), raters.tolist(), strict=True))
    )
    assert time.process_time() - start < 30
