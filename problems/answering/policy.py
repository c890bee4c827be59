"""
The options of one application: an immutable value.

Contains and checks the options. `problems.answering._answer` applies them.
"""

import os
import re
from binascii import hexlify
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from inspect import iscoroutinefunction
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard

from pydantic_core import to_json

from problems._wire.arguments import explained
from problems._wire.close_codes import close_code
from problems._wire.frozen import Frozen
from problems._wire.headers import check_header
from problems._wire.invalid_params import MASKED_NAMES
from problems._wire.text import briefly
from problems.answering.instrumentation import Hook
from problems.answering.representations import Representation
from problems.answering.texts import Texts
from problems.declaring._raises import spelled
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import SetupError

__all__ = ["Policy", "RequestFacts", "RequestId", "Translation", "fresh_instance"]

# The characters that are safe in a log, a header and a URI reference; it cannot be mistaken for an absolute URI.
_REQUEST_ID: Final = r"(?:urn:uuid:)?[0-9A-Za-z][0-9A-Za-z._~+=@-]{0,127}"

_URN: Final = b"urn:uuid:%b-%b-4%b-a%b-%b"
"""With the digits of the version, 4, and of the variant."""
_FIELDS: Final = Struct("8s4s3s3s12s").unpack
"""Cuts the thirty random digits of a UUID into the parts between them."""

Translation = type[Problem] | Callable[[Any], Problem | None]
"""
The problem for a foreign exception: a problem class that needs no members, or a function of the exception, which
returns `None` for one that it does not know.
"""


class RequestFacts:
    """
    The facts of a request that a response may depend on.

    >>> facts = RequestFacts({"method": "GET", "path": "/items/7", "headers": [(b"accept", b"*/*")]})
    >>> facts.method, facts.path, facts.header(b"accept")
    ('GET', '/items/7', '*/*')

    Args:
        scope: The ASGI scope of the request, or the known part of it.
        instance: The URI reference of this occurrence, a new one for each response.

    Attributes:
        method: The request method; `GET` for a WebSocket handshake.
        instance: The URI reference of this occurrence.
    """

    __slots__ = ("_scope", "instance", "method")

    def __init__(self, scope: Mapping[str, Any], instance: str | None = None) -> None:
        self._scope = scope
        self.instance: Final = instance
        self.method: Final[str] = scope.get("method", "GET")

    @property
    def scope(self) -> Mapping[str, Any]:
        """The ASGI scope of the request, or the known part of it."""
        return self._scope

    @property
    def path(self) -> str:
        """The path of the request."""
        path: str = self._scope["path"]
        return path

    @property
    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        """The header fields as ASGI has them: names in lower case."""
        headers: Iterable[tuple[bytes, bytes]] = self._scope.get("headers", ())
        return headers

    def header(self, name: bytes) -> str:
        """Return the values of one field, whatever the case of its name, joined; an empty text if it is absent."""
        name = name.lower()
        return b", ".join(value for key, value in self.headers if key == name).decode("latin-1")


def fresh_instance(_: RequestFacts | None = None) -> str:
    """Return a URN that identifies one occurrence: a random UUID (RFC 9562, section 5.4)."""
    # Not `uuid.uuid4`: it takes twice the time. Not a pool of random bytes: forks would share it.
    return (_URN % _FIELDS(hexlify(os.urandom(15)))).decode()


