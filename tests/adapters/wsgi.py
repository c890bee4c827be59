"""A bare adapter for WSGI applications: what a framework has to do besides `problems.answering`."""

import asyncio
import traceback
from http import HTTPStatus

from problems import Policy
from problems.answering._exchange import Setup, decide


class Problems:
    """WSGI middleware that answers exceptions of an application with problems."""

    def __init__(self, app, registry=None, *, policy=Policy()):
        self.app, self._setup = app, Setup.of(registry, policy)

    def __call__(self, environ, start_response):
        """Call the application, and answer what it raises."""
        try:
            return self.app(environ, start_response)
        except Exception as error:  # noqa: BLE001 - a crash is reported to the server below
            raised = error
        decision = decide(raised, self._setup, _facts(environ), environ)
        answer = decision.answer
        decision.announce()
        status = f"{answer.status} {_phrase(answer.status)}"
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
        start_response(status, headers, (type(raised), raised, raised.__traceback__))
        asyncio.run(decision.sent())
        if not answer.is_expected:
            decision.note()
            traceback.print_exception(raised, file=environ["wsgi.errors"])
        return [answer.body]


def _facts(environ):
    lines = [(name[5:], value) for name, value in environ.items() if name.startswith("HTTP_")]
    return {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "headers": [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in lines],
    }


def _phrase(status):
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else "Unknown"
