"""The analyzer: source -> frames -> rows -> scores -> verdict."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from framesift.embeddings.tiles import TileEncoder
from framesift.frames import AdaptiveSampler
from framesift.heads.base import check_experts
from framesift.media import blurred
from framesift.pipeline.items import Reading, moves
from framesift.pipeline.judge import judge
from framesift.pipeline.moderation import Content, conclude, examine, moderate
from framesift.pipeline.signals import View
from framesift.pipeline.stages import Stages, as_source
from framesift.pipeline.subtitles import passages
from framesift.pipeline.timeline import course_of
from framesift.policies import Policy, VideoRule
from framesift.types import SEVERITY, Analysis, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.embeddings.base import Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.embeddings.ocr import WordReader
    from framesift.frames import Sampler
    from framesift.heads import Head
    from framesift.heads.clip import ClipHead
    from framesift.media import Source
    from framesift.pipeline.items import Item
    from framesift.pipeline.moderation import Findings
    from framesift.pipeline.signals import Box
    from framesift.pipeline.timeline import Course
    from framesift.types import Action, Embeddings, Failure, Verdict

__all__ = ["Analyzer"]


@dataclass(frozen=True, eq=False)
class Analyzer(Stages):
    """What a run is made of: models, heads, policy, sampler, cache.

    Attributes:
        embedder: The CLIP-style model; its rows are encoder 0.
        heads: Every head, for quality, moderation and tags.
        experts: Further image encoders; heads read their rows as extras under their names.
        policy: Thresholds and actions.
        sampler: Which frames of an animation or a video are looked at.
        cache: Where rows are remembered; ``None`` for nowhere.
        reading: Limits and decoding.
        reader: Reads the words in pictures; ``None`` reads none.
        clip_heads: Heads for moderation that need several frames of what moves.
        keep_embeddings: Hand the embeddings and the experts' rows out with each analysis.

    Raises:
        SpaceMismatchError: On construction, if a head was made for another model.
        HeadError: On construction, if a head needs an expert that is not there.
    """

    embedder: Embedder
    heads: Sequence[Head]
    experts: Sequence[ImageEncoder] = ()
    policy: Policy = field(default_factory=Policy.default)
    sampler: Sampler = field(default_factory=AdaptiveSampler)
    cache: Cache | None = None
    reading: Reading = field(default_factory=Reading)
    reader: WordReader | None = None
    clip_heads: Sequence[ClipHead] = ()
    keep_embeddings: bool = False

    @property
    def policy_label(self) -> str | None:
        """What reports call the policy; ``None`` where nothing is judged."""
        return self.policy.label

    def __post_init__(self) -> None:
        """Let every head score one made-up picture, so that a mismatch shows before the run."""
        rows = [np.ones((1, encoder.width), dtype=np.float32) for encoder in self.encoders]
        known = {expert.name: expert.fingerprint for expert in self.experts}
        for head in self.heads:
            check_experts(head.card, known)
            head.score(self._embeddings(rows))
        for clip_head in self.clip_heads:
            check_experts(clip_head.card, known)
            clip_head.score(self._embeddings(rows), (Fraction(0),))

    def analyze(self, source: Source | str | bytes, *, stop_on: Action | None = None) -> Analysis:
        """Analyse one source in this thread.

        Args:
            source: A source, a path, or the bytes of a file.
            stop_on: Give up reading a video or an animation as soon as what was seen of it leads to
                this action or a more severe one; the timeline says where it stopped.

        Raises:
            MediaError: It cannot be read; nothing of it could be scored.
        """
        item = self.start(as_source(source))
        judged = 0
        with contextlib.closing(self.embedding(item)) as progress:
            for done in progress:
                if stop_on is not None and self._reaches(item, judged, done, stop_on):
                    item.stop(done)
                    break
                judged = done
        return self.finish(item)

    def finish(self, item: Item) -> Analysis:
        """Score and judge an item whose frames are all encoded, and remember its rows."""
        info, embeddings = self.collect(item)
        content = self._content(item, embeddings, item.times)
        findings = examine(content, self.heads, self.policy, clip_heads=self.clip_heads)
        course = course_of(item, findings, self.policy)
        verdict = self._conclude(findings, content, course)
        survey = None if course is None else course.survey
        judged = judge(embeddings, self.heads, times=item.times, survey=survey)
        timeline = None
        if course is not None:
            course = course.with_quality(judged)
            timeline = course.timeline(
                findings, item, verdict, self.policy, sampler=self.sampler.key
            )
        return Analysis(
            info=info,
            quality=judged.quality,
            moderation=verdict,
            tags=judged.tags,
            model=self.model,
            error=content.problems[0] if content.problems else None,
            thumbnail=item.thumbnail,
            blurred=_blurred(item, verdict),
            timeline=timeline,
            embeddings=embeddings if self.keep_embeddings else None,
            familiarity=judged.familiarity,
        )

    def _conclude(self, findings: Findings, content: Content, course: Course | None) -> Verdict:
        settled = findings if course is None else course.settle(findings, self.policy)
        return conclude(settled, content, self.policy)

    def _reaches(self, item: Item, first: int, last: int, action: Action) -> bool:
        """Whether frames ``first`` to ``last`` of an item lead to an action, or a worse one."""
        embeddings = self._embeddings(self._rows(item, first, last))
        content = self._content(item, embeddings, item.times[first:last])
        findings = examine(content, self.heads, self.policy, clip_heads=self.clip_heads)
        if self.policy.video != VideoRule():
            # What a share of the time comes to is not known yet: more than a moment may be wanted.
            brief = [
                replace(signal, at_most="review") if signal.part == "image" else signal
                for signal in findings.signals
            ]
            findings = replace(findings, signals=brief)
        found = conclude(findings, content, self.policy).action
        return SEVERITY.index(found) >= SEVERITY.index(action)

    def _content(self, item: Item, embeddings: Embeddings, times: Sequence[Fraction]) -> Content:
        """Gather all that a verdict on some frames of an item rests on."""
        problems = [item.problem, item.words_problem, _caption_problem(item.source)]
        still = item.info is None or item.info.kind == "image"
        shots = () if item.survey is None else item.survey.shots
        return Content(
            views=self._views([] if still else times, embeddings),
            sha256=item.sha256,
            caption=item.source.caption,
            words=_words(item, still=still),
            times=times if item.info is not None and moves(item.info) else (),
            cuts=[shot.start for shot in shots],
            subtitles=_subtitles(item),
            hashes=embeddings.extras.get("pdq"),
            problems=[problem for problem in problems if problem is not None],
            words_read=self.reader is not None,
        )

    def _views(self, times: Sequence[Fraction], embeddings: Embeddings) -> list[View]:
        """Return the frames in whole, and their tiles where an expert cut them."""
        views = [View(embeddings, times)]
        for expert in self.experts:
            if isinstance(expert, TileEncoder):
                rows, boxes = expert.split(embeddings.extras[expert.name])
                places: list[Box] = [
                    (left, top, right, bottom)
                    for left, top, right, bottom in boxes.reshape(-1, 4).tolist()
                ]
                repeated = [time for time in times for _ in range(expert.count)]
                tiles = self.embedder.to_embeddings(rows)
                views.append(View(tiles, repeated, places, expert.count))
        return views

    def _judged(self, failure: Failure, caption: str | None) -> Failure:
        """Judge what is known of an item that could not be read: its content's hash, its caption.

        Never milder than the policy's ``on_failure``; a known bad file is blocked, readable or not.
        """
        content = Content(sha256=failure.sha256, caption=caption, problems=[failure.error])
        verdict = moderate(content, self.heads, self.policy)
        return replace(
            failure,
            policy=self.policy.label,
            model=self.model,
            action=verdict.action,
            labels=verdict.labels,
        )


def _caption_problem(source: Source) -> Problem | None:
    return Problem("CaptionError", source.caption_problem) if source.caption_problem else None


def _words(item: Item, *, still: bool) -> list[tuple[Fraction | None, str]]:
    """Join the words of each frame that has any."""
    if not any(boxes for _, boxes in item.words):
        return []
    from framesift.embeddings.ocr import join_words

    return [(None if still else time, join_words(boxes)) for time, boxes in item.words if boxes]


def _subtitles(item: Item) -> list[tuple[Fraction | None, str]]:
    return passages(item.survey.cues) if item.survey is not None else []


def _blurred(item: Item, verdict: Verdict) -> bytes | None:
    """Blur the thumbnail of what somebody is to review, so that nobody sees it by surprise."""
    return blurred(item.thumbnail) if item.thumbnail and verdict.action != "allow" else None
