"""
Close frames for problems, and problems from close frames.

Follows RFC 6455, section 7.4. Neither sends nor receives.
"""

from collections.abc import Callable
from operator import index
from typing import TYPE_CHECKING, Final, NamedTuple

from problems._wire.close_codes import MAX_REASON_BYTES, close_code, private_close_code, reason
from problems._wire.later import later
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import phrase
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem, instance_of
from problems.registry import Registry

if TYPE_CHECKING:
    from problems.catching.messages import problem_from_close

__all__ = ["Close", "close_code", "close_for", "private_close_code", "problem_from_close", "text_for"]

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # Servers, which load this module with every application, read no close frames.
    __getattr__, __dir__ = later(__name__, {"problem_from_close": "problems.catching.messages"})

_NO_TYPES: Final = Registry()
_NEVER_SENT: Final = frozenset({1004, 1005, 1006, 1010})


class Close(NamedTuple):
    """
    The content of a close frame.

    Attributes:
        code: The close code.
        reason: The reason, at most 123 bytes of UTF-8.
    """

    code: int
    reason: str


def close_for(problem: Problem, registry: Registry = _NO_TYPES, *, codes: Callable[[int], int] = close_code) -> Close:
    """
    Return the close frame for a problem.

    The reason is the type URI, or the title for `about:blank` and for a URI that does not fit. It is never the detail
    or a member, which may contain data that intermediaries log.

    >>> from problems import NotFound, Unauthorized
    >>> close_for(Unauthorized(challenges="Bearer"))
    Close(code=3000, reason='Unauthorized')
    >>> close_for(NotFound("No such room"), codes=private_close_code)
    Close(code=4404, reason='Not Found')

    Args:
        problem: The occurrence. A received problem is a 502, as in a response.
        registry: The problem types of the application, for their URIs.
        codes: Returns the close code for a status.

    Raises:
        TypeError: *codes* returns something that is not an integer.
        ValueError: *codes* returns a code that no endpoint may send.
    """
    if isinstance(problem, ReceivedProblem):
        return Close(_checked(codes(problem.status_code)), reason(phrase(problem.status_code)))
    facts = registry.facts(type(problem))
    fits = facts.uri != ABOUT_BLANK and len(facts.uri.encode("utf-8", "replace")) <= MAX_REASON_BYTES
    return Close(_checked(codes(facts.status)), reason(facts.uri if fits else facts.title))


def _checked(given: object) -> int:
    code = index(given)  # type: ignore[arg-type]  # raises for what is not an integer
    # RFC 6455, section 7.4: some are never sent, some belong to the protocol, codes from 5000 do not exist.
    if 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in _NEVER_SENT):
        return code
    raise ValueError(f"{code!r} is not a close code that can be sent. Use one from 4000 to 4999, or a registered one.")


def text_for(
    problem: Problem, registry: Registry = _NO_TYPES, *, instance: str | None = None, detail: bytes | None = None
) -> str:
    """
    Return the document of a problem as the text of one frame, for clients that need more than a code.

    A *detail* is JSON that is sent instead of the text of the problem.

    >>> from problems import NotFound
    >>> text_for(NotFound("No such room"))
    '{"type":"about:blank","title":"Not Found","status":404,"detail":"No such room"}'
    """
    return registry.form(type(problem)).document(problem, instance_of(problem) or instance, detail).decode()
