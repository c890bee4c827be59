"""
Problems on the span of their request.

Uses the API of OpenTelemetry, not its SDK, and makes no spans: they come from FastAPI, from an instrumentation, or
from your code.
"""

from typing import Final
from uuid import UUID, uuid4

from problems.answering.instrumentation import Occurrence

try:
    from opentelemetry import trace
    from opentelemetry.trace import Span, StatusCode
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        "problems.answering.instrumentation.opentelemetry needs the package `opentelemetry-api`: "
        "pip install 'typed-problems[opentelemetry]'",
        name=_error.name,
    ) from None

__all__ = ["trace_instance", "trace_problems"]

_ERROR_TYPE: Final = "error.type"


def trace_instance(_: object) -> str:
    """
    Return the id of the current trace as `urn:uuid:…`, for `Policy(instance=trace_instance)`.

    Body, log record and span then have one id; it has the digits of the trace. Without a trace it is a fresh id.
    """
    context = trace.get_current_span().get_span_context()
    return (UUID(int=context.trace_id) if context.is_valid else uuid4()).urn


class _TraceProblems:
    """
    Writes the answered problem on the current span.

    OpenTelemetry's conventions for HTTP servers decide what is an error: 5xx, never 4xx.
    """

    def before(self, occurrence: Occurrence) -> None:
        """Write before the answer is sent: FastAPI ends its span with the last byte."""
        span = trace.get_current_span()
        if not span.is_recording():
            return
        span.set_attribute("problem.type", occurrence.type)
        if occurrence.instance is not None:
            span.set_attribute("problem.instance", occurrence.instance)
        if occurrence.status >= 500:
            _mark(span, occurrence)

    def __call__(self, occurrence: Occurrence) -> None:
        """Name the type once more, if the span goes on: some instrumentations write the status over it."""
        span = trace.get_current_span()
        if occurrence.status >= 500 and span.is_recording():
            span.set_attribute(_ERROR_TYPE, occurrence.type)

    def __repr__(self) -> str:
        return "trace_problems"


def _mark(span: Span, occurrence: Occurrence) -> None:
    span.set_attribute(_ERROR_TYPE, occurrence.type)
    span.set_status(StatusCode.ERROR)
    if occurrence.is_expected:  # any other exception passes through the span, and the creator of the span records it
        span.record_exception(occurrence.exception, {_ERROR_TYPE: occurrence.type})


trace_problems: Final = _TraceProblems()
"""
A hook for `Policy(hooks=(trace_problems,))`.

- Every problem: the attributes `problem.type` and `problem.instance`.
- 5xx: the status `ERROR`, `error.type` with the type URI, and the exception as an event, once. An unexpected
  exception is left to the instrumentation, which sees it too.
- 4xx: no status, no `error.type`, no event; the server did nothing wrong.

FastAPI's own telemetry writes the status code into `error.type` afterwards; `problem.type` stays.
"""
