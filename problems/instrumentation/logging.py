"""
One log record for each answered problem.

Configures nothing: the records go to the logger `problems`. Knows no request
and no response, and never tells a body, an input or a request header.
"""

import logging
from typing import Final

from problems.instrumentation._occurrence import Occurrence

__all__ = ["is_enabled", "record"]

_LOGGER: Final = logging.getLogger("problems")


def is_enabled(status: int) -> bool:
    """Return whether a problem with this status would be recorded at all; asked first, it is cheap."""
    return _LOGGER.isEnabledFor(_level(status))


def _level(status: int) -> int:
    return logging.ERROR if status >= 500 else logging.INFO


def record(occurrence: Occurrence) -> None:
    """
    Write the record: a line for the client's mistakes, a traceback for the server's own.

    An unexpected exception is left to the server, which reports every one: it would be told twice.
    """
    if not occurrence.is_expected:
        return
    _LOGGER.log(
        _level(occurrence.status),
        "%s %s was answered with %s",
        occurrence.method,
        occurrence.path,
        occurrence.problem,
        exc_info=occurrence.exception if occurrence.status >= 500 else None,
        extra={
            "problem_type": occurrence.type,
            "problem_status": occurrence.status,
            "problem_instance": occurrence.instance,
        },
    )
