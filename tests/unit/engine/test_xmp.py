"""Properties in sidecars: set, and every other byte kept."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framesift.engine.xmp import Name, new_document, patched, read_properties, writable
from framesift.errors import CorruptMediaError

RATING = Name("http://ns.adobe.com/xap/1.0/", "Rating", "xmp")
SCORE = Name("framesift:ns:quality/1.0/", "score", "framesift")
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

LIGHTROOM = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <!-- made by hand -->
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="2"
   xmp:Label='R&quot;ed > "x'
   crs:Exposure2012="+0.35">
   <dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/">
    <rdf:Bag><rdf:li>Größe</rdf:li><rdf:li>日本</rdf:li></rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
   <?xpacket end="w"?>"""


def as_elements(rating: str) -> str:
    return LIGHTROOM.replace('   xmp:Rating="2"\n', "").replace(
        "   <dc:subject", f"   {rating}\n   <dc:subject"
    )


def rating_of(data: bytes) -> str | None:
    """Read with another parser."""
    root = ET.fromstring(data)
    found = [
        value
        for description in root.iter(f"{{{RDF}}}Description")
        for value in (
            description.get(f"{{{RATING.uri}}}Rating"),
            description.findtext(f"{{{RATING.uri}}}Rating"),
        )
        if value is not None
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_new_document_holds_what_it_was_given() -> None:
    data = new_document({RATING: "4", SCORE: "7.3"})
    assert rating_of(data) == "4"
    assert read_properties(data, frozenset((RATING, SCORE)), source="a") == {
        RATING: "4",
        SCORE: "7.3",
    }
    assert data.startswith(b"<?xpacket begin")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_an_attribute_is_exchanged_and_nothing_else(start: str, ending: str) -> None:
    text = start + LIGHTROOM.replace("\n", ending)
    changed = patched(text.encode(), {RATING: "5"}, source="a")
    assert changed.decode() == text.replace('xmp:Rating="2"', 'xmp:Rating="5"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<xmp:Rating>2</xmp:Rating>", "<xmp:Rating>5</xmp:Rating>"),
        ("<xmp:Rating> 2\n</xmp:Rating>", "<xmp:Rating>5</xmp:Rating>"),
        ("<xmp:Rating/>", "<xmp:Rating>5</xmp:Rating>"),
        ('<xmp:Rating xml:lang="x" />', '<xmp:Rating xml:lang="x">5</xmp:Rating>'),
        ("<xmp:Rating></xmp:Rating>", "<xmp:Rating>5</xmp:Rating>"),
        ("<xmp:Rating><![CDATA[2]]></xmp:Rating>", "<xmp:Rating>5</xmp:Rating>"),
    ],
)
def test_an_element_is_exchanged_and_nothing_else(before: str, after: str) -> None:
    changed = patched(as_elements(before).encode(), {RATING: "5"}, source="a")
    assert changed.decode() == as_elements(after)
    assert rating_of(changed) == "5"


def test_a_property_that_is_missing_joins_the_first_description() -> None:
    changed = patched(LIGHTROOM.encode(), {RATING: "2", SCORE: "7.3"}, source="a").decode()
    added = ' xmlns:framesift="framesift:ns:quality/1.0/" framesift:score="7.3"'
    assert changed.replace(added, "") == LIGHTROOM
    assert patched(changed.encode(), {RATING: "2", SCORE: "7.3"}, source="a") == changed.encode()
    again = patched(changed.encode(), {RATING: "2", SCORE: "1"}, source="a").decode()
    assert again == changed.replace('score="7.3"', 'score="1"')


