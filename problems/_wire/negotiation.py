"""
Content negotiation: the media type and the language that a client prefers.

Pure functions from header values to choices. They always return an offer, because a client must receive every error.
Does not import representations or translations.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from problems._wire.headers import capped
from problems._wire.media_types import PARAMETER

__all__ = ["choose", "choose_language", "named"]

_ELEMENT: Final = r'(?s)(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?+)++'
_WEIGHT: Final = r"0(?:\.[0-9]*+)?|\.[0-9]++|1(?:\.0*+)?"

_MAX_SUBTAGS: Final = 16
"""More than any language tag has. The limit keeps clients from making the lookup slow."""


class _Range(NamedTuple):
    """One element of `Accept` or `Accept-Language`, in lower case."""

    name: str
    weight: float
    has_parameters: bool


def choose(accept: str, offers: Sequence[str]) -> str:
    """
    Return the media type in *offers* that *accept* prefers (RFC 9110, section 12.5.1).

    Among equals, the first offer is used. It is also used if no offer is acceptable: a client that accepts no
    representation of an error still receives one (RFC 9110, section 12.4.1; RFC 9457, section 3).

    >>> offers = ["application/problem+json", "text/html"]
    >>> choose("text/html, */*;q=0.8", offers)
    'text/html'
    >>> choose("application/json", offers)
    'application/problem+json'

    Args:
        accept: The request header field, or an empty string without one.
        offers: At least one media type, the best first.
    """
    if len(offers) == 1 or accept in ("", "*/*"):
        return offers[0]
    # The parameters of a range are ignored, but a range without parameters is closer to an offer without them.
    ranges = sorted(_ranges(accept), key=lambda entry: (not entry.has_parameters, entry.weight))
    weights = {entry.name: entry.weight for entry in ranges}
    return max(offers, key=lambda offer: _quality(offer.partition(";")[0].strip().lower(), weights))


def named(accept: str) -> list[str]:
    """
    Return the names of the ranges in *accept*, in lower case and in their order.

    >>> named("Application/JSON;q=0.9, */*")
    ['application/json', '*/*']
    """
    return [entry.name for entry in _ranges(accept)]


def choose_language(accept_language: str, offers: Iterable[str], default: str) -> str:
    """
    Return the language that *accept_language* prefers, by lookup (RFC 4647, section 3.4).

    >>> choose_language("de-CH, en;q=0.5", ["de", "fr"], default="en")
    'de'
    >>> choose_language("ja", ["de", "fr"], default="en")
    'en'

    Args:
        accept_language: The request header field, or an empty string without one.
        offers: The tags of the languages with translated texts.
        default: The language of the untranslated texts. It is also an offer, and is returned if no offer fits.
    """
    ranges = _ranges(accept_language)
    excluded = [entry.name for entry in ranges if not entry.weight]
    tags = {tag.lower(): tag for tag in (default, *offers) if not _is_within(tag.lower(), excluded)}
    # Among equals ``*`` comes last: it stands for all languages that are not listed.
    for wanted in sorted(ranges, key=lambda entry: (-entry.weight, entry.name == "*")):
        if wanted.weight and (tag := _look_up(wanted.name, tags)):
            return tag
    return default


def _ranges(header: str) -> list[_Range]:
    """Return the elements of a header field, without elements with an invalid weight."""
    ranges = (_range(element) for element in re.findall(_ELEMENT, capped(header)))
    return [entry for entry in ranges if entry is not None]


def _range(element: str) -> _Range | None:
    name, _, rest = element.partition(";")
    parameters = [parameter.partition("=") for parameter in re.findall(PARAMETER, rest)]
    weights = [value.strip() for key, _, value in parameters if key.strip() in ("q", "Q")]
    if not name.strip() or not all(re.fullmatch(_WEIGHT, weight) for weight in weights):
        return None
    return _Range(name.strip().lower(), float(weights[0]) if weights else 1.0, len(parameters) > len(weights))


def _quality(media_type: str, weights: Mapping[str, float]) -> float:
    """Return the weight of the most specific range that includes *media_type*, or 0 without such a range."""
    main = media_type.partition("/")[0]
    for name in (media_type, f"{main}/*", "*/*", "*"):
        if name in weights:
            return weights[name]
    return 0.0


def _is_within(tag: str, ranges: Iterable[str]) -> bool:
    """Return whether *tag* is in one of *ranges*, by basic filtering (RFC 4647, section 3.3.1)."""
    return any(tag == name or tag.startswith(f"{name}-") for name in ranges)


def _look_up(wanted: str, tags: Mapping[str, str]) -> str | None:
    """Return the tag *wanted* or the closest shorter tag; for ``*`` the first of *tags*."""
    if wanted == "*":
        return next(iter(tags.values()), None)
    wanted = "-".join(wanted.split("-", _MAX_SUBTAGS)[:_MAX_SUBTAGS])
    while wanted and wanted not in tags:
        wanted = wanted.rpartition("-")[0]
        if wanted[-2:-1] == "-":  # a single letter announces what was cut off
            wanted = wanted[:-2]
    return tags.get(wanted)
