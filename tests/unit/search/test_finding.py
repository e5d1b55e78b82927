"""Queries, filters, evidence and the search itself, on vectors made up for it."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest

from framesift.embeddings.index import VectorIndex, identities
from framesift.errors import ConfigError
from framesift.search import Entry, Evidence, Filters, Query, Search, Term, by_content
from framesift.search.evidence import background_texts, evidence_limits, names_of

WIDTH = 64
RNG = np.random.default_rng(0)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def sha(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


TEXTS = unit(RNG.standard_normal((200, WIDTH)))
PICTURES = unit(RNG.standard_normal((300, WIDTH)))
ASKED = unit(RNG.standard_normal(WIDTH))
SHOWS = unit(PICTURES[:10] + 1.6 * ASKED)


def index_of(vectors: np.ndarray) -> VectorIndex:
    ids = np.concatenate([identities(sha(n), (Fraction(0),)) for n in range(len(vectors))])
    return VectorIndex.of(vectors, ids)


def text(vector: np.ndarray, name: str = "asked") -> Term:
    return Term(name, "text", vector)


def searched(vectors: np.ndarray, query: Query) -> Search:
    contents = [sha(number) for number in range(len(vectors))]
    return Search(index_of(vectors), query, contents, texts=TEXTS)


def test_one_term_gives_the_cosine() -> None:
    looked = searched(PICTURES, Query((text(ASKED),)))
    first = next(looked.found())
    assert first.score == pytest.approx(float((PICTURES.astype(float) @ ASKED).max()), abs=1e-6)


def test_what_is_there_is_a_match_and_what_is_not_is_none() -> None:
    there = searched(np.concatenate([SHOWS, PICTURES[10:]]), Query((text(ASKED),)))
    assert there.matched()
    found = list(there.found())
    assert {one.sha256 for one in found[:10]} == {sha(number) for number in range(10)}
    assert all(there.is_listed(one) for one in found[:10])
    assert sum(there.is_listed(one) for one in found) < 100
    assert not searched(PICTURES, Query((text(ASKED),))).matched()


def test_every_content_comes_once_and_all_come_who_asks_on() -> None:
    ids = np.concatenate([identities(sha(n // 4), (Fraction(n % 4),)) for n in range(300)])
    index = VectorIndex.of(PICTURES, ids)
    looked = Search(index, Query((text(ASKED),)), [sha(n) for n in range(75)], texts=TEXTS)
    found = list(looked.found())
    assert len({one.sha256 for one in found}) == len(found) == 75
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    products = PICTURES.astype(float) @ ASKED
    best = int(products.argmax())
    assert (found[0].sha256, found[0].time) == (sha(best // 4), Fraction(best % 4))


def test_unwanted_terms_come_later() -> None:
    unwanted = unit(RNG.standard_normal(WIDTH))
    both = unit(SHOWS[:5] + 1.2 * unwanted)
    pictures = np.concatenate([SHOWS[5:], both, PICTURES[10:]])
    query = Query((text(ASKED),), (text(unwanted, "unwanted"),))
    first = [one.sha256 for one in list(searched(pictures, query).found())[:5]]
    assert set(first) == {sha(number) for number in range(5)}


def test_a_text_and_a_picture_weigh_alike_however_near_their_kinds_are() -> None:
    far = unit(ASKED + 0.2 * PICTURES[0])
    common = np.zeros(WIDTH, dtype=np.float32)
    common[0] = 3
    pictures = unit(PICTURES + common)
    near = unit(PICTURES[1] + common)
    query = Query((text(far), Term("b.jpg", "image", near)))
    direction = query.direction(pictures)
    spreads = [(pictures @ term.vector).std() for term in query.wanted]
    shares = [float(direction @ term.vector) for term in query.wanted]
    expected = unit(far / spreads[0] + near / spreads[1])
    np.testing.assert_allclose(direction, expected, atol=1e-5)
    assert shares[0] > 0


def test_a_query_wants_something() -> None:
    with pytest.raises(ConfigError, match="say what to look for"):
        Query(())


def test_nothing_can_be_said_of_the_like_of_a_picture_among_few() -> None:
    query = Query((Term("a.jpg", "image", ASKED),))
    looked = searched(PICTURES[:20], query)
    assert looked.matched()
    assert next(looked.found()).margin is None
    evidence = Evidence.measure(query, PICTURES, 300, TEXTS)
    assert evidence.margin(PICTURES[:3]) is not None


def test_a_picture_that_resembles_every_text_is_no_match() -> None:
    bland = unit(TEXTS.sum(axis=0) + 2 * ASKED)
    telling = unit(0.35 * ASKED + 0.94 * PICTURES[0])
    known = Evidence.measure(Query((text(ASKED),)), PICTURES, 300, TEXTS)
    margins = known.margin(np.stack([bland, telling]))
    assert margins is not None
    within = [
        (one @ ASKED - (TEXTS @ one).mean()) / (TEXTS @ one).std() for one in (bland, telling)
    ]
    assert (margins[0] > margins[1]) == (within[0] > within[1])


def test_the_usual_best_match_grows_with_the_collection() -> None:
    query = Query((text(ASKED),))
    few = Evidence.measure(query, PICTURES, 300, TEXTS).known[0]
    many = Evidence.measure(query, PICTURES, 300_000, TEXTS).known[0]
    assert many.top > few.top
    assert many.top < few.top + 0.5


def test_an_empty_collection_has_no_match() -> None:
    looked = Search(index_of(PICTURES), Query((text(ASKED),)), [], texts=TEXTS)
    assert not looked.matched()
    assert list(looked.found()) == []


def test_the_background_is_of_many_things_and_the_limits_are_known() -> None:
    texts = background_texts()
    assert len(texts) == len(set(texts)) == 263
    limits = evidence_limits()
    assert all(limits[kind].listed < limits[kind].match for kind in ("text", "image"))


def entry(path: str, day: str | None = None, content: int = 0) -> Entry:
    stamp = float("nan")
    if day is not None:
        stamp = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    return Entry(path, sha(content), "image", stamp)


@pytest.mark.parametrize(
    ("filters", "path", "day", "accepted"),
    [
        (Filters(), "a.jpg", None, True),
        (Filters(after=date(2024, 5, 1)), "a.jpg", "2024-05-01T00:00:00", True),
        (Filters(after=date(2024, 5, 1)), "a.jpg", "2024-04-30T23:59:59", False),
        (Filters(before=date(2024, 5, 1)), "a.jpg", "2024-04-30T23:59:59", True),
        (Filters(before=date(2024, 5, 1)), "a.jpg", "2024-05-01T00:00:00", False),
        (Filters(before=date(2024, 5, 1)), "a.jpg", None, False),
        (Filters(folders=("2023",)), "photos/2023/a.jpg", None, True),
        (Filters(folders=("2023",)), "photos/2023/may/a.jpg", None, True),
        (Filters(folders=("20*",)), "photos/2023/may/a.jpg", None, True),
        (Filters(folders=("2023/june", "may")), "photos/2023/may/a.jpg", None, True),
        (Filters(folders=("2023/june",)), "photos/2023/may/a.jpg", None, False),
        (Filters(folders=("2023",)), "photos/2023.jpg", None, False),
        (Filters(folders=("a.jpg",)), "photos/a.jpg", None, False),
    ],
)
def test_filters(filters: Filters, path: str, day: str | None, accepted) -> None:
    assert filters.accepts(entry(path, day)) is accepted


def test_files_of_one_content_stay_together() -> None:
    found = by_content([entry("a", content=1), entry("b", content=2), entry("c", content=1)])
    assert {key: [one.path for one in many] for key, many in found.items()} == {
        sha(1): ["a", "c"],
        sha(2): ["b"],
    }


def test_terms_are_named_as_a_person_would() -> None:
    terms = [text(ASKED, "a dog"), Term("b.jpg", "image", ASKED)]
    assert names_of(terms) == '"a dog" and like b.jpg'
