"""
All ready-made problem types: one for each registered error status, and the types of the IANA registry.

The types are built on first use.
"""

import types
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from problems._wire.later import later
from problems._wire.status import is_bodyless
from problems.catalog import client, server
from problems.catalog._duties import Challenges, RetryAfter
from problems.catalog.client import *  # noqa: F403 - the module lists its names
from problems.catalog.server import *  # noqa: F403 - the module lists its names
from problems.catalog.validation import ValidationProblem
from problems.declaring._definition import definition_of
from problems.declaring.problem import ClientProblem, Problem, ServerProblem

if TYPE_CHECKING:
    from problems.catalog.iana import (
        AbnormalUsageDetected,
        DateNotAcceptable,
        DigestInvalidValues,
        DigestMismatchedValues,
        DigestUnsupportedAlgorithms,
        InconsistentUploadLength,
        InvalidDigest,
        MismatchedDigest,
        MismatchingUploadOffset,
        ObliviousKeyNotAcceptable,
        QuotaExceeded,
        TemporaryReducedCapacity,
        UnsupportedAlgorithm,
    )

__all__ = ["Challenges", "RetryAfter", "ValidationProblem", "by_status", "class_of"]
__all__ += client.__all__
__all__ += server.__all__
__all__ += [
    "AbnormalUsageDetected",
    "DateNotAcceptable",
    "DigestInvalidValues",
    "DigestMismatchedValues",
    "DigestUnsupportedAlgorithms",
    "InconsistentUploadLength",
    "InvalidDigest",
    "MismatchedDigest",
    "MismatchingUploadOffset",
    "ObliviousKeyNotAcceptable",
    "QuotaExceeded",
    "TemporaryReducedCapacity",
    "UnsupportedAlgorithm",
]

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # What only some applications use: of the names above those that are not here yet.
    __getattr__, __dir__ = later(__name__, dict.fromkeys(("iana", *__all__), "problems.catalog.iana"))

_BY_STATUS: Final[Mapping[int, type[Problem]]] = {
    cls.problem_type.status: cls
    for module in (client, server)
    for name in module.__all__
    for cls in (getattr(module, name),)
}


def by_status(status: int) -> type[Problem]:
    """
    Return the class of a status code; for one that is not registered, the base of its kind (RFC 9110, section 15).

    >>> by_status(404).__name__, by_status(499).__name__, by_status(522).__name__
    ('NotFound', 'ClientProblem', 'ServerProblem')
    """
    return _BY_STATUS.get(status) or (ServerProblem if status >= 500 else ClientProblem)


@lru_cache(maxsize=600)
def class_of(status: int) -> type[Problem]:
    """
    Return a class whose occurrences are sent with *status*, be it registered or not.

    For what other libraries raise: a 499 is answered as a 499. Any status without content is a 500.
    """
    base = by_status(status)
    if not definition_of(base).declaration.abstract:
        return base
    if not 200 <= status <= 599 or is_bodyless(status):
        return server.InternalServerError
    words = {"status": status, "any_status": True, "init": False}
    body = {"__module__": base.__module__, "__doc__": base.__doc__}
    return types.new_class(base.__name__, (base,), words, lambda namespace: namespace.update(body))
