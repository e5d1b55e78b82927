# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Disguises and what the heads read of them."""

from __future__ import annotations

import time

import pytest

from framesift.heads.text import normalize


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        ("   \n\t ", ""),
        ("Fr33 PR1ZE, cl1ck n0w!", "free prize click now"),
        ("f r e e  p r i z e", "free prize"),
        ("f.r.e.e m-o-n-e-y", "free money"),
        ("ｆｒｅｅ 𝓶𝓸𝓷𝓮𝔂 ⓝⓞⓦ", "free money now"),
        ("fr\u200bee mo\u00adney", "free money"),
        ("\u202efree\u202c \u2066money\u2069", "free money"),
        ("fre\u0301e\u0336 mön\u0308ey", "free money"),
        ("сlісk hеrе", "click here"),
        ("frεε mοnεy", "free money"),
        ("kiiiill youuuu", "kill you"),
        ("k1ll y0ur$elf", "kill yourself"),
        ("you b**ch", "you bitch"),
        ("<b>fr</b>ee &amp; easy &#109;oney", "free easy money"),
        ("#freemoney", "free money"),
        ("don't", "do not"),
        ("$5,000 at www.example.com for a@b.org", "xxmoney at xxurl for xxmail"),
        ("thanks @somebody 😂", "thanks xxuser 😂"),
        ("a\ud800b\udfff", "ab"),
        ("Привет, как дела", "привет как дела"),
        ("U.S.A. is great", "usa is great"),
        ("IWillKillYou", "i will kill you"),
        ("kILl yOu", "kill you"),
        ("k\ni\nl\nl", "kill"),
        ("can't, won't, shan't, ain't", "can not will not shall not is not"),
        ("I'llll stay, Today'ssss soup", "i will stay today soup"),
        ("1 w!sh I wa5 home, !+ is l4te", "i wish i was home it is late"),
        ("!'ll go +0 my w0rk", "i will go to my work"),
        ("+ha7 tha+", "that that"),
        ("@lways home, @pply", "always home apply"),
        ("T0d4y'$ soup", "today soup"),
        ("ple@$3 come, 5$", "please come xxmoney"),
        ("goooood neeeeed asssss allllll", "good need ass all"),
        ("9 0 0 0 people", "xxnum people"),
        ("tha_t!!", "that"),
        ("5000PeopleAtHome", "xxnum people at home"),
        ("CallMeFromZyxquor", "call me from zyxquor"),
        ("🇫🇷🇪🇪 🇲🇴🇳🇪🇾", "free money"),
        ("🇰🇮🇱🇱 🇮🇹", "kill it"),
        ("k😀i🔥l😀l him", "kill him"),
        ("I 😀 w 😀 i 😀 l 😀 l 😀 k 😀 i 😀 l 😀 l", "i will kill"),
        ("fun 😀 at 🔥 home", "fun 😀 at 🔥 home"),
        ("ꓗꓲꓡꓡ him", "kill him"),
        ("ᗯIᒪᒪ ᗰEET YOᑌ", "will meet you"),
        ("山丨ㄥㄥ 爪乇乇ㄒ him", "will meet him"),
        ("Mount 富士山 in Japan", "mount 富士山 in japan"),
        ("שלום וברכה", "שלום וברכה"),
    ],
)
def test_normal_form(written: str, read: str) -> None:
    assert normalize(written).text == read


def test_sentences_and_lines_are_told_apart() -> None:
    found = normalize("Well, kys. We don't<br>go\non")
    assert found.text == "well kill yourself we do not go on"
    assert [found.text[at:].strip() for at in found.breaks] == ["we do not go on", "go on", "on"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("thanks @john and @sunsetlover", "thanks xxuser and xxuser"),
        ("1 apple and 2 pears, + more", "xxnum apple and xxnum pears more"),
        ("a day on YouTube with GitHub", "a day on youtube with github"),
        ("sooo hot, yesss, 100$", "so hot yes xxmoney"),
    ],
)
def test_what_only_looks_like_a_disguise_stays(text: str, read: str) -> None:
    assert normalize(text).text == read


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("he wrote to me: I will call", 0),
        ("the sign reads: no dogs", 0),
        ("I said: I will call", 1),
        ("one thing: I will call", 1),
        ("he wrote: I will call. He did", 1),
    ],
)
def test_a_colon_after_a_report_ends_no_sentence(text: str, breaks: int) -> None:
    assert len(normalize(text).breaks) == breaks


@pytest.mark.parametrize("text", ["сон на воде", "Ολα ειναι καλα εδω", "مرحبا بكم", "שלום"])
def test_other_scripts_keep_their_letters(text: str) -> None:
    assert normalize(text).text == text.lower()


def test_a_text_drawn_like_latin_letters_and_nothing_else_is_read_so() -> None:
    assert normalize("ѕех сор").text.isascii()


def test_text_in_angle_brackets_is_read() -> None:
    assert normalize("<i will find you>").text == "i will find you"


def test_words_in_comments_of_a_caption_are_read() -> None:
    assert "find you" in normalize("hello <!-- I will find you -->").text


def test_hangul_and_indic_marks_stay_whole() -> None:
    assert normalize("한국어 हिन्दी").text == "한국어 हिन्दी"


@pytest.mark.parametrize(
    ("text", "piece", "origin"),
    [
        ("Hello, FR33 stuff", "free", "FR33"),
        ("so f r e e  now", "free", "f r e e"),
        ("a &amp; fr\u200bee &lt; b", "free", "fr\u200bee"),
        ("ｆｒｅｅ beer", "free", "ｆｒｅｅ"),
        ("<b>fr</b>ee beer", "free", "fr</b>ee"),
    ],
)
def test_a_stretch_is_found_again_in_the_original(text: str, piece: str, origin: str) -> None:
    found = normalize(text)
    at = found.text.index(piece)
    start, end = found.origin(at, at + len(piece))
    assert text[start:end] == origin


def test_unknown_share() -> None:
    assert normalize("the weather is nice today").unknown == 0
    assert normalize("xqzwv grblfk").unknown == 1
    assert normalize("").unknown == 0


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<!--",
        "<a ",
        "&",
        "a",
        "a ",
        "a.b",
        "@",
        "1 ",
        "http://",
        "\u202e",
        "e\u0301",
        "$1,",
        "中",
    ],
)
def test_no_text_takes_more_than_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            normalize(text)
            best = min(best, time.process_time() - start)
        return best

    # Four times the length: a quadratic step would take sixteen times as long.
    assert seconds(80_000) < 9 * seconds(20_000) + 0.05


def test_flags_stay_flags() -> None:
    assert normalize("🇫🇷🇩🇪 won, 🇮🇹 lost").letters == len("wonlost")
