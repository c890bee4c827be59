"""
Rejected values that may be shown: JSON, small, and with secrets masked.

Used only if an application includes inputs. Recognises secrets by the names of members and parameters, and by
pydantic's secret types.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from pydantic import Secret, SecretBytes, SecretStr

from problems._wire.invalid_params._values import encodable, is_list, is_mapping

MASK: Final = "**********"
"""The replacement of a secret, as in pydantic."""

MASKED_NAMES: Final = frozenset(
    {
        "api key",
        "apikey",
        "auth",
        "authorization",
        "bearer",
        "card number",
        "cookie",
        "credential",
        "credentials",
        "credit card",
        "csrf",
        "cvc",
        "cvv",
        "iban",
        "jwt",
        "otp",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pin",
        "private key",
        "pwd",
        "secret",
        "secrets",
        "session",
        "signature",
        "ssn",
        "token",
        "tokens",
    }
)
"""Names of members and parameters whose values are never shown."""

_SIZE_LIMIT: Final = 1000
_DEPTH_LIMIT: Final = 16
_INTEGER_LIMIT: Final = 2**64
_WORD_BOUNDARY: Final = r"(?<=[a-z0-9])(?=[A-Z])|(?<=\D)(?=\d)|(?<=\d)(?=\D)|[\W_]+"


class Unshowable(Exception):
    """A value is not JSON, or too large to be shown."""


class Inputs:
    """
    Shows rejected values.

    >>> inputs = Inputs(masked={"api key"})
    >>> inputs.shown({"xApiKey": "abc", "amount": 0}, names=["order"])
    {'xApiKey': '**********', 'amount': 0}
    >>> inputs.shown("abc", names=["settings", "api_key", 0])
    '**********'
    """

    def __init__(self, masked: Collection[str]) -> None:
        self._masked = tuple(filter(str.strip, map(_words, masked)))

    def shown(self, value: object, *, names: Iterable[object]) -> object:
        """
        Return a copy of *value* with secrets masked.

        Args:
            value: The rejected value.
            names: The names of the members that lead to it, or the name of the parameter.

        Raises:
            Unshowable: *value* is not JSON, or longer than 1,000 characters.
        """
        if any(self._is_secret(name) for name in names):
            return MASK
        return _Copy(self._is_secret).of(value)

    def _is_secret(self, name: object) -> bool:
        words = _words(name) if isinstance(name, str) else ""
        return any(masked in words for masked in self._masked)


def _words(name: str) -> str:
    """Return the words of *name* between spaces: ``xApi-key`` and ``X_API_KEY`` become " x api key "."""
    return f" {' '.join(re.sub(_WORD_BOUNDARY, ' ', name).lower().split())} "


class _Copy:
    """Copies one value, and raises `Unshowable` when it gets too large."""

    def __init__(self, is_secret: Callable[[object], bool]) -> None:
        self._is_secret = is_secret
        self._left = _SIZE_LIMIT

    def of(self, value: object, depth: int = _DEPTH_LIMIT) -> object:
        self._spend(1)
        if isinstance(value, (Secret, SecretStr, SecretBytes)):
            return MASK
        if value is None or _is_number(value):
            return value
        if isinstance(value, str):
            self._spend(len(value))
            return encodable(value)
        if depth and is_mapping(value):
            return {self._name(name): self._member(name, part, depth - 1) for name, part in value.items()}
        if depth and is_list(value):
            return [self.of(item, depth - 1) for item in value]
        raise Unshowable

    def _member(self, name: object, value: object, depth: int) -> object:
        return MASK if self._is_secret(name) else self.of(value, depth)

    def _name(self, name: object) -> str:
        if not isinstance(name, str):
            raise Unshowable
        self._spend(len(name))
        return encodable(name)

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise Unshowable


def _is_number(value: object) -> bool:
    # Some readers do not support integers beyond 64 bits, and JSON has no NaN (RFC 8259, section 6).
    return (isinstance(value, int) and abs(value) < _INTEGER_LIMIT) or (
        isinstance(value, float) and math.isfinite(value)
    )
