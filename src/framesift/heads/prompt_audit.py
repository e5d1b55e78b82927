"""How far the answers of a classifier in words move with the wording, on given pictures."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from framesift.errors import HeadError
from framesift.heads.classifiers import ClassifierHead
from framesift.heads.paraphrase import ENSEMBLES, POOL, VARIANTS, Wording, reworded, wordings
from framesift.heads.prompts import embed_prompts, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from framesift.embeddings.base import Embedder
    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = [
    "Ensemble",
    "LabelSteadiness",
    "PromptAudit",
    "Shaky",
    "WordingFigures",
    "audit_prompts",
]


@dataclass(frozen=True, slots=True)
class WordingFigures:
    """One other wording.

    Attributes:
        name: For people.
        example: The first label said so.
        flips: Share of the pictures whose answer differs from that of the own wording, in [0, 1].
    """

    name: str
    example: str
    flips: float


@dataclass(frozen=True, slots=True)
class LabelSteadiness:
    """One answer of the own wording.

    Attributes:
        name: Of the label, or ``none``.
        pictures: How many pictures have it in the own wording.
        flip_rate: Of these, the share that another wording changes, mean over wordings, in [0, 1].
        margin: Mean lead over the next answer in the own wording, a difference of probabilities.
        margin_spread: Standard deviation of that lead over wordings, mean over pictures.
        lost_to: The answer that most of the changed ones went to; empty where none changed.
    """

    name: str
    pictures: int
    flip_rate: float
    margin: float
    margin_spread: float
    lost_to: str


@dataclass(frozen=True, slots=True)
class Shaky:
    """One picture.

    Attributes:
        name: As given.
        answer: In the own wording.
        others: Other answers it got, the most frequent first, with how many wordings gave them.
        flip_rate: Share of the wordings that change its answer, in [0, 1].
        margin: Lead of the answer in the own wording.
    """

    name: str
    answer: str
    others: tuple[tuple[str, int], ...]
    flip_rate: float
    margin: float


@dataclass(frozen=True, slots=True)
class Ensemble:
    """One set of templates.

    Attributes:
        name: ``own``, or that of `framesift.heads.paraphrase.ENSEMBLES`.
        templates: The set.
        flip_rate: Share of the pictures whose answer changes where one template is exchanged for
            another one, or the prompts lose or change their articles or their number; mean over
            all these changes.
        agreement: Share of the pictures with the same answer as in the own wording.
    """

    name: str
    templates: tuple[str, ...]
    flip_rate: float
    agreement: float


@dataclass(frozen=True, slots=True)
class PromptAudit:
    """How steady a classifier is.

    Attributes:
        classifier: Its name.
        model: That of the model.
        pictures: How many.
        flip_rate: Share of the pictures whose answer changes, mean over wordings.
        touched: Share of the pictures whose answer changes in at least one wording.
        margin_spread: Mean over pictures of the standard deviation of their lead over wordings.
        wordings: The other wordings, the worst first.
        labels: Label by label, in the classifier's order.
        shaky: The pictures whose answers change most, the worst first.
        ensembles: Sets of templates, the steadiest first.
    """

    classifier: str
    model: str
    pictures: int
    flip_rate: float
    touched: float
    margin_spread: float
    wordings: tuple[WordingFigures, ...]
    labels: tuple[LabelSteadiness, ...]
    shaky: tuple[Shaky, ...]
    ensembles: tuple[Ensemble, ...]

    @property
    def steadiest(self) -> Ensemble:
        """The set of templates to take; the own one where none is steadier."""
        return self.ensembles[0]


def audit_prompts(
    embedder: Embedder,
    definition: ClassifierDefinition,
    embeddings: Embeddings,
    names: Sequence[str],
    *,
    keep: int = 100,
) -> PromptAudit:
    """Say a classifier in other words, and count the answers that change.

    Answers are those without calibration and abstention, which were fitted to one wording.

    Args:
        embedder: The model.
        definition: The classifier.
        embeddings: N pictures.
        names: N names.
        keep: Pictures to list at most.

    Raises:
        HeadError: There is no picture, or as many names as pictures.
    """
    if not names or len(names) != len(embeddings):
        message = f"an audit needs pictures with a name each, not {len(names)} names"
        raise HeadError(message)
    others = wordings(definition)
    bench = _Bench(embedder, definition, embeddings)
    own = bench.answers(Wording("own", definition.templates))
    asked = [bench.answers(wording) for wording in others]
    changed = np.stack([one.keys != own.keys for one in asked], axis=1)
    margins = np.stack([own.margins, *(bench.leads(own, one) for one in asked)], axis=1)
    spread = margins.std(axis=1)
    figures = sorted(
        (
            WordingFigures(wording.name, bench.example(wording), float(changed[:, place].mean()))
            for place, wording in enumerate(others)
        ),
        key=lambda one: -one.flips,
    )
    return PromptAudit(
        classifier=definition.name,
        model=embedder.name,
        pictures=len(names),
        flip_rate=float(changed.mean()),
        touched=float(changed.any(axis=1).mean()),
        margin_spread=float(spread.mean()),
        wordings=tuple(figures),
        labels=tuple(_by_label(own, asked, changed, spread)),
        shaky=tuple(_shaky(names, own, asked, changed, keep)),
        ensembles=tuple(_ensembles(bench, own)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Answers of N pictures.

    Attributes:
        keys: N numbers that are equal where the answers are.
        values: Probabilities, float64 (N, K).
        margins: N leads of what was answered.
        told: Key to the answer in words.
    """

    keys: npt.NDArray[np.int64]
    values: Float64Array
    margins: Float64Array
    told: dict[int, str]


