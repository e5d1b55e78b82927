"""Drawn pictures with a question and its answer: one for each thing that CLIP finds hard.

The picture with a given index is the same whatever else is drawn, and right answers are spread
evenly over the choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.media.drawn import COLOURS, OBJECTS, SHAPES, Canvas, handwritten_digit, seeded
from framesift.media.drawn.canvas import polygon_points
from framesift.media.drawn.glyphs import DIGIT_WORDS
from framesift.media.drawn.objects import OBJECT_COLOURS, draw_object

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from framesift.media.drawn.canvas import Colour
    from framesift.types import UInt8Array

__all__ = ["TESTS", "Question", "Test", "draw_question"]

_NUMBERS = ("one", "two", "three", "four", "five", "six")
_PLURALS = {
    "circle": "circles",
    "square": "squares",
    "triangle": "triangles",
    "star": "stars",
    "heart": "hearts",
}
_POLYGONS = {3: "a triangle", 4: "a square", 5: "a pentagon", 6: "a hexagon", 8: "an octagon"}
_SHADES: dict[str, Colour] = {
    "navy blue": (15, 25, 85),
    "sky blue": (130, 200, 240),
    "turquoise": (50, 210, 200),
    "violet": (140, 80, 220),
    "lime green": (160, 225, 40),
    "olive green": (110, 120, 45),
    "crimson": (165, 15, 50),
    "salmon pink": (250, 150, 125),
}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A picture, what it may show, and what it does show.

    Attributes:
        pixels: uint8 (320, 320, 3).
        choices: Descriptions, one of them right.
        answer: Which.
        control: Two descriptions, the first one right, that differ in what the limit does not
            touch; empty for none.
        again: The same question turned round, with the opposite answer in the same words; empty
            for none. Only who answers both has understood: a model that takes a sentence for a bag
            of words, or that always says yes, answers exactly one (as in Winoground, Thrush et
            al., 2022).
        again_answer: Which of these is right.
    """

    pixels: UInt8Array
    choices: tuple[str, ...]
    answer: int
    control: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    again_answer: int = 0


@dataclass(frozen=True, slots=True)
class Test:
    """One kind of question.

    Attributes:
        title: For people.
        asked: What is asked of which pictures, in a sentence.
        make: Draws the question with an index from random numbers.
        control_words: What the control asks.
    """

    title: str
    asked: str
    make: Callable[[int, np.random.Generator], Question]
    control_words: str = ""

    __test__ = False  # no test case, whatever its name says


def draw_question(name: str, index: int, *, seed: int = 0) -> Question:
    """Draw the question of a test with this index.

    Args:
        name: One of `TESTS`.
        index: From 0.
        seed: Of all random choices.
    """
    return TESTS[name].make(index, seeded(seed, name, index))


def _pick(rng: np.random.Generator, names: tuple[str, ...], count: int) -> list[str]:
    """Draw different names."""
    return [names[k] for k in rng.permutation(len(names))[:count].tolist()]


