from __future__ import annotations

import hashlib
import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest

from framesift.embeddings.catalog import CATALOG
from framesift.errors import (
    HeadError,
    SpaceMismatchError,
    WeightsMismatchError,
    WeightsUnavailableError,
)
from framesift.heads import (
    HeadCard,
    PromptQualityHead,
    QualityHead,
    quality_head_for,
    resources,
    save_head,
)
from framesift.heads.choose import is_head_file
from framesift.heads.laion import (
    MLP,
    collapse,
    laion_head,
    laion_remote_file,
    laion_spaces,
    read_improved_head,
    read_laion_head,
)
from framesift.types import Embeddings

B32 = "openai/clip-vit-b-32"
L14 = "openai/clip-vit-l-14"


@pytest.fixture
def head_file(tmp_path, write_torch_zip):
    """A file in LAION's format with made-up weights, 512 wide."""
    weight = np.random.default_rng(0).normal(size=(1, 512)).astype(np.float32)
    bias = np.array([5.5], np.float32)
    return write_torch_zip(tmp_path / "head.pth", weight=weight, bias=bias), weight, bias


def test_a_file_in_laions_format_becomes_a_quality_head(head_file, random_embeddings):
    path, weight, bias = head_file
    head = read_laion_head(path, B32)
    pictures = random_embeddings(50, width=512, space=B32)
    raw = pictures.vectors @ weight[0] + bias
    knots = np.array(resources.laion_heads()["spaces"][B32]["knots"])
    expected = np.interp(raw, knots[:, 0], knots[:, 1])
    scores = head.score(pictures)
    np.testing.assert_allclose(scores.values[:, 0], expected, atol=1e-4)
    assert scores.head == "laion-aesthetic-b32"
    assert head.card.licence == "MIT"
    assert head.notice is None


def test_weights_of_another_width_are_refused(head_file):
    with pytest.raises(HeadError, match=r"head\.pth: expected weight \(1, 768\)"):
        read_laion_head(head_file[0], L14)


def test_other_tensors_are_refused(tmp_path, write_torch_zip):
    path = write_torch_zip(tmp_path / "x.pth", weight=np.zeros((1, 512), np.float32))
    with pytest.raises(HeadError, match="expected weight"):
        read_laion_head(path, B32)


def test_every_space_that_laion_serves_is_one_of_the_catalog():
    assert set(laion_spaces()) <= {spec.space for spec in CATALOG}
    dims = {spec.space: spec.dim for spec in CATALOG}
    for space, entry in resources.laion_heads()["spaces"].items():
        assert entry["width"] == dims[space]


def test_the_file_is_pinned_by_commit_and_hash():
    remote = laion_remote_file(B32)
    assert remote.url == (
        "https://raw.githubusercontent.com/LAION-AI/aesthetic-predictor/"
        "6d122adad522ab246644d9dc1c6d7a3810ee255f/sa_0_4_vit_b_32_linear.pth"
    )
    assert remote.name == "sa_0_4_vit_b_32_linear.pth"
    with pytest.raises(HeadError, match="LAION has no aesthetic head for 'starter-1'"):
        laion_remote_file("starter-1")


def test_a_named_head_never_turns_into_another():
    with pytest.raises(WeightsUnavailableError, match="offline"):
        laion_head(B32, offline=True)


def test_quality_head_for_falls_back_loudly(make_embedder):
    head = quality_head_for(make_embedder(B32), offline=True)
    assert isinstance(head, PromptQualityHead)
    assert head.card.name == "antonym-prompts"
    assert head.notice is not None
    assert "LAION" in head.notice
    assert head.notice in head.card.provenance


def test_quality_head_for_uses_the_fetched_file(make_embedder, head_file, monkeypatch):
    asked = []

    def fetch(remote, *, offline):
        asked.append((remote, offline))
        return head_file[0]

    monkeypatch.setattr("framesift.embeddings.weights.fetch_file", fetch)
    head = quality_head_for(make_embedder(B32))
    assert isinstance(head, QualityHead)
    assert head.card.name == "laion-aesthetic-b32"
    assert asked == [(laion_remote_file(B32), False)]


def test_a_wrong_file_is_an_error_not_a_fallback(make_embedder, monkeypatch):
    def fetch(remote, *, offline):
        raise WeightsMismatchError("its sha256 is wrong")

    monkeypatch.setattr("framesift.embeddings.weights.fetch_file", fetch)
    with pytest.raises(WeightsMismatchError):
        quality_head_for(make_embedder(B32))


