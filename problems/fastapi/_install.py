"""
`add_problems` for FastAPI: its validation errors, and its document.

Knows FastAPI's exceptions; `problems.answering` decides what is answered.
"""

import sys
from contextlib import suppress
from operator import is_
from typing import Final, TypeGuard

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.applications import Starlette

from problems._wire.arguments import explained
from problems._wire.invalid_params import secret_names
from problems.answering._answer import Rejected
from problems.answering._exchange import Facts
from problems.answering._meaning import leaves
from problems.answering._returned import note_returned
from problems.answering.instrumentation.logging import failed
from problems.answering.policy import Policy
from problems.fastapi._declared import declares
from problems.fastapi._document import extend_openapi
from problems.fastapi._returned import refuse_returned
from problems.fastapi._secrets import Secrets
from problems.registry import Registry
from problems.starlette._install import install
from problems.starlette._middleware import setup_for

__all__ = ["add_problems"]

_INVALID: Final = (RequestValidationError, WebSocketRequestValidationError)


@explained
def add_problems(app: Starlette, registry: Registry | None = None, *, policy: Policy = Policy()) -> None:
    """
    Make *app* answer every error with a problem document, and document the declared problems.

    Mounted applications are reached too. Your own exception handlers keep working, whether they are registered before
    or after; your own `app.openapi` is called and extended.

    >>> from fastapi import FastAPI
    >>> app = FastAPI()
    >>> add_problems(app)

    Args:
        app: The application, before its first request; one of Starlette's with FastAPI applications mounted in it too.
        registry: The problem types of the application, for their URIs.
        policy: How to answer.

    Raises:
        SetupError: The application has problems already, or has served already; or the policy translates to a problem
            type that needs members.
        InvalidRegistry: The registry has several problem types for invalid requests, or one that needs further members.
    """
    setup = setup_for(registry, policy)._replace(declares=declares, read=_Reader())

    def extend(inner: object) -> None:
        extend_openapi(inner, setup)
        refuse_returned(inner)

    install(app, setup, _INVALID, extend)


class _Reader:
    """Reads FastAPI's validation errors; remembers the secrets of routes and of the last document."""

    def __init__(self) -> None:
        self._document: object = None
        self._of_document: frozenset[str] = frozenset()
        self._of_routes = Secrets()

    def __call__(self, exc: Exception, scope: Facts, policy: Policy) -> Exception:
        """Return the rejected inputs of a validation error; any other exception as it is."""
        if _is_group(exc):
            own = [part for part in leaves(exc) if isinstance(part, Exception)]  # each once, however often it is in it
            parts = [self(part, scope, policy) for part in own]
            return exc if all(map(is_, parts, own)) else ExceptionGroup(exc.message, parts)
        if not isinstance(exc, _INVALID):
            note_returned(exc, scope)
            return exc
        try:
            secrets = self._secrets_of(scope) if policy.include_inputs else None
            return Rejected(exc.errors(), getattr(exc, "body", None), secrets)
        except Exception as error:  # noqa: BLE001 - it is logged; as `guarded` does, at no cost where nothing fails
            failure = error
        handled = (exc, sys.exception())
        failed(failure, handled, "The errors of an invalid request could not be read; it is answered as a crash.")
        return exc

    def _secrets_of(self, scope: Facts) -> frozenset[str] | None:
        """Return the names of secret inputs, or `None` if they are not known."""
        with suppress(Exception):  # what has no schema must not cost the client its error
            app, own = scope.get("app"), self._of_routes.of(scope)
            document = app.openapi() if isinstance(app, FastAPI) and own is not None else None
            if document is not None and document is not self._document:
                self._document, self._of_document = document, secret_names(document)
            return own if own is None else own | self._of_document
        return None


def _is_group(exc: Exception) -> TypeGuard[ExceptionGroup[Exception]]:
    return isinstance(exc, ExceptionGroup)