@dataclass(frozen=True, slots=True)
class RequestId:
    """
    Identifies an occurrence by its request: `Policy(instance=RequestId())`.

    The id that came with the request is the `instance` in the body, in the log record and in the response header of
    the same name. One that is missing, long or unusual is replaced by a fresh `urn:uuid:…`.

    >>> RequestId()(RequestFacts({"headers": [(b"x-request-id", b"7f3a-22")]}))
    '7f3a-22'

    Attributes:
        header: The name of the field.

    Raises:
        InvalidHeader: No field can have that name.
    """

    header: str = "X-Request-ID"

    def __post_init__(self) -> None:
        check_header(self.header, "")

    def __call__(self, facts: RequestFacts) -> str:
        """Return the id of the request that *facts* describe."""
        sent = facts.header(self.header.lower().encode())
        return sent if re.fullmatch(_REQUEST_ID, sent) else fresh_instance(facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The options for the responses of one application. The defaults are safe.

    >>> Policy(expose_server_detail=True).expose_unexpected
    False

    Attributes:
        expose_unexpected:
            Whether class and text of an unexpected exception are sent as `detail`. They may hold a password: for
            development only.
        expose_server_detail: Whether the detail of a foreign `HTTPException` with a status of 500 or more is sent.
        traceback:
            Whether the problem of an unexpected exception has its traceback as the member `traceback`: for
            development only. Request headers and local variables are never in it.
        include_inputs: Whether a validation problem contains the rejected values; secrets are masked.
        masked: The names of members and parameters whose values are masked, besides values of type `SecretStr`.
        hide_custom_messages:
            Whether the messages of your own validators are replaced by a constant, because they
            may repeat the input.
        validation_status: The status code of invalid requests, such as 400; by default 422, as their problem type.
        instance:
            The identifier of an occurrence (RFC 9457, section 3.1.5): a function of the request's facts, or `None` to
            send none. A random `urn:uuid:…` by default; `RequestId()` for the id of the request.
        translate:
            The problems for foreign exceptions; the most specific class counts. The text of an exception is never sent.
        framework_texts:
            Whether the plain texts that Starlette's own middleware answers with (`Invalid host header`,
            `Disallowed CORS origin`, `Content Too Large`) become problems. They are recognised by status and text. A
            WebSocket without a route is a 404 then.
        close_codes:
            Returns the close code for a status in an open WebSocket; `private_close_code` of `problems.websockets`
            keeps the exact status.
        problem_frames: Whether an open WebSocket is sent the problem as a text frame before the close frame.
        representations:
            The representations besides JSON, for clients that prefer them: `XML` of
            `problems.answering._xml`, `HTML` or `html(…)` of `problems.answering._html`, or your own. A function of the
            request's facts offers them to some requests only, such as those outside of `/api/`.
        texts: The texts in other languages, for clients that ask for one.
        hooks: Functions that are called with each answered problem, in order, after it was sent.
        log_levels:
            The level of the log record, for problem classes and their subclasses; the most specific class counts. By
            default a client's mistake is INFO and the server's own ERROR.
        undeclared:
            The reaction to a problem that its operation does not declare: none, a warning that
            names operation, class, file and line, or an `UndeclaredProblem` with the same text. For tests.
        validation_schemas:
            Whether OpenAPI lists for each operation the inputs that can be rejected, and the codes. It makes
            the document larger.
        legacy_detail:
            Whether `detail` is the value that FastAPI sends, for clients that read it: whatever an `HTTPException` was
            given, and the list of `loc`, `msg` and `type` of an invalid request. A function of the request's facts
            chooses by request; the header fields that it reads are in `Vary`. For a transition.

    Raises:
        SetupError: The value of an option is invalid.
    """

    expose_unexpected: bool = False
    expose_server_detail: bool = False
    traceback: bool = False
    include_inputs: bool = False
    masked: Collection[str] = MASKED_NAMES
    hide_custom_messages: bool = False
    validation_status: int | None = None
    instance: Callable[[RequestFacts], str | None] | None = fresh_instance
    translate: Mapping[type[Exception], Translation] = Frozen[type[Exception], Translation]()
    framework_texts: bool = False
    close_codes: Callable[[int], int] = close_code
    problem_frames: bool = False
    representations: tuple[Representation, ...] | Callable[[RequestFacts], Sequence[Representation]] = ()
    texts: Texts | None = None
    hooks: tuple[Hook, ...] = ()
    log_levels: Mapping[type[Problem], int] | None = None
    undeclared: Literal["ignore", "warn", "raise"] = "ignore"
    validation_schemas: bool = False
    legacy_detail: bool | Callable[[RequestFacts], bool] = False
    adapts: bool = field(init=False, repr=False, compare=False, default=False)
    """Whether an option changes the form of a response. Read for each response, so it is computed once."""

    def __post_init__(self) -> None:
        for name, default in _DEFAULTS.items():
            value: object = getattr(self, name)
            if value is not default:
                object.__setattr__(self, name, checked(name, value))
        adapts = bool(self.representations) or self.texts is not None or isinstance(self.instance, RequestId)
        adapts = adapts or self.legacy_detail is not False
        object.__setattr__(self, "adapts", adapts)


if not TYPE_CHECKING:
    Policy.__init__ = explained(Policy.__init__)

_DEFAULTS: Final[Mapping[str, object]] = {option.name: option.default for option in fields(Policy) if option.init}


_SHOWN_MAX: Final = 160
_UNDECLARED: Final = ("ignore", "warn", "raise")


def checked(name: str, value: object) -> object:
    """
    Return the checked value of an option, in the form in which a policy stores it.

    >>> checked("masked", ["iban"])
    frozenset({'iban'})

    Raises:
        SetupError: The option cannot be *value*.
    """
    return _CHECKS.get(name, _switch)(name, value)


def _refused(name: str, value: object, reason: str) -> SetupError:
    return SetupError(f"`Policy({name}={briefly(value, _SHOWN_MAX)})` cannot be: {reason}")


def _switch(name: str, value: object) -> object:
    if isinstance(value, bool):
        return value
    # "false", as it comes from the environment, would be true.
    raise _refused(name, value, "it is neither `True` nor `False`. Use one of them.")


def _switch_or_function(name: str, value: object) -> object:
    if iscoroutinefunction(value):  # the coroutine that it returns would be true for every request
        raise _refused(name, value, "it is an async function. Define it with `def`.")
    return value if callable(value) else _switch(name, value)


def _names(name: str, value: object) -> object:
    if _is_several(value) and all(isinstance(item, str) for item in value):
        return frozenset(value)
    raise _refused(name, value, 'it is not a collection of names. Write `{"iban"}` for one.')


def _status(name: str, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, int) and 400 <= value <= 499:
        return int(value)
    raise _refused(name, value, "it is not a status code for invalid requests. Use one from 400 to 499, such as 400.")


def _function(name: str, value: object) -> object:
    if callable(value):
        return value
    raise _refused(name, value, "it is not a function. Give one that is called with a status code.")


def _identifier(name: str, value: object) -> object:
    if value is RequestId:
        raise _refused(name, value, "it is the class. Write `Policy(instance=RequestId())`.")
    if value is None or callable(value):
        return value
    if isinstance(value, str):
        header = f"`Policy(instance=RequestId({_quoted(value)}))`"
        reason = f"it is not a function. Give one of the request's facts, or write {header} for a header field."
        raise _refused(name, value, reason)
    raise _refused(
        name, value, "it is not a function. Give one of the request's facts, or `None` to send no `instance`."
    )


def _quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes."""
    return to_json(text[:60]).decode()


