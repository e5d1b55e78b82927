from __future__ import annotations

import json

import numpy as np
import pytest

from framesift.embeddings.starter_model import load_model
from framesift.errors import HeadError
from framesift.heads import Calibration, CategoryPrompts, HeadCard, ScreeningHead, resources
from framesift.heads.prompts import TEMPLATES
from framesift.heads.screening import PromptVectors, calibration_for
from framesift.policies import CONTEXT_TAGS, TAXONOMY
from framesift.types import Embeddings

GUN = CategoryPrompts("weapons", ("a rifle", "a pistol"), ("a toy water gun",))
WINE = CategoryPrompts("alcohol", ("a bottle of wine", "beer"), ("orange juice",))


def column(head, embeddings, name):
    scores = head.score(embeddings)
    return scores.values[:, scores.names.index(name)]


def test_it_finds_what_it_is_for_and_neither_look_alikes_nor_ordinary_pictures(embedder):
    head = ScreeningHead.from_prompts(embedder, [GUN, WINE])
    pictures = embedder.pictures("a rifle", "a toy water gun", "a landscape with mountains", "beer")
    weapons = column(head, pictures, "weapons")
    assert weapons[0] > 0.9
    assert (weapons[1:] < 0.1).all()
    assert column(head, pictures, "alcohol")[3] > 0.9


def test_a_picture_can_be_several_things(embedder):
    head = ScreeningHead.from_prompts(embedder, [GUN, WINE])
    both = head.score(embedder.pictures("pistol beer")).values[0]
    neither = head.score(embedder.pictures("a landscape with mountains")).values[0]
    assert (both > 0.3).all()
    assert (neither < 0.05).all()


def test_a_category_does_not_depend_on_the_others(embedder, random_embeddings):
    alone = ScreeningHead.from_prompts(embedder, [GUN])
    among = ScreeningHead.from_prompts(embedder, [WINE, GUN])
    pictures = random_embeddings(20)
    np.testing.assert_allclose(
        column(alone, pictures, "weapons"), column(among, pictures, "weapons"), atol=1e-6
    )


def test_uncalibrated_scores_are_the_share_of_the_prompts_in_a_softmax(embedder):
    head = ScreeningHead.from_prompts(embedder, [GUN])
    pictures = embedder.pictures("a rifle on a sofa")
    filled = [
        embedder.embed_texts([template.format(prompt) for template in TEMPLATES]).mean(axis=0)
        for prompt in GUN.prompts
    ]
    means = np.stack(filled) / np.linalg.norm(filled, axis=1, keepdims=True)
    against = embedder.embed_texts([*GUN.contrast, *resources.screening_background()])
    shares = np.exp(20.0 * (np.concatenate([means, against]) @ pictures.vectors[0]))
    expected = shares[:2].sum() / shares.sum()
    assert head.score(pictures).values[0, 0] == pytest.approx(expected, abs=1e-5)


def test_calibration_is_applied_per_category(embedder, random_embeddings):
    constants = Calibration(scale=2.0, shift=-1.0, categories={"alcohol": (0.5, 3.0)})
    head = ScreeningHead.from_prompts(embedder, [GUN, WINE], calibration=constants)
    pictures = random_embeddings(5)
    odds = head.log_odds(pictures)
    expected = 1 / (1 + np.exp(-(odds * [2.0, 0.5] + [-1.0, 3.0])))
    np.testing.assert_allclose(head.score(pictures).values, expected, atol=1e-5)


def test_an_unknown_space_gets_the_plain_softmax_and_its_card_says_so(embedder):
    head = ScreeningHead.from_prompts(embedder, [GUN])
    assert (head.calibration.scale, head.calibration.shift) == (1.0, 0.0)
    assert "uncalibrated" in head.card.provenance
    assert head.card.source == "zero-shot"


def test_shipped_constants_are_usable_and_for_categories_of_the_taxonomy():
    spaces = json.loads((resources.DATA / "screening_calibration.json").read_text())["spaces"]
    names = {category.name for category in (*TAXONOMY, *CONTEXT_TAGS)}
    for space in spaces:
        constants = calibration_for(space)
        constants.check()
        assert set(constants.categories) <= names
        assert constants.provenance


@pytest.mark.parametrize("constants", [(0.0, 0.0), (-1.0, 0.0), (1.0, float("nan"))])
def test_a_calibration_that_could_reverse_the_order_is_refused(embedder, constants):
    with pytest.raises(HeadError, match="finite scale above 0"):
        ScreeningHead.from_prompts(
            embedder, [GUN], calibration=Calibration(categories={"weapons": constants})
        )