class _Bench:
    """Heads in many wordings from texts that are embedded once."""

    def __init__(
        self, embedder: Embedder, definition: ClassifierDefinition, embeddings: Embeddings
    ) -> None:
        """Embed every text that any wording needs."""
        self._definition = dataclasses.replace(definition, calibrations={})
        self._embeddings = embeddings
        templates = tuple(dict.fromkeys((*definition.templates, *POOL, *ENSEMBLES["usual"])))
        texts: dict[str, None] = {}
        for variant in VARIANTS:
            said = reworded(definition, Wording("", templates, variant))
            prompts = [one for label in said.labels for one in (*label.prompts, *label.contrast)]
            texts.update(dict.fromkeys(fill([*prompts, *said.background], templates)))
        vectors = embed_prompts(embedder, list(texts))
        self._known = _Known(embedder, dict(zip(texts, vectors, strict=True)))

    def answers(self, wording: Wording) -> _Answers:
        """Answer for every picture in a wording."""
        said = reworded(self._definition, wording)
        head = ClassifierHead.from_definition(cast("Embedder", self._known), said)
        scores = head.score(self._embeddings)
        values = scores.values.astype(np.float64)
        if said.mode == "one":
            keys = values.argmax(axis=1)
            return _Answers(keys, values, _lead(values, keys), dict(enumerate(scores.names)))
        given = values >= np.asarray(head.rule.thresholds) - 1e-9
        # Rows of yes and no, numbered by what they say.
        rows, keys = np.unique(given, axis=0, return_inverse=True)
        weights = [hash(row.tobytes()) for row in rows]
        told = {
            weight: ", ".join(np.asarray(scores.names)[row]) or "none"
            for weight, row in zip(weights, rows, strict=True)
        }
        sure = np.abs(values - np.asarray(head.rule.thresholds)).min(axis=1)
        return _Answers(np.asarray(weights)[keys.ravel()], values, sure, told)

    def leads(self, own: _Answers, other: _Answers) -> Float64Array:
        """Return how far the own answers lead in another wording; below 0 where they lost."""
        if self._definition.mode == "one":
            return _lead(other.values, own.keys)
        return np.where(own.keys == other.keys, other.margins, -other.margins)

    def example(self, wording: Wording) -> str:
        """Return the first prompt in a wording."""
        said = reworded(self._definition, wording)
        return fill(said.labels[0].prompts[:1], wording.templates)[0]

    @property
    def templates(self) -> tuple[str, ...]:
        """The classifier's own."""
        return self._definition.templates