def _translations(name: str, value: object) -> object:
    if not _is_mapping(value):
        raise _refused(name, value, "it is not a mapping. Write `{KeyError: NotFound}`.")
    for exception, target in value.items():
        shown = briefly(exception)
        if not (isinstance(exception, type) and issubclass(exception, Exception)):
            raise _refused(name, value, f"its key {shown} is not an exception class. Write `{{KeyError: NotFound}}`.")
        if not _makes_problems(target):
            reason = (
                f"{exception.__qualname__} cannot become {briefly(target)}. "
                f"Write `{{{exception.__name__}: {spelled(target)}}}`, or a function of the exception."
            )
            raise _refused(name, value, reason)
    return Frozen(value)


def _makes_problems(target: object) -> bool:
    if isinstance(target, type):
        return issubclass(target, Problem) and not issubclass(target, ReceivedProblem)
    return callable(target)


def _representations(name: str, value: object) -> object:
    if callable(value):
        return value
    if _is_sequence(value) and all(isinstance(item, Representation) for item in value):
        return tuple(value)
    raise _refused(name, value, "it is not a tuple of representations. Write `(HTML,)` for one, or give a function.")


def _texts(name: str, value: object) -> object:
    if value is None or isinstance(value, Texts):
        return value
    raise _refused(name, value, "it is not an instance of `Texts`. Put the texts into `Texts({language: texts})`.")


def _hooks(name: str, value: object) -> object:
    if _is_sequence(value) and all(callable(item) for item in value):
        return tuple(value)
    raise _refused(name, value, "it is not a tuple of functions. Write `(hook,)` for one.")


def _levels(name: str, value: object) -> object:
    if value is None:
        return None
    if not _is_mapping(value):
        raise _refused(name, value, "it is not a mapping. Write `{NotFound: logging.DEBUG}`.")
    for cls, level in value.items():
        shown = briefly(cls)
        if not (isinstance(cls, type) and issubclass(cls, Problem) and isinstance(level, int)):
            reason = f"{shown} cannot have the level {briefly(level)}. Write `{{NotFound: logging.DEBUG}}`."
            raise _refused(name, value, reason)
    return Frozen(value)


def _mode(name: str, value: object) -> object:
    if value in _UNDECLARED:
        return value
    raise _refused(name, value, "it is not one of the choices. Use 'ignore', 'warn' or 'raise'.")


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_several(value: object) -> TypeGuard[Collection[object]]:
    return isinstance(value, Collection) and not isinstance(value, str | bytes)


_CHECKS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "masked": _names,
    "validation_status": _status,
    "instance": _identifier,
    "translate": _translations,
    "close_codes": _function,
    "representations": _representations,
    "texts": _texts,
    "hooks": _hooks,
    "log_levels": _levels,
    "undeclared": _mode,
    "legacy_detail": _switch_or_function,
}
"""The check of each option that is not a switch."""