def test_other_prefixes_are_understood() -> None:
    text = LIGHTROOM.replace("xmp:R", "q:R").replace("xmp:L", "q:L").replace("xmlns:xmp", "xmlns:q")
    text = text.replace("crs:", "xmp:").replace("xmlns:crs", "xmlns:xmp")
    changed = patched(text.encode(), {RATING: "5"}, source="a").decode()
    assert changed == text.replace('q:Rating="2"', 'q:Rating="5"')
    bare = text.replace('q:Rating="2"', "").replace("xmlns:q=", "xmlns:z=").replace("q:L", "z:L")
    bare = bare.replace('xmlns:z="http://ns.adobe.com/xap/1.0/"', 'xmlns:z="urn:z"')
    changed = patched(bare.encode(), {RATING: "5"}, source="a")
    assert b'xmlns:xmp2="http://ns.adobe.com/xap/1.0/" xmp2:Rating="5"' in changed
    assert rating_of(changed) == "5"


def test_a_rating_inside_another_property_is_not_ours() -> None:
    inner = (
        '<xmpMM:DerivedFrom xmlns:xmpMM="urn:x"><rdf:Description xmp:Rating="1"/>'
        "</xmpMM:DerivedFrom>"
    )
    text = as_elements(inner)
    changed = patched(text.encode(), {RATING: "5"}, source="a").decode()
    assert 'Description xmp:Rating="1"/>' in changed
    assert changed.replace(' xmp:Rating="5"', "") == text


def test_a_rating_given_twice_is_exchanged_twice() -> None:
    text = as_elements("<xmp:Rating>2</xmp:Rating>").replace(
        "xmp:Label=", 'xmp:Rating="3" xmp:Label='
    )
    assert patched(text.encode(), {RATING: "5"}, source="a").decode() == text.replace(
        ">2<", ">5<"
    ).replace('"3"', '"5"')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not well-formed"),
        ("no XML", "not well-formed"),
        (LIGHTROOM[:400], "not well-formed"),
        ("<a/>", "no rdf:Description"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"/>', "no rdf:Description"),
        (LIGHTROOM.replace("<x:xmpmeta", "<!DOCTYPE x><x:xmpmeta"), "document type"),
        (
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
            + LIGHTROOM.partition("?>")[2].replace("+0.35", "&b;"),
            "document type",
        ),
        (
            LIGHTROOM.replace("+0.35", "&b;"),
            "not well-formed",
        ),
        (as_elements("<xmp:Rating><b>2</b></xmp:Rating>"), "not a simple value"),
        ("<a>" * 1000, "nested too deeply"),
    ],
)
def test_what_is_no_sidecar_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CorruptMediaError, match=reason) as caught:
        patched(text.encode(), {RATING: "5"}, source="a.xmp")
    assert caught.value.source == "a.xmp"


def test_another_encoding_is_refused() -> None:
    for encoding in ("utf-16", "latin-1"):
        text = LIGHTROOM.replace("日本", "").replace("\ufeff", "")
        with pytest.raises(CorruptMediaError, match=r"not in UTF-8|not well-formed"):
            patched(text.encode(encoding), {RATING: "5"}, source="a.xmp")


@given(st.text(max_size=40))
def test_any_text_is_written_so_that_it_is_read_again(text: str) -> None:
    wanted = {SCORE: writable(text)}
    names = frozenset((SCORE,))
    document = new_document(wanted)
    assert read_properties(document, names, source="a") == wanted
    changed = patched(LIGHTROOM.encode(), wanted, source="a")
    assert read_properties(changed, names, source="a") == wanted
    ET.fromstring(changed)
    element = as_elements('<f:score xmlns:f="framesift:ns:quality/1.0/">1</f:score>')
    inside = patched(element.encode(), wanted, source="a")
    assert read_properties(inside, names, source="a") == wanted


@example(noise=b"_", place=246)
@given(st.binary(max_size=60), st.integers(0, len(LIGHTROOM.encode())))
def test_noise_is_refused_or_kept(noise: bytes, place: int) -> None:
    data = LIGHTROOM.encode()[:place] + noise + LIGHTROOM.encode()[place:]
    try:
        changed = patched(data, {RATING: "5"}, source="a")
    except CorruptMediaError:
        return
    assert read_properties(changed, frozenset((RATING,)), source="a") == {RATING: "5"}
