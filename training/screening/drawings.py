"""Drawings that show a category, and look-alikes of them: glyphs of a colour emoji font.

For most categories there are no photographs that could be kept here. The font "Noto Color Emoji"
(SIL Open Font License; Debian package fonts-noto-color-emoji) has drawings of some of them. They
are few and they are drawings: what a model says of them is a hint, not a measurement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PAIRS", "drawing", "pairs"]

PAIRS = {
    "weapons": (("🗡", "⚔", "💣", "🏹", "🪓"), ("🔪", "🍴", "🔨", "🔫", "🔧")),
    "alcohol": (("🍺", "🍻", "🍷", "🍾", "🥃"), ("🥛", "🧃", "☕", "🍼", "🧴")),
    "tobacco": (("🚬",), ("🕯", "✏", "🍭")),
    "gambling": (("🎰", "🎲", "🃏"), ("♟", "🎮", "🧩")),
    "drugs": (("💉", "💊"), ("🧂", "🌿", "🍵")),
    "rude_gesture": (("🖕",), ("👋", "👍", "✌", "👉")),
    "gore": (("🩸",), ("🍅", "🥫", "🌹")),
    "self_harm": (("🩸",), ("🩹",)),
    "suggestive": (("👙",), ("🎽", "👕", "👗")),
    "shocking": (("💩", "🤮"), ("🍫", "🍦", "🎃")),
    "violence": (("🤺", "🥊"), ("💃", "🤝", "🤸")),
}
"""Category to glyphs of it, and glyphs that only look like it. Only single code points."""

_STRIKE_PX = 109
_SIDE_PX = 400
_GROUNDS = ((255, 255, 255), (214, 226, 214), (120, 130, 145))


def drawing(font: Path, glyph: str, ground: tuple[int, int, int] = _GROUNDS[0]) -> np.ndarray:
    """Draw one glyph on a plain ground, uint8 (400, 400, 3)."""
    face = ImageFont.truetype(str(font), _STRIKE_PX)
    small = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(small).text((12, 16), glyph, font=face, embedded_color=True)
    box = small.getbbox()
    if box is None:
        message = f"the font has no glyph for {glyph!r}"
        raise ValueError(message)
    small = small.crop(box)
    scale = 0.75 * _SIDE_PX / max(small.size)
    small = small.resize(
        tuple(round(edge * scale) for edge in small.size), Image.Resampling.LANCZOS
    )
    out = Image.new("RGB", (_SIDE_PX, _SIDE_PX), ground)
    out.paste(small, tuple((_SIDE_PX - edge) // 2 for edge in small.size), small)
    return np.asarray(out)


def pairs(font: Path, category: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Drawings of a category and of its look-alikes, each on three grounds."""
    shown, alike = PAIRS[category]
    made = [
        [drawing(font, glyph, ground) for glyph in glyphs for ground in _GROUNDS]
        for glyphs in (shown, alike)
    ]
    return made[0], made[1]
