"""Everyday names for ImageNet's classes, and prompts to put names into.

ImageNet knows 118 breeds of dog but not "dog". Each row gives a name and the classes (positions in
ImageNet's order; a pair is a range with both ends) that a person would call so.
"""

from __future__ import annotations

TEMPLATES = (
    "a photo of a {}",
    "a {}",
    "a picture of a {}",
    "{}",
    "a photo of the {}",
    "a blurry photo of a {}",
    "a small photo of a {}",
    "a close-up of a {}",
    "a photo of one {}",
)

_EVERYDAY: tuple[tuple[str, tuple[int | tuple[int, int], ...]], ...] = (
    ("animal", ((0, 397),)),
    ("dog", ((151, 268),)),
    ("cat", ((281, 285),)),
    ("bird", ((7, 24), (80, 100), (127, 146))),
    ("frog", ((30, 32),)),
    ("snake", ((52, 68),)),
    ("lizard", ((38, 48),)),
    ("turtle", ((33, 37),)),
    ("fish", ((0, 6), (389, 397))),
    ("horse", (339, 603)),
    ("deer", ((351, 353),)),
    ("antelope", ((351, 353),)),
    ("sheep", (348, 349)),
    ("cow", (345, 346)),
    ("monkey", ((365, 384),)),
    ("bear", ((294, 297),)),
    ("wolf", ((269, 272),)),
    ("fox", ((277, 280),)),
    ("big cat", ((286, 293),)),
    ("rabbit", ((330, 332),)),
    ("elephant", (385, 386)),
    ("whale", (147, 148)),
    ("insect", ((300, 326),)),
    ("butterfly", ((321, 326),)),
    ("spider", ((72, 77),)),
    ("crab", ((118, 121),)),
    ("airplane", (404, 895)),
    ("plane", (404, 895)),
    ("car", (407, 436, 468, 511, 609, 627, 656, 661, 717, 751, 817, 864)),
    ("automobile", (436, 468, 511, 609, 627, 656, 661, 751, 817)),
    ("truck", (555, 569, 586, 675, 717, 864, 867)),
    ("ship", (403, 510, 628, 724, 833, 871, 914)),
    ("boat", (472, 554, 576, 625, 780, 814, 871, 914)),
    ("bus", (654, 779, 874)),
    ("train", (466, 547, 565, 705, 820)),
    ("bicycle", (444, 671)),
    ("motorcycle", (665, 670)),
    ("vehicle", (404, 407, 436, 444, 466, 468, 511, 547, 555, 569, 609, 627, 654, 656, 661, 665)),
    ("vehicle", (670, 671, 675, 705, 717, 751, 779, 817, 820, 864, 867, 874)),
    ("food", ((924, 969),)),
    ("fruit", ((948, 957),)),
    ("vegetable", ((936, 947),)),
    ("musical instrument", (401, 402, 420, 432, 486, 494, 513, 541, 546, 558, 566, 577, 579)),
    ("musical instrument", (593, 594, 641, 642, 683, 684, 687, 699, 776, 875, 881, 889)),
    ("gun", (413, 763, 764)),
    ("building", (425, 483, 497, 580, 624, 663, 668, 698, 727)),
    ("furniture", (423, 431, 526, 532, 553, 559, 564, 736, 765, 831, 846, 857)),
    ("clothes", (399, 400, 411, 452, 474, 501, 515, 568, 578, 601, 608, 610, 614, 617, 655)),
    ("clothes", (689, 735, 775, 834, 841, 842, 869, 906)),
    ("flower", (985, 986)),
    ("mushroom", ((991, 997),)),
    ("landscape", ((970, 980),)),
)


def everyday_names() -> dict[int, list[str]]:
    """Give the everyday names of each class that has any."""
    names: dict[int, list[str]] = {}
    for name, classes in _EVERYDAY:
        for entry in classes:
            first, last = entry if isinstance(entry, tuple) else (entry, entry)
            for position in range(first, last + 1):
                names.setdefault(position, []).append(name)
    return names
