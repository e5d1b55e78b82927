"""Train heads on one's own ratings and labels, and measure any head on any ratings.

::

    table = read_ratings(path, columns={"path": "file", "rating": "stars"})
    table, files = locate(table, images=folder)          # missing files become problems
    targets = align_ratings(table, scale=(1, 5))         # one value of 0-10 for each picture
    examples = Examples.stack(embeddings, names=targets.paths)
    result = fit_head(examples, targets, options=FitOptions(name="my-taste"))

    result = fit_classifier(examples, labels, options=...)
    evaluation = evaluate_head(head, examples, targets)
    comparison = compare_heads(evaluation_a, evaluation_b)
    evaluation = evaluate_classifier(head, examples, labels)
    comparison = compare_classifiers(evaluation_a, evaluation_b)

Nothing here reads pictures: the caller embeds them and passes arrays. scikit-learn and scipy come
with ``pip install 'framesift[train]'`` and are imported when they are first needed.
"""

from framesift.heads.training.class_compare import compare_classifiers
from framesift.heads.training.class_evaluate import evaluate_classifier
from framesift.heads.training.classify import fit_classifier
from framesift.heads.training.compare import compare_heads
from framesift.heads.training.evaluate import evaluate_head
from framesift.heads.training.examples import Examples, FitOptions, RatingTable, Targets
from framesift.heads.training.fit import fit_head
from framesift.heads.training.raters import align_ratings
from framesift.heads.training.ratings import locate, read_ratings, without

__all__ = [
    "Examples",
    "FitOptions",
    "RatingTable",
    "Targets",
    "align_ratings",
    "compare_classifiers",
    "compare_heads",
    "evaluate_classifier",
    "evaluate_head",
    "fit_classifier",
    "fit_head",
    "locate",
    "read_ratings",
    "without",
]