def test_a_model_without_a_trained_head_gets_prompts_and_no_notice(make_embedder):
    head = quality_head_for(make_embedder("siglip-of-someone"))
    assert head.card.name == "antonym-prompts"
    assert head.notice is None


@pytest.mark.shared
@pytest.mark.parametrize("space", laion_spaces())
def test_the_published_files_load(shared, space, random_embeddings):
    entry = resources.laion_heads()["spaces"][space]
    path = shared / "heads" / "laion_aesthetic" / entry["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    head = read_laion_head(path, space)
    scores = head.score(random_embeddings(5, width=entry["width"], space=space))
    assert ((scores.values >= 0) & (scores.values <= 10)).all()


@pytest.mark.shared
@pytest.mark.parametrize("model", ["b_32", "l_14"])
def test_laions_prototypes_keep_their_order_and_use_the_whole_scale(shared, model):
    folder = shared / "heads" / "laion_aesthetic"
    space = f"openai/clip-vit-{model.replace('_', '-')}"
    head = read_laion_head(folder / f"sa_0_4_vit_{model}_linear.pth", space)
    rows = [np.load(folder / f"vit_{model}_embeddings" / f"rating{r}.npy") for r in range(10)]
    rows = np.concatenate(rows).astype(np.float32)
    values = head.score(Embeddings(rows, space, "f")).values[:, 0]
    assert (np.diff(values) > 0).all()
    assert values[0] == pytest.approx(0, abs=0.01)
    assert values[-1] == pytest.approx(10, abs=0.01)


@pytest.mark.shared
def test_real_photographs_use_the_scale(shared):
    head = read_laion_head(shared / "heads" / "laion_aesthetic" / "sa_0_4_vit_b_32_linear.pth", B32)
    rows = np.load(shared / "golden" / "clip_vit_b32_flickr8k" / "clip_embeddings.npy")
    values = head.score(Embeddings(rows.astype(np.float32), B32, "f")).values[:, 0]
    assert values.mean() == pytest.approx(5, abs=0.2)
    assert values.std() == pytest.approx(1.7, abs=0.2)
    assert ((values < 4) | (values > 7)).mean() > 0.35


def test_the_card_file_is_json_that_names_its_maker():
    text = (resources.DATA / "laion_aesthetic.json").read_text(encoding="utf-8")
    assert json.loads(text)["made_by"] == "training/laion/fit_mapping.py"


def test_prompt_quality_prefers_good_photos(make_embedder):
    embedder = make_embedder("any", logit_scale=10.0)
    head = PromptQualityHead.for_embedder(embedder)
    scores = head.score(embedder.pictures("Good photo.", "Bad photo.", "Sharp clean photo."))
    good, bad, sharp = scores.values[:, 0]
    assert good > 5.2 > 4.8 > bad
    assert sharp > 5.2
    assert (scores.low[:, 0] <= scores.values[:, 0]).all()


def test_prompt_quality_is_ten_times_the_mean_of_the_pairs(make_embedder, random_embeddings):
    embedder = make_embedder("fake-1", logit_scale=30.0)
    head = PromptQualityHead.for_embedder(embedder, pairs=(("up", "down"), ("in", "out")))
    pictures = random_embeddings(9)
    logits = 30.0 * pictures.vectors @ embedder.embed_texts(["up", "down", "in", "out"]).T
    odds = np.stack([logits[:, 0] - logits[:, 1], logits[:, 2] - logits[:, 3]])
    expected = 10 * (1 / (1 + np.exp(-odds))).mean(axis=0)
    np.testing.assert_allclose(head.score(pictures).values[:, 0], expected, atol=1e-4)


def test_any_object_with_space_texts_and_scale_will_do(make_embedder):
    real = make_embedder("duck", logit_scale=5.0)
    duck = SimpleNamespace(
        name="d", space="duck", logit_scale=5.0, embed_texts=real.embed_texts, spec=real.spec
    )
    assert quality_head_for(duck).card.space == "duck"


def mlp_state(**changes):
    rng = np.random.default_rng(5)
    sides = [768, 1024, 128, 64, 16, 1]
    state = {}
    for number, (wide, narrow) in zip((0, 2, 4, 6, 7), itertools.pairwise(sides), strict=True):
        state[f"layers.{number}.weight"] = rng.normal(0, 0.05, (narrow, wide)).astype(np.float32)
        state[f"layers.{number}.bias"] = rng.normal(0, 1, narrow).astype(np.float32)
    return {**state, **changes}


def test_the_layers_without_activation_are_one_linear_function():
    state = mlp_state()
    coef, intercept = collapse(state)
    rows = np.random.default_rng(6).normal(size=(7, 768))
    expected = rows
    for number in (0, 2, 4, 6, 7):
        expected = expected @ state[f"layers.{number}.weight"].T + state[f"layers.{number}.bias"]
    np.testing.assert_allclose(rows @ coef + intercept, expected[:, 0], rtol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers.2.weight": np.ones((128, 77), np.float32)},
        {"layers.7.weight": np.ones((2, 16), np.float32), "layers.7.bias": np.ones(2, np.float32)},
    ],
)
def test_layers_that_do_not_follow_one_another_are_refused(changes):
    with pytest.raises(HeadError, match="not the layers of an aesthetic predictor"):
        collapse(mlp_state(**changes))
    with pytest.raises(HeadError, match="not the layers"):
        collapse({"weight": np.ones((1, 3), np.float32)})