class _Known:
    """What a head needs of an embedder, from vectors that are there already."""

    def __init__(self, embedder: Embedder, vectors: dict[str, Float64Array]) -> None:
        """Keep the vectors."""
        self.name, self.space = embedder.name, embedder.space
        self.logit_scale = embedder.logit_scale
        self.spec: Any = SimpleNamespace(layout="embedded", dim=embedder.spec.dim)
        self._vectors = vectors

    def embed_texts(self, texts: Sequence[str]) -> Float32Array:
        """Look texts up, float32 (N, D)."""
        return np.stack([self._vectors[text] for text in texts]).astype(np.float32)


def _lead(values: Float64Array, keys: npt.NDArray[np.int64]) -> Float64Array:
    """Return how far one column of each row is ahead of the best other one, (N,)."""
    rows = np.arange(len(values))
    rest = values.copy()
    rest[rows, keys] = -np.inf
    lead: Float64Array = values[rows, keys] - rest.max(axis=1)
    return lead


def _by_label(
    own: _Answers, asked: Sequence[_Answers], changed: npt.NDArray[np.bool_], spread: Float64Array
) -> Iterable[LabelSteadiness]:
    for key, name in own.told.items():
        mine = own.keys == key
        if not mine.any():
            yield LabelSteadiness(name, 0, float("nan"), float("nan"), float("nan"), "")
            continue
        went: dict[str, int] = {}
        for one in asked:
            for other in one.keys[mine & (one.keys != key)]:
                went[one.told[int(other)]] = went.get(one.told[int(other)], 0) + 1
        yield LabelSteadiness(
            name=name,
            pictures=int(mine.sum()),
            flip_rate=float(changed[mine].mean()),
            margin=float(own.margins[mine].mean()),
            margin_spread=float(spread[mine].mean()),
            lost_to=max(went, key=lambda label: went[label]) if went else "",
        )


def _shaky(
    names: Sequence[str],
    own: _Answers,
    asked: Sequence[_Answers],
    changed: npt.NDArray[np.bool_],
    keep: int,
) -> Iterable[Shaky]:
    rates = changed.mean(axis=1)
    for row in np.lexsort((own.margins, -rates))[:keep]:
        if rates[row] == 0:
            return
        counts: dict[str, int] = {}
        for one in asked:
            if one.keys[row] != own.keys[row]:
                told = one.told[int(one.keys[row])]
                counts[told] = counts.get(told, 0) + 1
        others = tuple(sorted(counts.items(), key=lambda pair: -pair[1]))
        answer = own.told[int(own.keys[row])]
        yield Shaky(names[row], answer, others, float(rates[row]), float(own.margins[row]))


def _ensembles(bench: _Bench, own: _Answers) -> list[Ensemble]:
    """Measure every set of templates by what one exchanged template or article does to it."""
    sets = {"own": bench.templates}
    sets |= {name: one for name, one in ENSEMBLES.items() if set(one) != set(bench.templates)}
    found = []
    for name, templates in sets.items():
        base = bench.answers(Wording(name, templates))
        rates = [
            float((bench.answers(wording).keys != base.keys).mean())
            for wording in _changes(templates)
        ]
        agreement = float((base.keys == own.keys).mean())
        found.append(Ensemble(name, templates, float(np.mean(rates)), agreement))
    # The own set first among equals: there is no reason to change it then.
    return sorted(found, key=lambda one: (round(one.flip_rate, 6), one.name != "own"))


def _changes(templates: tuple[str, ...]) -> Iterable[Wording]:
    for variant in VARIANTS:
        if variant != "as written":
            yield Wording("", templates, variant)
    for place in range(len(templates)):
        rest = (*templates[:place], *templates[place + 1 :])
        spare = [one for one in POOL if one not in templates]
        for other in spare:
            yield Wording("", (*rest, other))
        if not spare:
            yield Wording("", rest)