def _an(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _somewhere(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(0.35, 0.65)), float(rng.uniform(0.35, 0.65))


def _colours(index: int, rng: np.random.Generator) -> Question:
    names = tuple(COLOURS)
    answer = index % len(names)
    colour = COLOURS[names[answer]]
    canvas = Canvas(rng, avoid=[colour])
    (shape,) = _pick(rng, SHAPES, 1)
    canvas.shape(shape, _somewhere(rng), float(rng.uniform(0.18, 0.3)), colour)
    return Question(canvas.pixels(), tuple(f"{_an(name)} shape" for name in names), answer)


def _shapes(index: int, rng: np.random.Generator) -> Question:
    answer = index % len(SHAPES)
    (colour,) = _pick(rng, tuple(COLOURS), 1)
    canvas = Canvas(rng, avoid=[COLOURS[colour]])
    radius = float(rng.uniform(0.15, 0.28))
    canvas.shape(SHAPES[answer], _somewhere(rng), radius, COLOURS[colour])
    return Question(canvas.pixels(), tuple(_an(shape) for shape in SHAPES), answer)


def _things(index: int, rng: np.random.Generator) -> Question:
    names = tuple(OBJECTS)
    answer = index % len(names)
    canvas = Canvas(rng, avoid=OBJECT_COLOURS)
    draw_object(canvas, names[answer], _somewhere(rng), float(rng.uniform(0.2, 0.33)))
    return Question(canvas.pixels(), names, answer)


def _counting(index: int, rng: np.random.Generator) -> Question:
    answer = index % len(_NUMBERS)
    shape, other = _pick(rng, tuple(_PLURALS), 2)
    (colour,) = _pick(rng, tuple(COLOURS), 1)
    canvas = Canvas(rng, avoid=[COLOURS[colour]])
    for centre in _apart(rng, answer + 1, 0.24):
        canvas.shape(shape, centre, float(rng.uniform(0.06, 0.095)), COLOURS[colour])
    choices = tuple(
        f"{number} {shape if number == 'one' else _PLURALS[shape]}" for number in _NUMBERS
    )
    right, wrong = (_PLURALS[name] if answer else _an(name) for name in (shape, other))
    return Question(canvas.pixels(), choices, answer, (right, wrong))


def _apart(rng: np.random.Generator, count: int, least: float) -> list[tuple[float, float]]:
    """Draw places that keep a distance from one another."""
    places: list[tuple[float, float]] = []
    while len(places) < count:
        x, y = (float(value) for value in rng.uniform(0.14, 0.86, 2))
        if all((x - u) ** 2 + (y - v) ** 2 >= least**2 for u, v in places):
            places.append((x, y))
    return places


def _two(rng: np.random.Generator) -> tuple[list[str], list[str], Canvas]:
    """Draw two shapes and two colours, and a canvas from which they stand out."""
    shapes, colours = _pick(rng, SHAPES, 2), _pick(rng, tuple(COLOURS), 2)
    return shapes, colours, Canvas(rng, avoid=[COLOURS[colour] for colour in colours])


def _relations(index: int, rng: np.random.Generator) -> Question:
    across, answer = index % 4 < 2, index % 2
    shapes, colours, canvas = _two(rng)
    offset, aside = float(rng.uniform(0.19, 0.26)), float(rng.uniform(-0.05, 0.05))
    for k, (shape, colour) in enumerate(zip(shapes, colours, strict=True)):
        # The first shape goes left or above where the answer is 0, else right or below.
        side = -offset if k == answer else offset
        place = (0.5 + side, 0.5 + aside) if across else (0.5 + aside, 0.5 + side)
        canvas.shape(shape, place, float(rng.uniform(0.11, 0.15)), COLOURS[colour])
    first, second = (_an(f"{c} {s}") for c, s in zip(colours, shapes, strict=True))
    words = ("to the left of", "to the right of") if across else ("above", "below")
    others = _pick(rng, tuple(shape for shape in SHAPES if shape not in shapes), 2)
    control = (
        f"{_an(shapes[0])} and {_an(shapes[1])}",
        f"{_an(others[0])} and {_an(others[1])}",
    )
    choices = tuple(f"{first} {word} {second}" for word in words)
    turned = tuple(f"{second} {word} {first}" for word in words)
    return Question(canvas.pixels(), choices, answer, control, turned, 1 - answer)


def _distance(index: int, rng: np.random.Generator) -> Question:
    answer = index % 2
    name, other = _pick(rng, tuple(OBJECTS), 2)
    canvas = Canvas(rng, avoid=OBJECT_COLOURS)
    level = float(rng.uniform(0.42, 0.5))
    canvas.polygon([(0, level), (1, level), (1, 1), (0, 1)], (150, 150, 140))
    for k in (-3, -1, 1, 3):  # edges that run together at the horizon
        edge = [(0.5, level), (0.5 + 0.3 * k, 1.0)]
        canvas.line(edge, (175, 175, 165), width=0.008)
    size = float(rng.uniform(0.3, 0.36)) if answer == 0 else float(rng.uniform(0.05, 0.08))
    foot = 0.97 if answer == 0 else level + 0.06
    draw_object(canvas, name, (float(rng.uniform(0.4, 0.6)), foot - size), size)
    choices = (f"{name} very close to the camera", f"{name} very far from the camera")
    return Question(canvas.pixels(), choices, answer, (name, other))


def _binding(index: int, rng: np.random.Generator) -> Question:
    answer = index % 2
    shapes, colours, canvas = _two(rng)
    sides = [0.28, 0.72] if rng.random() < 0.5 else [0.72, 0.28]
    for k, x in enumerate(sides):
        place = (x, float(rng.uniform(0.4, 0.6)))
        canvas.shape(shapes[k], place, float(rng.uniform(0.12, 0.17)), COLOURS[colours[k]])
    right = f"{_an(f'{colours[0]} {shapes[0]}')} and {_an(f'{colours[1]} {shapes[1]}')}"
    swapped = f"{_an(f'{colours[1]} {shapes[0]}')} and {_an(f'{colours[0]} {shapes[1]}')}"
    others = _pick(rng, tuple(colour for colour in COLOURS if colour not in colours), 2)
    wrong = f"{_an(f'{others[0]} {shapes[0]}')} and {_an(f'{others[1]} {shapes[1]}')}"
    choices = (right, swapped) if answer == 0 else (swapped, right)
    return Question(canvas.pixels(), choices, answer, (right, wrong))


def _negation(index: int, rng: np.random.Generator) -> Question:
    answer = index % 2
    name, other = _pick(rng, tuple(OBJECTS), 2)
    canvas = Canvas(rng, avoid=OBJECT_COLOURS)
    shown, absent = (name, other) if answer == 0 else (other, name)
    draw_object(canvas, shown, _somewhere(rng), float(rng.uniform(0.2, 0.33)))
    choices, turned = ((one, f"no {one.split(' ', 1)[1]}") for one in (name, other))
    control = (shown, absent)
    return Question(canvas.pixels(), choices, answer, control, turned, 1 - answer)


def _digits(index: int, rng: np.random.Generator) -> Question:
    answer = index % 10
    choices = tuple(f'the number "{digit}", {DIGIT_WORDS[digit]}' for digit in range(10))
    return Question(handwritten_digit(answer, rng), choices, answer)


def _polygons(index: int, rng: np.random.Generator) -> Question:
    sides = tuple(_POLYGONS)
    answer = index % len(sides)
    (colour,) = _pick(rng, tuple(COLOURS), 1)
    canvas = Canvas(rng, avoid=[COLOURS[colour]])
    turn = float(rng.uniform(-0.15, 0.15)) + (
        3.14159 / sides[answer] if sides[answer] % 2 == 0 else 0
    )
    corners = polygon_points(sides[answer], _somewhere(rng), float(rng.uniform(0.2, 0.3)), turn)
    canvas.polygon(corners, COLOURS[colour])
    return Question(canvas.pixels(), tuple(_POLYGONS.values()), answer)


def _shades(index: int, rng: np.random.Generator) -> Question:
    names = tuple(_SHADES)
    answer = index % len(names)
    shade = _SHADES[names[answer]]
    canvas = Canvas(rng, avoid=[shade])
    (shape,) = _pick(rng, SHAPES, 1)
    canvas.shape(shape, _somewhere(rng), float(rng.uniform(0.2, 0.3)), shade)
    return Question(canvas.pixels(), tuple(f"the colour {name}" for name in names), answer)


TESTS: dict[str, Test] = {
    "colours": Test("Colours", "Which of eight colours a single shape has.", _colours),
    "shapes": Test("Shapes", "Which of six shapes is drawn.", _shapes),
    "things": Test("Things", "Which of eight everyday things is drawn.", _things),
    "counting": Test(
        "Counting",
        "How many shapes there are, from one to six.",
        _counting,
        "which of two shapes they are",
    ),
    "relations": Test(
        "Left, right, above, below",
        "Which of two shapes is on which side; asked of both, and both must be right.",
        _relations,
        "which two shapes they are",
    ),
    "distance": Test(
        "Near and far",
        "Whether a thing on a plain stands close to the camera or far from it.",
        _distance,
        "which of two things it is",
    ),
    "attributes": Test(
        "Whose colour is whose",
        "Which of two shapes has which of two colours.",
        _binding,
        "whether these colours are there at all",
    ),
    "negation": Test(
        "No",
        'Whether a thing is there, "a tree" or "no tree"; asked of two things, of which one is.',
        _negation,
        "which of the two things it is",
    ),
    "digits": Test("Handwritten digits", "Which digit is written, drawn by a shaky hand.", _digits),
    "polygons": Test(
        "Fine classes: polygons", "Whether a shape has 3, 4, 5, 6 or 8 corners.", _polygons
    ),
    "shades": Test("Fine classes: shades", "Which of eight named shades a shape has.", _shades),
}
"""Name -> test, in the order of reports."""
