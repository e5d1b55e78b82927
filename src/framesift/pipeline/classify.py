"""An analyzer that asks one classifier what pictures show, and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from framesift.errors import ConfigError
from framesift.pipeline.analyzer import Analyzer
from framesift.pipeline.items import moves
from framesift.types import Analysis, Curve, Tag
from framesift.verdicts import Track, build_timeline
from framesift.verdicts.video_quality import moment_weights

if TYPE_CHECKING:
    from framesift.heads.classifiers.answering import AnswerRule
    from framesift.pipeline.items import Item
    from framesift.types import Failure, Scores, Timeline

__all__ = ["Labeller"]


@dataclass(frozen=True, eq=False)
class Labeller(Analyzer):
    """Gives each picture the answer of its only head, and no quality or verdict.

    Attributes:
        rule: How the answer follows from the head's probabilities; of a video, from those of its
            moments.
        top: How many labels a result lists; ``None`` for all.

    Raises:
        ConfigError: On construction, where there is not just one head with a rule for it.
    """

    rule: AnswerRule | None = None
    top: int | None = None

    def __post_init__(self) -> None:
        """Check that there is one head, and that it fits the model."""
        super().__post_init__()
        if len(self.heads) != 1 or self.rule is None:
            message = f"a labeller needs one head and its rule, not {len(self.heads)} heads"
            raise ConfigError(message)

    @property
    def policy_label(self) -> str | None:
        """No policy is in force."""
        return None

    def finish(self, item: Item) -> Analysis:
        """Classify an item whose frames are all encoded, and remember its rows.

        Raises:
            HeadError: The head gave no number.
        """
        info, embeddings = self.collect(item)
        scores = self.heads[0].score(embeddings)
        rule = self.rule
        assert rule is not None
        weights = None if item.survey is None else moment_weights(item.times, item.survey)
        pooled = rule.pool(scores.values, weights)
        tags = sorted(
            (Tag(name, float(p)) for name, p in zip(rule.names, pooled, strict=True)),
            key=lambda tag: -tag.score,
        )
        return Analysis(
            info=info,
            quality=None,
            moderation=None,
            tags=tuple(tags[: self.top]),
            model=self.model,
            error=item.problem,
            thumbnail=item.thumbnail,
            timeline=self._timeline(item, scores, rule),
            answer=rule.answer(pooled),
        )

    def _timeline(self, item: Item, scores: Scores, rule: AnswerRule) -> Timeline | None:
        if item.survey is None or item.info is None or not moves(item.info) or not item.times:
            return None
        thresholds = rule.thresholds or (None,) * len(rule.names)
        curves = [
            Curve(name, rule.classifier, scores.values[:, column], thresholds[column])
            for column, name in enumerate(rule.names)
            if name in rule.labels
        ]
        track = Track(item.times, tags=curves)
        # Faults of the pictures are no answer to what they show.
        survey = replace(item.survey, faults=())
        return build_timeline(track, survey, self.policy, sampler=self.sampler.key)

    def _judged(self, failure: Failure, caption: str | None) -> Failure:
        """A file that failed has no answer, and as everywhere goes to review."""
        del caption
        return replace(failure, model=self.model)
