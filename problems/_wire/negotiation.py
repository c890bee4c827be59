"""
What a client likes best of what there is: media types and languages.

Pure functions from header values to choices. They never refuse: an error must not be lost to a picky header.
Knows no representation and no translation.
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
"""More than any language tag has; a client must not choose how long the lookup takes."""


class _Range(NamedTuple):
    """One element of `Accept` or `Accept-Language`, in lower case."""

    name: str
    weight: float
    has_parameters: bool


def choose(accept: str, offers: Sequence[str]) -> str:
    """
    Return the media type in *offers* that *accept* prefers (RFC 9110, section 12.5.1).

    Of equals the one offered first, which is also the answer if nothing is acceptable: a client that likes none
    of the representations of an error still gets one (RFC 9110, section 12.4.1; RFC 9457, section 3).

    >>> offers = ["application/problem+json", "text/html"]
    >>> choose("text/html, */*;q=0.8", offers)
    'text/html'
    >>> choose("application/json", offers)
    'application/problem+json'

    Args:
        accept: The request header field, empty if there is none.
        offers: At least one media type, the best first.
    """
    if len(offers) == 1 or accept in ("", "*/*"):
        return offers[0]
    # The parameters of a range are ignored, but one without them is closer to an offer that has none.
    ranges = sorted(_ranges(accept), key=lambda found: (not found.has_parameters, found.weight))
    weights = {found.name: found.weight for found in ranges}
    return max(offers, key=lambda offer: _quality(offer.partition(";")[0].strip().lower(), weights))


def named(accept: str) -> list[str]:
    """
    Return the ranges that *accept* names, in lower case and in its order.

    >>> named("Application/JSON;q=0.9, */*")
    ['application/json', '*/*']
    """
    return [found.name for found in _ranges(accept)]


def choose_language(accept_language: str, offers: Iterable[str], default: str) -> str:
    """
    Return the language that *accept_language* prefers, by lookup (RFC 4647, section 3.4).

    >>> choose_language("de-CH, en;q=0.5", ["de", "fr"], default="en")
    'de'
    >>> choose_language("ja", ["de", "fr"], default="en")
    'en'

    Args:
        accept_language: The request header field, empty if there is none.
        offers: Language tags there are texts for.
        default: The language of the texts that are not translated: an offer too, and the answer if none fits.
    """
    ranges = _ranges(accept_language)
    refused = [found.name for found in ranges if not found.weight and found.name != "*"]
    tags = {tag.lower(): tag for tag in (default, *offers) if not _is_within(tag.lower(), refused)}
    # Among equals ``*`` comes last: it stands for the languages that are not named.
    for wanted in sorted(ranges, key=lambda found: (-found.weight, found.name == "*")):
        if wanted.weight and (tag := _look_up(wanted.name, tags)):
            return tag
    return default


def _ranges(header: str) -> list[_Range]:
    """Return the elements of a header field, those with a broken weight left out."""
    found = (_range(element) for element in re.findall(_ELEMENT, capped(header)))
    return [item for item in found if item is not None]


def _range(element: str) -> _Range | None:
    name, _, rest = element.partition(";")
    parameters = [parameter.partition("=") for parameter in re.findall(PARAMETER, rest)]
    weights = [value.strip() for key, _, value in parameters if key.strip() in ("q", "Q")]
    if not name.strip() or not all(re.fullmatch(_WEIGHT, weight) for weight in weights):
        return None
    return _Range(name.strip().lower(), float(weights[0]) if weights else 1.0, len(parameters) > len(weights))


def _quality(media_type: str, weights: Mapping[str, float]) -> float:
    """Return the weight of the most specific range that *media_type* is in, 0 if there is none."""
    main = media_type.partition("/")[0]
    for name in (media_type, f"{main}/*", "*/*", "*"):
        if name in weights:
            return weights[name]
    return 0.0


def _is_within(tag: str, ranges: Iterable[str]) -> bool:
    """Whether *tag* is in one of *ranges*, by basic filtering (RFC 4647, section 3.3.1)."""
    return any(tag == name or tag.startswith(f"{name}-") for name in ranges)


def _look_up(wanted: str, tags: Mapping[str, str]) -> str | None:
    """Return the tag that is *wanted* or the closest shorter one; for ``*`` the first of *tags*."""
    if wanted == "*":
        return next(iter(tags.values()), None)
    wanted = "-".join(wanted.split("-", _MAX_SUBTAGS)[:_MAX_SUBTAGS])
    while wanted and wanted not in tags:
        wanted = wanted.rpartition("-")[0]
        if wanted[-2:-1] == "-":  # a single letter announces what was cut off
            wanted = wanted[:-2]
    return tags.get(wanted)
