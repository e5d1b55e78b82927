"""The analyzer with small made-up models over real media."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageColor

from framesift.embeddings.base import ModelSpec
from framesift.embeddings.cache import Cache
from framesift.engine import run_many
from framesift.errors import CorruptMediaError, MediaError, SpaceMismatchError
from framesift.frames import UniformSampler
from framesift.heads import HeadCard
from framesift.media import Source
from framesift.pipeline import Analyzer, Embedded, Gatherer, Reading, experts_for
from framesift.policies import TAXONOMY, Policy
from framesift.types import Embeddings, Failure, Problem, Scores

CATEGORY = TAXONOMY[0].name


class FakeEncoder:
    """The mean colour of a picture as its row."""

    name = "expert"
    fingerprint = "fake-1"
    precision = "fp32"
    width = 3
    min_side_px = 16

    def __init__(self) -> None:
        self.encoded = 0

    def prepare(self, pixels, *, geometry=None):
        return np.asarray(Image.fromarray(pixels).resize((4, 4)))

    def encode(self, batch):
        self.encoded += len(batch)
        return batch.mean(axis=(1, 2)).astype(np.float32) / 255


class FakeEmbedder(FakeEncoder):
    name = "fake"
    space = "fake-space"
    logit_scale = 100.0
    int8_cosine = 0.995
    spec = ModelSpec("fake", "fake-space", "embedded", 3, "none", "made up")

    def to_embeddings(self, rows):
        vectors = rows + 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors, self.space, "fake-1")

    def embed_images(self, pixels):
        raise AssertionError

    def embed_texts(self, texts):
        raise AssertionError


class ColumnHead:
    """Returns columns of the expert's rows, multiplied."""

    def __init__(self, task, names, columns, *, factor=1.0, space="fake-space", source="column"):
        self.card = HeadCard(f"{task}-head", task, space, ("expert",), source=source)
        self.names, self.columns, self.factor = names, columns, factor

    def score(self, embeddings):
        if embeddings.space != self.card.space:
            raise SpaceMismatchError("wrong space")
        values = embeddings.extras["expert"][:, self.columns] * np.float32(self.factor)
        low, high = (values - 1, values + 1) if self.card.task == "quality" else (None, None)
        return Scores(self.card.name, self.names, values, low, high)


def quality(**options):
    return ColumnHead("quality", ("quality",), [0], factor=10, **options)


def harm(column=1, **options):
    return ColumnHead("moderation", (CATEGORY,), [column], **options)


def make(heads=None, **options):
    return Analyzer(
        FakeEmbedder(), heads or [quality(), harm()], experts=[FakeEncoder()], **options
    )


