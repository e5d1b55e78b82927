"""What is put into the cache is what comes out, in whatever order, flushed or not."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from framesift.embeddings.cache import Cache, Pictures, Plan
from framesift.types import MediaInfo, Problem

KEYS = [f"{number:064x}" for number in range(3)]
PLAN_KEYS = ["one", "two"]
MODELS = ["model-a", "modèle-b"]
TIMES = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(2**70, 3), Fraction(-5, 7)])
WIDTH = 5


@st.composite
def puts(draw):
    key = draw(st.sampled_from(KEYS))
    times = tuple(draw(st.lists(TIMES, unique=True, min_size=1, max_size=3)))
    info = MediaInfo(
        "",
        key,
        draw(st.sampled_from(["image", "animation", "video"])),
        draw(st.text(max_size=5)),
        draw(st.integers(1, 2**40)),
        draw(st.integers(1, 2**40)),
        draw(st.none() | st.fractions()),
        draw(st.none() | st.integers(0, 10**6)),
    )
    problem = draw(st.none() | st.builds(Problem, st.text(max_size=5), st.text(max_size=9)))
    floats = st.floats(width=32, allow_nan=True, allow_infinity=True)
    rows = {
        model: draw(hnp.arrays(np.float32, (len(times), WIDTH), elements=floats))
        for model in draw(st.sets(st.sampled_from(MODELS)))
    }
    thumbnail = draw(st.none() | st.binary(max_size=20))
    return key, draw(st.sampled_from(PLAN_KEYS)), Plan(info, times, problem), rows, thumbnail


STEPS = st.lists(puts() | st.sampled_from(["flush", "reopen", "clear", "clear model"]), max_size=14)


class Model:
    """What a cache ought to hold, in plain dictionaries."""

    def __init__(self) -> None:
        self.plans, self.rows, self.thumbnails = {}, {}, {}

    def put(self, key, plan_key, plan, rows, thumbnail):
        self.plans[key, plan_key] = plan
        for model, array in rows.items():
            for moment, row in zip(plan.times, array, strict=True):
                self.rows[key, model, moment] = row.tobytes()
        if thumbnail is not None:
            self.thumbnails[key] = thumbnail

    def clear(self, model=None):
        kept = {where: row for where, row in self.rows.items() if model not in (None, where[1])}
        removed, self.rows = len(self.rows) - len(kept), kept
        known = {where[0] for where in kept}
        self.plans = {where: plan for where, plan in self.plans.items() if where[0] in known}
        self.thumbnails = {key: jpeg for key, jpeg in self.thumbnails.items() if key in known}
        return removed


def compare(cache: Cache, model: Model) -> None:
    for key in KEYS:
        assert cache.thumbnail(key) == model.thumbnails.get(key)
        for plan_key in PLAN_KEYS:
            assert cache.plan(key, plan_key) == model.plans.get((key, plan_key))
        for name in MODELS:
            known = [where[2] for where in model.rows if where[:2] == (key, name)]
            rows = cache.rows(key, known, name)
            if not known:
                assert rows is None
                continue
            expected = b"".join(model.rows[key, name, moment] for moment in known)
            assert rows is not None
            assert (rows.dtype, rows.shape) == (np.float32, (len(known), WIDTH))
            assert rows.tobytes() == expected
            assert cache.rows(key, [*known, Fraction(99)], name) is None


@settings(deadline=None, max_examples=60)
@given(steps=STEPS, max_pending=st.integers(1, 4))
def test_what_is_put_is_what_is_got(steps, max_pending):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cache.sqlite"
        cache, model = Cache(path, max_pending=max_pending), Model()
        for step in steps:
            if step == "flush":
                cache.flush()
            elif step == "reopen":
                cache.close()
                cache = Cache(path, max_pending=max_pending)
            elif step == "clear":
                assert cache.clear() == model.clear()
            elif step == "clear model":
                assert cache.clear(fingerprint=MODELS[0]) == model.clear(MODELS[0])
            else:
                key, plan_key, plan, rows, thumbnail = step
                cache.put(
                    key, plan_key=plan_key, plan=plan, rows=rows, pictures=Pictures(thumbnail)
                )
                model.put(*step)
            compare(cache, model)
        assert cache.notice is None
        cache.close()