def test_the_mlp_is_for_one_space_and_chosen_by_name(make_embedder):
    with pytest.raises(SpaceMismatchError, match="is for 'openai/clip-vit-l-14'"):
        quality_head_for(make_embedder(B32), MLP)
    remote = laion_remote_file("openai/clip-vit-l-14", mlp=True)
    assert remote.url.endswith("sac%2Blogos%2Bava1-l14-linearMSE.pth")
    assert len(remote.sha256) == 64


@pytest.mark.shared
def test_the_published_mlp_ranks_laions_prototypes(shared):
    entry = resources.laion_heads()["improved"]
    path = shared / "heads" / "improved_aesthetic" / entry["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    head = read_improved_head(path)
    folder = shared / "heads" / "laion_aesthetic" / "vit_l_14_embeddings"
    rows = np.concatenate([np.load(folder / f"rating{rating}.npy") for rating in range(10)])
    scores = head.score(Embeddings(rows.astype(np.float32), entry["space"], "f"))
    assert (np.diff(scores.values[:, 0]) > 0).all()
    assert (np.diff(scores.percentile) > 0).all()


@pytest.mark.shared
def test_the_percentile_of_a_photograph_is_its_rank_among_them(shared):
    folder = shared / "golden" / "clip_vit_b32_flickr8k"
    vectors = np.load(folder / "clip_embeddings.npy").astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    file = resources.laion_heads()["spaces"][B32]["file"]
    head = read_laion_head(shared / "heads" / "laion_aesthetic" / file, B32)
    scores = head.score(Embeddings(vectors, B32, "f"))
    rank = 100 * np.argsort(np.argsort(scores.values[:, 0])) / len(vectors)
    assert np.abs(scores.percentile - rank).max() < 2.5
    assert 0 < np.mean(scores.distance > 1) < 0.02
    random = np.random.default_rng(0).normal(size=(20, 512)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    assert (head.score(Embeddings(random, B32, "f")).distance > 1).all()


@pytest.mark.parametrize("quality", ["tecnical", "my-taste"])
def test_a_quality_that_is_neither_name_nor_file_is_refused(make_embedder, quality):
    with pytest.raises(HeadError, match="no quality head is called") as caught:
        quality_head_for(make_embedder(B32), quality)
    assert "or the path of a head file" in str(caught.value)


def test_a_head_file_is_loaded_and_refused_for_another_model(make_embedder, tmp_path):
    card = HeadCard("my-taste", "quality", "fake-1", high=10.0, model="starter")
    head = QualityHead(card, np.ones(6, np.float32), np.zeros(1, np.float32))
    path = save_head(head, tmp_path / "my-taste")
    assert quality_head_for(make_embedder("fake-1"), str(path)).card.name == "my-taste"
    with pytest.raises(SpaceMismatchError, match="use the model it was trained with"):
        quality_head_for(make_embedder("other-1"), str(path))
    assert [is_head_file(name) for name in ("auto", str(path), "./nowhere", "x.head", "word")] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_the_aesthetic_score_of_starter_says_what_it_is(make_embedder):
    head = quality_head_for(make_embedder("starter-1"), "aesthetic")
    assert "next to nothing of beauty" in head.notice
