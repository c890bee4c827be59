"""
The one place below an application's own middleware that every exception passes.

Knows what has been sent and what must go on to the server; the answer is
decided in `problems.answer`.
"""

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from problems.answer import leading
from problems.starlette._handlers import Handlers, reach_mounts
from problems.starlette._response import Sent, Setup, mark_reported

__all__ = ["ProblemMiddleware", "setup_of"]


class ProblemMiddleware:
    """
    Answers what no handler answered, close to the application.

    `add_problems` puts it innermost, below the application's own middleware, so that the problem of a crash
    has CORS headers and a request id too. Added once more and last, `app.add_middleware(ProblemMiddleware)`, it
    also answers what that middleware raises.

    An unexpected exception is answered, and raised again for the server to report. One that comes after
    the response has begun is only raised again, as it is.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        setup: Setup | None = None,
        application: Starlette | None = None,
        handlers: Handlers | None = None,
    ) -> None:
        self.app = app
        self._setup = setup
        if application is not None and handlers is not None:
            # The stack is built before the first request, when everything is mounted.
            reach_mounts(application.routes, handlers, lambda mounted: setup_of(mounted) is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what comes up."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        sent = Sent.of(scope)

        async def noting(message: Message) -> None:
            sent.note(message)
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except (ClientDisconnect, WebSocketDisconnect):
            return  # nobody is left to be told
        except Exception as exc:  # noqa: BLE001 - an unexpected one is raised again
            await self._answer(_unmasked(exc), scope, receive, noting)

    async def _answer(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        setup = self._setup or setup_of(scope.get("app"))
        if setup is None or Sent.of(scope).started:
            mark_reported(scope, exc)
            raise exc
        response = setup.respond(scope, exc, leading(exc))
        await response(scope, receive, send)
        if not response.decided.is_expected:
            mark_reported(scope, exc)
            raise exc


def setup_of(app: object) -> Setup | None:
    """Return what `add_problems` set up for an application, if it did."""
    for middleware in getattr(app, "user_middleware", ()):
        if middleware.cls is ProblemMiddleware and "setup" in middleware.kwargs:
            found: Setup = middleware.kwargs["setup"]
            return found
    return None


def _unmasked(exc: Exception) -> Exception:
    """Return the exception that Starlette hides when it comes too late for a handler."""
    cause = exc.__cause__
    if isinstance(exc, RuntimeError) and isinstance(cause, Exception) and "response already started" in str(exc):
        return cause
    return exc
