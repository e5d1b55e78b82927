"""What `evaluate` measures: quality heads on ratings, classifiers on labelled folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from framesift.errors import HeadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.cli.drawings import Drawn
    from framesift.cli.labelled import Labelled, Labels
    from framesift.cli.rated import Rated, Ratings
    from framesift.cli.workbench import Workbench
    from framesift.embeddings.base import Embedder
    from framesift.heads.base import Head
    from framesift.heads.quality import QualityScorer
    from framesift.heads.training.class_results import ClassComparison, ClassifierEvaluation
    from framesift.heads.training.results import Comparison, Evaluation

__all__ = ["LabelMeasure", "Measure", "RatingMeasure"]


class Measure(Protocol):
    """One kind of heads, and what they are measured on."""

    @property
    def what(self) -> str:
        """What a head was trained on if it is measured on its own pictures, as a word."""

    @property
    def table(self) -> Ratings | Labels:
        """The pictures, as read from the table or folder."""

    def load(self, embedder: Embedder, name: str) -> Head:
        """Load a head for a model."""

    def embed(self, bench: Workbench) -> Any:
        """Embed the pictures."""

    def is_own(self, head: Head, data: Any, bench: Workbench) -> bool:
        """Tell whether a head was trained on these very pictures."""

    def evaluate(self, head: Any, data: Any) -> Any:
        """Measure a head."""

    def compare(self, first: Any, second: Any) -> Any:
        """Compare two evaluations."""

    def draw(
        self, found: tuple[Any, Any], data: Any, bench: Workbench, choices: Mapping[str, Any]
    ) -> None:
        """Write the page and the plots of an evaluation, and of a comparison if there is one."""

    def texts(self, evaluation: Any, comparison: Any) -> list[str]:
        """Return the summaries for the screen."""


@dataclass(frozen=True, slots=True, eq=False)
class RatingMeasure:
    """Quality heads, on a table of ratings."""

    table: Ratings
    offline: bool
    what: str = "ratings"

    def load(self, embedder: Embedder, name: str) -> QualityScorer:
        """Load a head file, or a head by its name."""
        from framesift.heads import quality_head_for
        from framesift.heads.choose import is_head_file
        from framesift.heads.store import read_card

        if is_head_file(name) and read_card(Path(name).expanduser()).task == "tags":
            message = "this is a classifier; name a folder with a sub-folder for each label instead"
            raise HeadError(message, source=name)
        return quality_head_for(embedder, name, offline=self.offline)

    def embed(self, bench: Workbench) -> Rated:
        """Embed the rated pictures."""
        from framesift.cli.rated import embed_ratings

        return embed_ratings(self.table, bench)

    def is_own(self, head: Head, _data: Rated, _bench: Workbench) -> bool:
        """Compare tables byte by byte."""
        from framesift.cli.rated import sha256_of

        return head.card.details.get("source_sha256") == sha256_of(self.table.source)

    def evaluate(self, head: QualityScorer, data: Rated) -> Evaluation:
        """Measure a head."""
        from framesift.heads.training import evaluate_head

        return evaluate_head(head, data.examples, data.targets)

    def compare(self, first: Evaluation, second: Evaluation) -> Comparison:
        """Compare two evaluations."""
        from framesift.heads.training import compare_heads

        return compare_heads(first, second)

    def draw(
        self,
        found: tuple[Evaluation, Comparison | None],
        data: Rated,
        bench: Workbench,
        choices: Mapping[str, Any],
    ) -> None:
        """Write the page and the plots."""
        from framesift.cli.drawings import draw, rated_sheets
        from framesift.cli.rated import page_facts

        evaluation, comparison = found

        def make() -> Drawn:
            from framesift.reports.evaluation_page import evaluation_page
            from framesift.reports.figures import evaluation_plots
            from framesift.reports.training_page import rated_pictures

            shown = rated_pictures(evaluation.predictions, {})
            names = [one.name for sheet in shown for one in sheet]
            facts = page_facts(self.table, data, bench, names=names, head=None)
            sheets = rated_pictures(evaluation.predictions, facts.thumbnails)
            return (
                lambda: evaluation_page(evaluation, facts, comparison),
                lambda: [*evaluation_plots(evaluation), *rated_sheets(*sheets)],
            )

        draw(choices, bench.console, make)

    def texts(self, evaluation: Evaluation, comparison: Comparison | None) -> list[str]:
        """Return the summaries for the screen."""
        from framesift.cli.figures import comparison_text, evaluation_text

        more = [] if comparison is None else [comparison_text(comparison)]
        return [evaluation_text(evaluation), *more]


@dataclass(frozen=True, slots=True, eq=False)
class LabelMeasure:
    """Classifiers, on folders named after labels."""

    table: Labels
    what: str = "pictures"

    def load(self, embedder: Embedder, name: str) -> Head:
        """Load a classifier's file."""
        from framesift.heads.choose import is_head_file
        from framesift.heads.store import load_head, read_card

        if not is_head_file(name) or read_card(Path(name).expanduser()).task == "quality":
            message = "this is a quality head; name a table of ratings instead of a folder"
            raise HeadError(message, source=name)
        return load_head(Path(name).expanduser(), task="tags", space=embedder.space)

    def embed(self, bench: Workbench) -> Labelled:
        """Embed the labelled pictures."""
        from framesift.cli.labelled import embed_folders

        return embed_folders(self.table, bench)

    def is_own(self, head: Head, data: Labelled, bench: Workbench) -> bool:
        """Compare contents and labels of the pictures."""
        from framesift.cli.rated import facts_for_card

        facts = facts_for_card(self.table.source, data.examples, data.labels, bench)
        return head.card.details.get("data_sha256") == facts["data_sha256"]

    def evaluate(self, head: Head, data: Labelled) -> ClassifierEvaluation:
        """Measure a classifier."""
        from framesift.heads.training import evaluate_classifier

        return evaluate_classifier(head, data.examples, data.labels)

    def compare(self, first: ClassifierEvaluation, second: ClassifierEvaluation) -> ClassComparison:
        """Compare two evaluations."""
        from framesift.heads.training import compare_classifiers

        return compare_classifiers(first, second)

    def draw(
        self,
        found: tuple[ClassifierEvaluation, ClassComparison | None],
        data: Labelled,
        bench: Workbench,
        choices: Mapping[str, Any],
    ) -> None:
        """Write the page and the plots."""
        from framesift.cli.labelled import draw_evaluation

        draw_evaluation(*found, (self.table, data, bench), choices)

    def texts(
        self, evaluation: ClassifierEvaluation, comparison: ClassComparison | None
    ) -> list[str]:
        """Return the summaries for the screen."""
        from framesift.cli.figures import classifier_comparison_text, classifier_text

        more = [] if comparison is None else [classifier_comparison_text(comparison)]
        return [classifier_text(evaluation), *more]
