"""
How one application answers: a value, made once and passed on.

Knows what can be chosen, not what comes of it: that is decided in `problems.answer`.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from problems.exceptions import Problem
from problems.instrumentation import Hook

__all__ = ["Policy", "RequestFacts", "Translation", "fresh_instance"]

Translation = type[Problem] | Callable[[Exception], Problem]
"""What a foreign exception becomes: a problem class that needs no members, or a function of the exception."""


class RequestFacts(NamedTuple):
    """
    What an answer may depend on.

    Attributes:
        method: The request method; `GET` for a WebSocket handshake.
        path: The path of the request.
        headers: The header fields as ASGI has them: names in lower case.
        instance: The URI reference of this occurrence, fresh for every answer.
    """

    method: str
    path: str
    headers: Iterable[tuple[bytes, bytes]] = ()
    instance: str | None = None

    def header(self, name: bytes) -> str:
        """Return the values of one field, joined; an empty text if it is absent."""
        return b", ".join(value for key, value in self.headers if key == name).decode("latin-1")


def fresh_instance(_: RequestFacts) -> str:
    """Return a URN that identifies one occurrence: a random UUID (RFC 9562, section 5.4)."""
    # Not `uuid.uuid4`: it takes twice the time. Not a pool of random bytes: forks would share it.
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How one application answers. The defaults are safe.

    >>> Policy(expose_server_detail=True).expose_unexpected
    False

    Attributes:
        expose_unexpected:
            Whether class and text of an unexpected exception are sent as `detail`. They may hold a password: for
            development only.
        expose_server_detail: Whether the detail of a foreign `HTTPException` with a status of 500 or more is sent.
        include_inputs: Whether a validation problem tells the rejected values; secrets are masked.
        instance:
            What identifies an occurrence (RFC 9457, section 3.1.5): a function of the request's facts, or `None` to
            send none. A random `urn:uuid:…` by default.
        translate: What foreign exceptions become; the most specific class counts.
        hooks: Functions that are called with each answered problem, in order, after it was sent.
    """

    expose_unexpected: bool = False
    expose_server_detail: bool = False
    include_inputs: bool = False
    instance: Callable[[RequestFacts], str | None] | None = fresh_instance
    translate: Mapping[type[Exception], Translation] = field(default_factory=lambda: MappingProxyType({}))
    hooks: tuple[Hook, ...] = ()