def plain(colour, size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def striped(colour):
    """A picture whose mean is 7/8 of a colour: one of a single colour would count as blank."""
    stripes = np.zeros((30, 40, 3), np.uint8)
    stripes[:] = ImageColor.getrgb(colour) if isinstance(colour, str) else colour
    stripes[:, ::8] = 0
    return Image.fromarray(stripes)


def gif(*colours):
    out = io.BytesIO()
    first, *others = [striped(colour) for colour in colours]
    first.save(out, "GIF", save_all=True, append_images=others, duration=200)
    return out.getvalue()


def test_a_still_is_scored_and_judged():
    result = make().analyze(plain((204, 0, 51)))
    assert (result.info.kind, result.info.width, result.info.height) == ("image", 40, 30)
    assert result.quality.score == pytest.approx(8, abs=0.01)
    assert result.quality.low == pytest.approx(7, abs=0.01)
    assert result.quality.head == "quality-head"
    labels = {label.name: label for label in result.moderation.labels}
    assert labels[CATEGORY].score == pytest.approx(0)
    assert (result.model.name, result.model.int8_cosine) == ("fake", 0.995)
    assert result.error is None


def test_the_worst_frame_counts_for_harm_and_more_than_the_others_for_quality():
    result = make().analyze(gif((255, 0, 0), (0, 255, 0), (250, 0, 0), (255, 9, 9)))
    assert result.info.kind == "animation"
    label = next(label for label in result.moderation.labels if label.name == CATEGORY)
    assert label.score == pytest.approx(7 / 8, abs=0.02)
    assert label.flagged
    assert result.moderation.action != "allow"
    mean = 10 * 7 / 8 * 3 / 4
    assert 1 < result.quality.score < mean - 1
    (curve,) = [curve for curve in result.timeline.curves if curve.label == "quality"]
    assert curve.values.min() == pytest.approx(0, abs=0.1)
    assert curve.values.max() == pytest.approx(10 * 7 / 8, abs=0.1)


def test_of_two_heads_with_one_label_the_higher_score_and_its_source_stay():
    heads = [quality(), harm(1, source="one"), harm(2, source="two")]
    result = make(heads).analyze(plain((0, 51, 204)))
    label = next(label for label in result.moderation.labels if label.name == CATEGORY)
    assert label.score == pytest.approx(0.8, abs=0.01)
    assert label.source == "two"


def test_a_nan_is_never_safe():
    heads = [quality(), harm(1, factor=math.nan, source="broken"), harm(2, source="fine")]
    for order in (heads, heads[::-1]):
        result = make(order).analyze(plain((0, 0, 0)))
        assert result.moderation.action == "review"


def test_tags_are_sorted():
    tags = ColumnHead("tags", ("red", "green", "blue"), [0, 1, 2])
    result = make([quality(), harm(), tags]).analyze(plain((50, 100, 0)))
    assert [tag.name for tag in result.tags] == ["green", "red", "blue"]


def test_a_head_of_another_space_is_refused_before_the_run():
    with pytest.raises(SpaceMismatchError):
        make([quality(space="elsewhere")])


def test_an_unreadable_source_raises_with_its_name():
    with pytest.raises(MediaError, match=r"odd\.bin"):
        make().analyze(Source.from_bytes(b"not a picture at all", name="odd.bin"))


def test_a_cut_off_animation_is_scored_in_part_and_reviewed():
    whole = gif(*[(255, n, n) for n in range(0, 250, 10)])
    result = make().analyze(Source.from_bytes(whole[: int(len(whole) * 0.6)], name="cut.gif"))
    assert result.error is not None
    assert "cut.gif" in result.error.message
    assert result.quality.score > 1
    assert result.moderation.action == "review"


def test_rows_come_from_the_cache_the_second_time(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        analyzer = make(cache=cache)
        first = analyzer.analyze(Source.from_bytes(gif("red", "blue"), name="first.gif"))
        second = analyzer.analyze(Source.from_bytes(gif("red", "blue"), name="second.gif"))
        assert analyzer.embedder.encoded == 2
        assert analyzer.experts[0].encoded == 2
    # By text: labels that no head scored are NaN, which equals nothing.
    assert repr(second) == repr(replace(first, info=replace(first.info, path="second.gif")))


def test_only_the_encoder_without_rows_runs_again(tmp_path):
    picture = plain("red")
    with Cache(tmp_path / "cache.sqlite") as cache:
        make(cache=cache).analyze(picture)
        analyzer = make(cache=cache)
        type(analyzer.embedder).fingerprint = "fake-2"
        try:
            result = analyzer.analyze(picture)
        finally:
            type(analyzer.embedder).fingerprint = "fake-1"
        assert analyzer.embedder.encoded == 1
        assert analyzer.experts[0].encoded == 0
        assert result.quality.score == pytest.approx(10, abs=0.01)


def test_a_thumbnail_shows_the_frame_with_the_most_contrast_and_is_cached(tmp_path):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = 255
    out = io.BytesIO()
    frames = [Image.new("RGB", (64, 64)), Image.fromarray(stripes), Image.new("RGB", (64, 64))]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    with Cache(tmp_path / "cache.sqlite") as cache:
        analyzer = make(cache=cache, reading=Reading(thumbnail_px=32))
        first = analyzer.analyze(out.getvalue())
        assert np.asarray(Image.open(io.BytesIO(first.thumbnail)).convert("L")).std() > 20
        assert analyzer.analyze(out.getvalue()).thumbnail == first.thumbnail
        assert analyzer.embedder.encoded == 3


def test_another_sampler_is_another_cache_entry(tmp_path):
    picture = gif("red", "green", "blue")
    with Cache(tmp_path / "cache.sqlite") as cache:
        assert len(make(cache=cache).analyze(picture).timeline.times) == 3
        one = make(cache=cache, sampler=UniformSampler(max_frames=1)).analyze(picture)
        assert len(one.timeline.times) == 1


def test_failures_name_the_policy_and_the_model():
    analyzer = make()
    failure = analyzer.failure("x.jpg", CorruptMediaError("cut off", source="x.jpg"), sha256="00")
    assert failure.error == Problem("CorruptMediaError", "x.jpg: cut off")
    assert failure.policy == analyzer.policy.label
    adopted = analyzer.adopt(Failure("y.jpg", Problem("SourceError", "gone")))
    assert (adopted.policy, adopted.model) == (analyzer.policy.label, analyzer.model)


def test_what_cannot_be_read_is_still_known_by_its_hash_and_its_caption(tmp_path):
    (tmp_path / "known.txt").write_text("ab" * 32, encoding="utf-8")
    (tmp_path / "policy.toml").write_text(
        'name = "test"\n[categories.violence]\nreview = 0.5\nblock = 0.9\n'
        '[lists]\nblock = ["known.txt"]\n',
        encoding="utf-8",
    )
    analyzer = make(policy=Policy.load(tmp_path / "policy.toml"))
    error = CorruptMediaError("cut off", source="x.jpg")
    assert analyzer.failure("x.jpg", error).action == "review"
    known = analyzer.failure("x.jpg", error, sha256="ab" * 32)
    assert (known.action, [label.name for label in known.labels]) == ("block", ["block_list"])
    threat = analyzer.failure("x.jpg", error, caption="I will kill you and your family tonight")
    assert (threat.action, threat.labels[0].part) == ("block", "caption")
    harmless = analyzer.failure("x.jpg", error, caption="my dog at the beach")
    assert harmless.action == "review"


def test_finishing_before_reading_is_a_clear_error():
    analyzer = make()
    item = analyzer.start(Source.from_bytes(plain("red")))
    item.rows = [np.zeros((1, 3), np.float32)] * 2
    with pytest.raises(ValueError, match="before the frames"):
        analyzer.finish(item)


class QualityInParts(ColumnHead):
    """A quality head with parts, percentiles and distances."""

    def __init__(self):
        super().__init__("quality", ("quality", "sharpness", "noise"), [0, 1, 2], factor=10)

    def score(self, embeddings):
        plain_scores = super().score(embeddings)
        expert = embeddings.extras["expert"]
        return replace(plain_scores, percentile=100 * expert[:, 0], distance=2 * expert[:, 1])

    def describe(self, parts):
        return f"soft {parts['sharpness']:.0f}"


def test_parts_percentile_and_words_of_a_quality_head_reach_the_result():
    result = make([QualityInParts(), harm()]).analyze(plain((102, 102, 255)))
    assert result.quality.percentile == pytest.approx(40, abs=1)
    assert dict(result.quality.parts) == pytest.approx({"sharpness": 4, "noise": 10}, abs=0.1)
    assert result.quality.words == "soft 4"
    assert result.quality.unusual is False
    result = make([QualityInParts(), harm()]).analyze(plain((0, 255, 0)))
    assert result.quality.unusual is True
    moving = make([QualityInParts(), harm()]).analyze(gif((0, 51, 255), (204, 153, 255)))
    assert moving.quality.words.endswith("soft 2"), "the worse of the two counts more"
    names = [name for name, _ in moving.quality.parts]
    assert names[:2] == ["sharpness", "noise"]
    assert len(names) > 2, "what only moving pictures have"


def test_a_gatherer_gives_the_embeddings_that_an_analyzer_scores(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        expert = FakeEncoder()
        gatherer = Gatherer(FakeEmbedder(), experts=[expert], cache=cache)
        first = gatherer.gather(gif((0, 0, 0), (255, 0, 0)))
        assert first.embeddings.extras["expert"].shape == (2, 3)
        assert first.info.kind == "animation"
        assert expert.encoded == 2
        again = gatherer.gather(gif((0, 0, 0), (255, 0, 0)))
        assert expert.encoded == 2
        np.testing.assert_array_equal(first.embeddings.vectors, again.embeddings.vectors)
        # What one kind of run has cached serves the other.
        embedder = FakeEmbedder()
        analyzer = Analyzer(embedder, [quality(), harm()], experts=[expert], cache=cache)
        analyzer.analyze(gif((0, 0, 0), (255, 0, 0)))
        assert (embedder.encoded, expert.encoded) == (0, 2)


def test_many_are_gathered_in_order_with_failures_between():
    sources = [
        Source.from_bytes(data, name=name)
        for name, data in (("a", plain((9, 9, 9))), ("b", b"broken"), ("c", plain((1, 2, 3))))
    ]
    results = list(run_many(Gatherer(FakeEmbedder()), sources))
    assert [type(result).__name__ for result in results] == ["Embedded", "Failure", "Embedded"]
    assert [result.info.path for result in results if isinstance(result, Embedded)] == ["a", "c"]
    assert results[1].policy is None


def test_experts_are_those_whose_rows_heads_read():
    (expert,) = experts_for(["vectors", "open_nsfw", "open_nsfw"])
    assert expert.name == "open_nsfw"
    assert experts_for(["vectors", "features"]) == ()


GREEN = (0, 255, 0)  # the green share is the harm


def clip(count, *harmful):
    return gif(*[GREEN if number in harmful else (number, 80, 0) for number in range(count)])


@pytest.fixture
def reader(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(f'name = "one"\n[categories.{CATEGORY}]\nreview = 0.5\nblock = 0.8\n')
    policy = Policy.load(file)

    def build(**options):
        return make(sampler=UniformSampler(max_frames=100), policy=policy, **options)

    return build


def test_after_a_clear_verdict_the_rest_is_not_even_decoded(reader):
    made = reader()
    result = made.analyze(clip(60, 20), stop_on="block")
    assert result.moderation.action == "block"
    assert made.embedder.encoded == 32, "two batches of sixteen: the second has the harm"


def test_without_harm_everything_is_read_to_the_end(reader):
    made = reader()
    result = made.analyze(clip(60), stop_on="review")
    assert result.moderation.action == "allow"
    assert made.embedder.encoded == 60


@pytest.mark.parametrize("action", ["review", "block"])
def test_the_verdict_is_that_of_the_whole(action, reader):
    data = clip(40, 37)
    assert (
        reader().analyze(data, stop_on=action).moderation.action
        == reader().analyze(data).moderation.action
    )


def test_what_was_read_in_part_is_not_remembered_as_the_whole(tmp_path, reader):
    data = clip(60, 3)
    with Cache(tmp_path / "cache.sqlite") as cache:
        made = reader(cache=cache)
        made.analyze(data, stop_on="block")
        assert made.embedder.encoded == 16
        made.analyze(data)
        assert made.embedder.encoded == 16 + 60
        made.analyze(data, stop_on="block")
        assert made.embedder.encoded == 16 + 60


def test_a_still_is_never_stopped_half_way(reader):
    assert reader().analyze(plain(GREEN), stop_on="review").moderation.action == "block"
