"""What may not be asked of pictures of people."""

from __future__ import annotations

import pytest

from framesift.heads.guard import asks_of, check_request

NEVER = (
    "Barack Obama",
    "a photo of Jennifer Walsh",
    "taylor swift on stage",
    "President Biden",
    "the president of France",
    "who is this man",
    "find the person from the first photo",
    "my boss",
    "a photo of my neighbour",
    "our neighbour Tom",
    "my daughter Anna",
    "the same man as in the first picture",
)
REFUSED = {
    "a Muslim man": "religion",
    "a Jewish child": "religion",
    "Hindus": "religion",
    "an Asian woman": "ethnicity",
    "black people": "ethnicity",
    "an Arab": "ethnicity",
    "two young African men": "ethnicity",
    "a gay couple": "sexual orientation",
    "a woman who is gay": "sexual orientation",
    "a transgender person": "gender identity",
    "a communist voter": "political opinion",
    "a disabled person": "disability",
    "an autistic boy": "disability",
    "a person with HIV": "health",
    "a depressed woman": "health",
    "a refugee": "migration",
    "illegal immigrants": "migration",
    "people's ethnicity": "trait",
    "a criminal": "criminality",
    "a suspicious man": "criminality",
    "a shoplifter": "criminality",
}
ALLOWED = (
    "a mosque",
    "a Jewish deli",
    "a woman wearing a headscarf",
    "a Buddhist monk",
    "a gay pride parade",
    "a wheelchair",
    "a person in a wheelchair",
    "a hospital bed",
    "a pregnant woman",
    "people dancing",
    "children playing in the snow",
    "an Indian elephant",
    "a Chinese restaurant",
    "a Japanese maple",
    "a German shepherd",
    "a Russian blue cat",
    "polish sausage",
    "an American flag",
    "black and white photo of a man",
    "a man in a black suit",
    "a portrait of my grandmother",
    "my dog",
    "a boy playing with his friend",
    "a woman and her boss shaking hands",
    "a statue of Abraham Lincoln",
    "Mickey Mouse",
    "Jack Russell terrier",
    "New York",
    "Mount Everest",
    "Big Ben at night",
    "Sunset At The Golden Gate Bridge",
    "a crime scene",
    "a killer whale",
    "a suspicious package",
    "a prison cell",
    "police arresting a man",
    "a person holding a gun",
    "a refugee camp",
    "an ugly building",
    "an ill-fitting suit",
    "a window blind",
    "a beautiful woman",
)


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("mode", ["strict", "research"])
def test_identity_is_refused_in_every_mode(text, mode) -> None:
    refusal = check_request(["a dog", text], mode=mode)
    assert refusal is not None
    assert refusal.never
    assert "never identifies" in refusal.message
    assert "research_mode" not in refusal.message


@pytest.mark.parametrize(("text", "about"), REFUSED.items())
def test_what_the_law_protects_is_refused_unless_a_study_asks(text, about) -> None:
    refusal = check_request([text])
    assert refusal is not None
    assert not refusal.never
    assert about in {ask.about for ask in refusal.asks}
    assert text in refusal.message
    assert "research_mode" in refusal.message
    assert check_request([text], mode="research") is None


@pytest.mark.parametrize("text", ALLOWED)
def test_things_places_and_what_can_be_seen_are_allowed(text) -> None:
    assert check_request([text]) is None


def test_a_refusal_says_what_to_ask_instead() -> None:
    refusal = check_request(["a Muslim man"])
    assert refusal is not None
    assert '"a man"' in refusal.message
    assert '"a person wearing a headscarf"' in refusal.message


def test_many_refusals_are_told_in_one_sentence() -> None:
    refusal = check_request([f"a photo of Anna Smith {n}" for n in range(9)])
    assert refusal is not None
    assert len(refusal.asks) == 9
    assert "and 4 more" in refusal.message


def test_a_label_and_its_prompt_are_named_once() -> None:
    refusal = check_request(["criminal", "a criminal", "a photo of a criminal.", "thief"])
    assert refusal is not None
    assert refusal.message.count("asks for whether people are criminals") == 2


def test_advice_is_on_what_is_refused_for_good() -> None:
    refusal = check_request(["a Muslim man", "Barack Obama"])
    assert refusal is not None
    assert refusal.never
    assert "headscarf" not in refusal.message


def test_a_text_that_asks_for_two_things_is_named_for_both() -> None:
    abouts = [ask.about for ask in asks_of(["a gay Muslim man"])]
    assert sorted(abouts) == ["religion", "sexual orientation"]


def test_nothing_asked_is_nothing_refused() -> None:
    assert check_request([]) is None
    assert check_request(["", "  "]) is None
