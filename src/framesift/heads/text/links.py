"""Links and ways of contact that spam uses: readable patterns with a rule's strength.

The strengths are rules, not measurements: a shortened link alone is ordinary, a link to a bare
address or to a name that imitates another one is not. Several patterns add up as independent
reasons do: 1 - (1 - a)(1 - b)...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from framesift.heads.text.characters import INVISIBLE, LOOKALIKES
from framesift.heads.text.words import vocabulary

__all__ = ["LinkFinding", "find_links", "link_score", "link_tokens", "words_within"]

_SHORTENERS = (
    "bit.ly", "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "cutt.ly", "rb.gy", "shorturl.at",
    "rebrand.ly", "tiny.cc", "adf.ly", "bl.ink", "v.gd", "soo.gd", "s.id", "clck.ru",
)  # fmt: skip
_IMITATED = (
    "paypal", "amazon", "apple", "icloud", "microsoft", "google", "facebook", "instagram",
    "netflix", "whatsapp", "binance", "coinbase", "metamask", "ebay", "dhl", "fedex", "usps",
)  # fmt: skip
_LINK = re.compile(r"(?:https?://|www\.)(?P<host>[^\s/<>\"'?#]{1,253})[^\s<>\"']{0,2000}", re.I)
_DIGITS = str.maketrans("01345$", "oieass")
_SUFFIXES = frozenset(
    [
        "com",
        "co",
        "net",
        "org",
        "gov",
        "edu",
        "de",
        "fr",
        "uk",
        "in",
        "ca",
        "au",
        "jp",
        "es",
        "it",
        "nl",
        "br",
        "mx",
    ]
)


@dataclass(frozen=True, slots=True)
class LinkFinding:
    """One pattern found.

    Attributes:
        name: Of the pattern: ``shortened link``, ``telegram or whatsapp contact``, ...
        strength: Of the rule, in (0, 1).
        words: What matched, as written.
    """

    name: str
    strength: float
    words: str


_PATTERNS = (
    (
        "link to a bare address",
        0.8,
        r"https?://(?:[^\s/@]{1,200}@)?(?:\d{1,3}(?:\.\d{1,3}){3}|0x[0-9a-f]{8}|\d{8,10})"
        r"(?=[:/\s?]|$)",
    ),
    ("shortened link", 0.35, rf"(?<![\w.-])(?:{'|'.join(map(re.escape, _SHORTENERS))})/\w+"),
    ("name and password in a link", 0.7, r"https?://[^\s/:@]{1,99}:?[^\s/@]{0,99}@\w"),
    ("disguised link", 0.7, r"\bhxxps?://\S|\w\[\.\]\w|\w \(dot\) (?:com|net|org)\b"),
    (
        "telegram or whatsapp contact",
        0.5,
        r"\b(?:t\.me|wa\.me|telegram\.me|chat\.whatsapp\.com)/[+\w]{2,64}"
        r"|\b(?:whats ?app|telegram|signal|line id|wechat)\b[^\w@+]{0,4}"
        r"(?:(?:me|us|now|at|on|number|id|to|is)\b[^\w@+]{0,4}){0,3}"
        r"(?:@\w{3,32}|\+?\d[\d .()-]{6,20}\d)",
    ),
    (
        "address of a crypto wallet",
        0.5,
        r"(?-i:\b(?:bc1[a-z0-9]{25,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{33}"
        r"|T[1-9A-HJ-NP-Za-km-z]{33})\b)",
    ),
    (
        "telephone number beside a call to act",
        0.3,
        r"\b(?:call|text|sms|dial|ring)\b[^\d\n]{0,30}\+?\(?\d{1,4}[\d .()-]{5,16}\d",
    ),
    ("executable to download", 0.5, r"https?://\S{1,500}\.(?:exe|scr|apk|bat|msi)\b"),
)
_COMPILED = tuple((name, strength, re.compile(body, re.I)) for name, strength, body in _PATTERNS)


def find_links(text: str) -> tuple[LinkFinding, ...]:
    """Find every kind of pattern, the first match of each, in the text as it is written."""
    if not (text.isascii() and text.isprintable()):
        text = text.translate(INVISIBLE)
    found = [
        LinkFinding(name, strength, match[0][:120])
        for name, strength, pattern in _COMPILED
        if (match := pattern.search(text))
    ]
    imitation = next((match for match in _LINK.finditer(text) if _imitates(match["host"])), None)
    if imitation is not None:
        found.append(LinkFinding("link that imitates a known name", 0.85, imitation[0][:120]))
    return tuple(found)


def link_score(findings: tuple[LinkFinding, ...]) -> float:
    """Join the strengths of what was found, 0 to 1; 0 for nothing."""
    rest = 1.0
    for finding in findings:
        rest *= 1.0 - finding.strength
    return 1.0 - rest


def link_tokens(findings: tuple[LinkFinding, ...]) -> tuple[str, ...]:
    """Words that stand for the findings among a text's words: ``xxshortenedlink``."""
    return tuple("xx" + re.sub(r"\W", "", finding.name) for finding in findings)


_NAMES = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']{1,2000}"  # links
    r"|[\w.%+-]{8,64}@[\w.-]{4,253}"  # addresses
    r"|@[a-z0-9]+(?:_[a-z0-9]+){2,12}"  # mentions
    r"|(?<![\w#@])[a-z]{12,40}(?!\w)",  # words run together
    re.I,
)
_PARTS = re.compile(r"[/?&=#@]+")
_BETWEEN = re.compile(r"[\W_]+")


def words_within(text: str) -> str:
    """Spell out what is written into links, addresses, mentions and long unknown words.

    Returns:
        A line for each that may hold three words or more: words that are parted by signs stand
        apart (``@i_will_find_you``), and an unknown word (``iwillfindyou``) begins
        with ``#``, so that `normalize` looks for words in it.
    """
    found = dict.fromkeys(match[0] for match in _NAMES.finditer(text))
    return "\n".join(line for line in map(_spelled, found) if line)


def _spelled(name: str) -> str:
    if name.isalpha():
        return "" if name.lower() in vocabulary() else f"#{name.lower()}"
    parts = (_BETWEEN.sub(" ", part).split() for part in _PARTS.split(unquote(name)))
    return "\n".join(" ".join(words) for words in parts if len(words) > 2)


def _imitates(host: str) -> bool:
    """Whether a host looks like a known name without being it.

    Names in another script (as such or as ``xn--``) that fold to Latin letters; digits for
    letters (``paypa1.com``); a known name as a part of a longer one (``paypal.com.login.example``,
    ``secure-paypal.example``).
    """
    host = host.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    if host.startswith("xn--") or ".xn--" in host:
        try:
            host = host.encode("ascii", "ignore").decode("idna")
        except UnicodeError:
            return True
    folded = host.translate(LOOKALIKES)
    mixed = folded != host and folded.isascii()
    plain = folded.translate(_DIGITS)
    names = [name for name in _IMITATED if name in plain or name in _one_for_l(folded)]
    if not names:
        return mixed
    if mixed:
        return True
    labels = host.split(".")
    while len(labels) > 1 and labels[-1] in _SUFFIXES:
        labels.pop()
    # The name itself stands alone before the suffix: the real site or one of its own hosts.
    return labels[-1] not in names


def _one_for_l(host: str) -> str:
    return host.translate(str.maketrans("01357", "olest"))
