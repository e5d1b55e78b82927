"""E-mails and HTML."""

from __future__ import annotations

import base64

import pytest

from framesift.heads.text import normalize
from framesift.heads.text.markup import concealed, hidden_html, legible, open_mail, structure

HEAD = "From: a@example.org\nTo: b@example.org\nSubject: {}\n{}\n"


def test_of_an_email_subject_and_body_are_read() -> None:
    mail = HEAD.format("Re: [list] Lunch on Friday", "") + "See you at noon.\n"
    assert open_mail(mail) == "Lunch on Friday\nSee you at noon.\n"


@pytest.mark.parametrize(
    "text", ["Subject: hello", "To: be or not to be", "", "a: b\nc: d\ne: f\n"]
)
def test_what_only_looks_like_an_email_stays(text: str) -> None:
    assert open_mail(text) == text


@pytest.mark.parametrize("cut", [0, 3])
def test_parts_in_base64_are_decoded_even_cut_off(cut: int) -> None:
    body = base64.b64encode(b"make money fast today").decode()
    mail = HEAD.format("x", "Content-Transfer-Encoding: base64\n") + body[: len(body) - cut]
    assert "make money fast" in open_mail(mail)


def test_quoted_printable_and_odd_charsets() -> None:
    more = "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=nosuch\n"
    assert "a=3Db" in open_mail(HEAD.format("x", more) + "a=3Db")
    more = more.replace("nosuch", "utf-8")
    assert "caf\u00e9" in open_mail(HEAD.format("x", more) + "caf=C3=A9")


def test_encoded_subjects_are_decoded() -> None:
    assert open_mail(HEAD.format("=?utf-8?Q?caf=C3=A9?=", "")).startswith("caf\u00e9")


def test_attachments_are_not_read() -> None:
    mail = (
        HEAD.format("x", 'Content-Type: multipart/mixed; boundary="b"\n')
        + "--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: image/png\n\nAAAA\n--b--\n"
    )
    assert "hello" in open_mail(mail)
    assert "AAAA" not in open_mail(mail)


def test_scripts_and_styles_of_documents_are_not_read() -> None:
    page = (
        "<html><style>p {}</style><body>Hi<script>var x = 1;</script> <b>you</b><!-- no --></body>"
    )
    assert normalize(page).text == "hi you"
    assert normalize("<html><body>Hi<script>var x = 1;").text == "hi"


def test_how_an_email_is_built() -> None:
    mail = HEAD.format("x", "") + "<html><body bgcolor=red><img src=a></body></html>"
    assert {"xxletter", "xxhtml", "xxpicture", "xxcolours"} <= set(structure(mail))
    assert structure("a caption <b>with</b> tags") == ()


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("Content-Type: application/octet-stream\n", "dark words\n"),
        ("Content-Transfer-Encoding: base64\n", "dark words\n"),
        ('Content-Type: multipart/mixed; boundary="b"\n', "dark words\n--b\n\nhi\n--b--\n"),
        ('Content-Type: multipart/mixed; boundary="b"\n', "--b\n\nhi\n--b--\ndark words\n"),
        ("Content-Type: multipart/mixed\n", "dark words\n"),
    ],
)
def test_bodies_that_only_a_program_would_skip_are_given(more: str, body: str) -> None:
    assert "dark words" in concealed(HEAD.format("x", more) + body)
    assert concealed(body) == ""


def test_blocks_of_base64_are_not_legible() -> None:
    block = base64.encodebytes(bytes(range(256)) * 2).decode()
    assert legible(f"before\n{block}\nafter").split() == ["before", "after"]
    assert legible("a line\nand another\n") == "a line\nand another\n"


def test_words_in_attributes_are_kept() -> None:
    assert normalize('see <img src="x.png" alt="two cats"> here').text == "see two cats here"
    assert normalize("<a title='two cats' href=x>here</a>").text == "two cats here"
    # Within a line they would tear words apart: they are given beside the text.
    assert normalize('ca<b title="x y">ts</b>').text == "cats"
    assert hidden_html('ca<b title="x y" class=z>ts</b>') == "x y"


def test_what_a_page_hides_is_given_apart() -> None:
    page = "<html><!-- one --><body data-x='two words'>Hi<script>three</script></body>"
    found = hidden_html(page)
    assert all(word in found for word in ("one", "two words", "three"))
    assert hidden_html("no tags") == ""