def test_two_categories_of_one_name_are_refused(embedder):
    with pytest.raises(HeadError, match="share a name"):
        ScreeningHead.from_prompts(embedder, [GUN, GUN])


def test_a_category_without_prompts_is_refused(embedder):
    with pytest.raises(HeadError, match="at least one template and one prompt"):
        ScreeningHead.from_prompts(embedder, [CategoryPrompts("weapons", ())])


def test_more_look_alikes_that_fit_worse_change_nothing(embedder):
    few = CategoryPrompts("weapons", ("a rifle",), ("a toy water gun",))
    many = CategoryPrompts("weapons", ("a rifle",), ("a toy water gun", "a harp", "an oak"))
    pictures = embedder.pictures("a toy water gun on a sofa")
    one, other = (ScreeningHead.from_prompts(embedder, [c]).log_odds(pictures) for c in (few, many))
    np.testing.assert_array_equal(one, other)


def test_a_category_needs_no_look_alikes(embedder):
    head = ScreeningHead.from_prompts(embedder, [CategoryPrompts("kites", ("a kite",)), GUN])
    assert head.score(embedder.pictures("a kite")).values[0, 0] > 0.5


def test_the_prompt_that_spoke_is_named(embedder):
    head = ScreeningHead.from_prompts(embedder, [GUN, WINE])
    said = head.closest(embedder.pictures("a pistol", "a beer", "a rifle"))
    assert [row[0] for row in said][::2] == ["a pistol", "a rifle"]
    assert said[1][1] == "beer"
    assert head.closest(Embeddings(np.empty((0, 48), np.float32), embedder.space, "fake")) == ()


def test_a_calibration_is_fitted_on_labelled_pictures():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 3, 4000)
    truth = rng.random(4000) < 1 / (1 + np.exp(-(0.5 * z - 1)))
    base = Calibration(scale=2.0, categories={"alcohol": (3.0, 1.0)})
    made = Calibration.fit({"weapons": z}, {"weapons": truth}, provenance="drawn", base=base)
    assert made.constants("weapons") == pytest.approx((0.5, -1.0), abs=0.1)
    assert made.constants("alcohol") == (3.0, 1.0)
    assert made.constants("other") == (2.0, 0.0)
    assert made.examples == {"weapons": (truth.sum(), 4000 - truth.sum())}
    assert made.provenance == "drawn"


def test_a_calibration_on_too_few_pictures_names_the_category():
    with pytest.raises(HeadError, match=r"weapons: .* at least 20"):
        Calibration.fit({"weapons": [1.0]}, {"weapons": [True]}, provenance="one")


@pytest.mark.parametrize("positive", [((),), ((7,),), ((0,), (0,)), ((-1,),)])
def test_prompt_rows_must_exist(positive):
    prompts = PromptVectors(np.ones((2, 3), np.float32), positive, ((1,),))
    with pytest.raises(HeadError, match="prompts for and against"):
        ScreeningHead(
            HeadCard("h", "moderation", "s"),
            ("weapons",),
            prompts,
            logit_scale=1.0,
            calibration=Calibration(),
        )


def test_a_vector_that_is_nan_never_becomes_a_low_score(embedder, random_embeddings):
    head = ScreeningHead.from_prompts(embedder, [GUN])
    broken = random_embeddings(2)
    broken.vectors[0] = np.nan
    values = head.score(broken).values
    assert np.isnan(values[0, 0])
    assert np.isfinite(values[1, 0])


def test_prompts_that_several_categories_share_are_embedded_once(embedder):
    ScreeningHead.from_prompts(embedder, [category.prompts for category in TAXONOMY])
    (texts,) = embedder.calls
    assert len(texts) == len(set(texts))


def test_the_constants_of_starter_were_fitted_on_the_starter_that_ships():
    """If this fails, run training/screening/calibrate.py and evaluate.py again."""
    made = json.loads((resources.DATA / "screening_calibration.json").read_text())
    assert made["spaces"]["starter-1"]["model_sha256"] == load_model().digest


def test_a_category_without_constants_of_its_own_gets_those_of_the_space():
    constants = calibration_for("starter-1")
    assert constants.constants("no such category") == (constants.scale, constants.shift)
    assert constants.constants("weapons") != (constants.scale, constants.shift)
