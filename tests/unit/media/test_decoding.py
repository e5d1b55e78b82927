from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.media.decoding import DecodedText, check_encoding, clean_text, decode_text

FRENCH = "Un été à la plage, déjà vu"
RUSSIAN = "Сегодня хорошая погода"
ARABIC = "صورة جميلة من الشاطئ"
WRITABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("encoding", MARKS)
@given(text=WRITABLE)
def test_a_marked_text_comes_back(encoding: str, text: str) -> None:
    decoded = decode_text(MARKS[encoding] + text.encode(encoding), encoding="cp1251")
    assert (decoded.text, decoded.problem) == (text.strip(), "")


@given(WRITABLE)
def test_utf_8_comes_back_without_a_mark(text: str) -> None:
    decoded = decode_text(text.encode())
    assert (decoded.text, decoded.problem) == (text.strip(), "")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["free prize", FRENCH, "a", "win 5 € now\r\nclick"])
def test_utf_16_is_told_by_its_zeros(encoding: str, text: str) -> None:
    decoded = decode_text(text.encode(encoding))
    assert (decoded.text, decoded.problem) == (text.replace("\r\n", "\n"), "")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_texts_are_read(encoding: str) -> None:
    decoded = decode_text(FRENCH.encode(encoding))
    assert (decoded.text, decoded.problem) == (FRENCH, "")


def test_quotes_of_windows_and_bytes_it_lacks_are_read() -> None:
    assert decode_text(b"\x93quoted\x94 words").text == "“quoted” words"
    assert decode_text(b"caf\xe9 of an old \x81 machine").text == "café of an old \x81 machine"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        ("今日は天気がいい", "shift_jis"),
        (ARABIC, "cp1256"),
    ],
)
def test_other_encodings_are_a_problem_until_they_are_named(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert "name its encoding" in decode_text(data).problem
    named = decode_text(data, encoding)
    assert (named.text, named.problem) == (text, "")


@pytest.mark.parametrize(
    "text",
    [
        "Un été à la plage — «Été» où l\u2019on créée… “réalité…”",
        "d\u2019être \u2018là\u2019, cœur, Œdipe",
        "Während der Übergröße: „Schöne Grüße“, \u201aÄpfel\u2018 aus Köln, 20 °C, 5 €/m², 100 ‰",
        "¿Qué? ¡Él niño está aquí! «Sí—él», año 2º",
        "A informação não está disponível; as ações são úteis",
        "Þetta er það sem ég vil, íþróttir og æðislegt",
        "Rødgrød med fløde på øen. Hyvää yötä, päätös hääyönä",
        "ÉTÉ À LA PLAGE! Nooonéééé, quelle ÄÄÄH",
        "ƒ/2.8, 1/200 s, 5 \xd7 3 ± 2 µm, ½¼¾ cup, £5\u2013£10, • list •, © Foo® ™ —————",
    ],
)
def test_plain_western_texts_are_no_problem(text: str) -> None:
    assert decode_text(text.encode("cp1252")) == DecodedText(text)


@pytest.mark.parametrize(
    ("threat", "encodings"),
    [
        ("Я убью тебя завтра", ["cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"]),
        ("ты умрёшь", ["cp1251", "koi8-r", "cp866"]),
        ("θα σε σκοτώσω αύριο", ["cp1253"]),
        ("אני אהרוג אותך מחר", ["cp1255"]),
        ("سأقتلك غدا", ["cp1256", "iso8859-6"]),
        ("ฉันจะฆ่าคุณพรุ่งนี้", ["cp874"]),
        ("お前を殺す", ["shift_jis", "euc-jp"]),
        ("死ね", ["shift_jis", "euc-jp"]),
        ("コロス", ["shift_jis", "euc-jp"]),
        ("杀了你", ["gb2312", "gb18030"]),
        ("去死", ["big5"]),
        ("죽어", ["euc-kr"]),
    ],
)
@pytest.mark.parametrize(
    "before", ["", "Hello everybody, what a wonderful and sunny day today. " * 9]
)
def test_a_threat_after_english_words_is_not_misread(
    before: str, threat: str, encodings: list[str]
) -> None:
    for encoding in encodings:
        data = (before + threat).encode(encoding)
        assert "name its encoding" in decode_text(data).problem
        assert decode_text(data, encoding) == DecodedText(before + threat)


def test_right_to_left_text_and_its_marks_are_kept() -> None:
    text = f"\u202b{ARABIC}\u202c \u200f!"
    assert decode_text(text.encode()).text == text


@pytest.mark.parametrize("data", [bytes(range(32)) * 20, b"\x89PNG\r\n\x1a\n" + bytes(400)])
def test_binary_content_is_a_problem(data: bytes) -> None:
    decoded = decode_text(data)
    assert decoded.text == ""
    assert "binary" in decoded.problem


def test_a_stray_zero_does_not_hide_the_words_around_it() -> None:
    text = "this is a long caption with one odd byte in a w\x00ord"
    assert decode_text(text.encode()).text == text.replace("\x00", "")


def test_broken_text_is_kept_with_its_problem() -> None:
    decoded = decode_text(codecs.BOM_UTF8 + b"free \xff prize")
    assert decoded.text == "free \ufffd prize"
    assert "utf-8" in decoded.problem


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "shift_jis", "idna", "utf-16"]))
@example(b"\xff\xfe\x00\xd8", None)
@example(b"\xff" * 70, "idna")
def test_no_bytes_break_it(data: bytes, encoding: str | None) -> None:
    decoded = decode_text(data, encoding)
    decoded.text.encode("utf-8")
    assert "\x00" not in decoded.text
    assert "\r" not in decoded.text
    assert decoded.text == decoded.text.strip()


def test_halves_of_characters_are_joined_or_replaced() -> None:
    assert clean_text("\ud83d\ude00") == "\U0001f600"
    assert clean_text("a\ud83db\ude00") == "a\ufffdb\ufffd"


@pytest.mark.parametrize("name", ["klingon", "rot13", "hex", "", "a\x00b"])
def test_unknown_encodings_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no encoding is called"):
        check_encoding(name)


def test_encodings_have_one_name() -> None:
    assert check_encoding("Latin1") == check_encoding("iso-8859-1")
