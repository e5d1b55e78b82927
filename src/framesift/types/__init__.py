"""The values that travel between the stages: frozen, validated, numpy only.

Every stage takes and returns these and nothing else, so that a stage can be tested, replaced or
moved to another process alone.
"""

from framesift.types.media import Frame, Geometry, MediaInfo, MediaKind, UInt8Array, WordBox
from framesift.types.results import SCHEMA, Analysis, Failure, Problem, Result, TextAnalysis
from framesift.types.scores import (
    Answer,
    AnswerStatus,
    Embeddings,
    Familiarity,
    Float32Array,
    ModelInfo,
    Quality,
    Scores,
    Tag,
)
from framesift.types.timeline import (
    Cue,
    Curve,
    Poster,
    Segment,
    SegmentKind,
    Shot,
    Survey,
    Timeline,
)
from framesift.types.verdicts import (
    SEVERITY,
    Action,
    Evidence,
    LabelScore,
    Part,
    Signal,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "SEVERITY",
    "Action",
    "Analysis",
    "Answer",
    "AnswerStatus",
    "Cue",
    "Curve",
    "Embeddings",
    "Evidence",
    "Failure",
    "Familiarity",
    "Float32Array",
    "Frame",
    "Geometry",
    "LabelScore",
    "MediaInfo",
    "MediaKind",
    "ModelInfo",
    "Part",
    "Poster",
    "Problem",
    "Quality",
    "Result",
    "Scores",
    "Segment",
    "SegmentKind",
    "Shot",
    "Signal",
    "Survey",
    "Tag",
    "TextAnalysis",
    "Timeline",
    "UInt8Array",
    "Verdict",
    "WordBox",
]
