"""
An answer on its way to the client, and the observers that are told afterwards.

Knows ASGI and Starlette's responses; what is sent was decided in `problems.answering._answer`.
"""

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from problems.answering._answer import answer_as
from problems.answering.instrumentation import Occurrence
from problems.answering.instrumentation.logging import failed, guarded, is_enabled, record
from problems.answering.policy import Policy, RequestFacts, fresh_instance
from problems.declaring.problem import Problem
from problems.errors import need
from problems.registry import Registry
from problems.starlette._connection import Closing, can_deny
from problems.starlette._undeclared import Declares, declares, notice_undeclared
from problems.websockets import Close, close_code, close_for, text_for

__all__ = ["ProblemResponse", "Setup", "mark_reported"]

_REPORTED: Final = "problems.reported"
SETUP: Final = "problems.setup"
_UNEXPECTED: Final = "problems.unexpected"


def _as_it_is(exc: Exception, _scope: Scope, _policy: Policy) -> BaseException:
    return exc


class Setup(NamedTuple):
    """
    What an application answers with.

    Attributes:
        registry: Its problem types.
        policy: How it answers.
        declares: What the operation of a request declares; nothing if no operation was reached.
        read: Turns exceptions of a framework on top of Starlette into what `answer` knows.
    """

    registry: Registry
    policy: Policy
    declares: Declares = declares
    read: Callable[[Exception, Scope, Policy], BaseException] = _as_it_is

    @classmethod
    def of(cls, registry: Registry | None, policy: Policy) -> "Setup":
        """
        Return the setup for the arguments of `add_problems`.

        Raises:
            InvalidRegistry: Invalid requests cannot be answered with the type that the registry has for them.
        """
        registry = registry if registry is not None else Registry()
        need(registry, Registry, "registry", "Write `add_problems(app, Registry(ItemNotFound))`.")
        need(policy, Policy, "policy", "Write `add_problems(app, registry, policy=Policy(…))`.")
        registry.check_validation_problem()
        status = policy.validation_status
        return cls(registry if status is None else registry.invalid_as(status), policy)

    def put(self, scope: Scope) -> None:
        """Let handlers below find this setup: a test may have replaced the one that they were made with."""
        scope[SETUP] = self

    def respond(self, scope: Scope, exc: Exception, told: BaseException | None = None) -> "ProblemResponse":
        """
        Return the response to *exc*.

        Args:
            scope: The request or the WebSocket.
            exc: What was raised.
            told: What is answered, if that is not *exc* itself.
        """
        known: ProblemResponse | None = scope.get(_UNEXPECTED)
        if known is not None and known.is_for(exc, self):
            return known
        policy = self.policy
        if told is None:
            told = exc if isinstance(exc, Problem) else self.read(exc, scope, policy)
        facts = RequestFacts(scope, policy.instance and _instance(policy.instance, scope))
        response = answer_as(ProblemResponse, told, facts, policy, self.registry)
        response.exception, response.facts, response.setup = exc, facts, self
        if not response.is_expected:
            scope[_UNEXPECTED] = response  # each handler on the way of the exception asks again
        elif policy.undeclared != "ignore" and response.problem is not None:
            notice_undeclared(response.problem, exc, scope, self._declared(scope), policy.undeclared)
        return response

    def _declared(self, scope: Scope) -> Iterable[type[Problem]] | None:
        with guarded("What an operation declares could not be found; nothing is said of what it does not."):
            return self.declares(scope, self.registry)
        return None


def _instance(identify: Callable[[RequestFacts], str | None], scope: Scope) -> str | None:
    """Return what identifies this occurrence."""
    if identify is fresh_instance:  # needs no facts, and cannot fail
        return fresh_instance()
    with guarded("`Policy(instance=…)` failed; the problem is sent without an instance."):
        return identify(RequestFacts(scope))
    return None


class ProblemResponse(Response):
    """
    An answer on its way; when it is sent, the observers are told.

    Attributes:
        problem: The problem that is told, if any.
        instance: The URI reference of this occurrence.
        is_expected: Whether somebody meant the exception for a client.
        failure: What went wrong while the answer was made.
        exception: What was raised.
        facts: What the answer depended on.
        setup: What the application answers with.
    """

    background = None
    exception: Exception
    facts: RequestFacts
    setup: Setup

    def __init__(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        problem: Problem | None,
        instance: str | None,
        is_expected: bool = True,  # noqa: FBT001, FBT002 - by position, as `Make` passes it
        failure: Exception | None = None,
    ) -> None:
        # Not `Response.__init__`: status, headers and body are what they have to be already.
        self.status_code, self.raw_headers, self.body = status, headers, body
        self.problem, self.instance, self.is_expected, self.failure = problem, instance, is_expected, failure

    def is_for(self, exc: Exception, setup: Setup) -> bool:
        """Return whether this is the response to *exc* of an application with that setup."""
        return self.exception is exc and self.setup == setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer: a response, the denial of a WebSocket, or a close frame."""
        policy = self.setup.policy
        if policy.hooks:
            self._announce(scope)
        if scope["type"] == "http":  # without the questions that `Response` asks
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body})
        elif can_deny(scope):
            await super().__call__(scope, receive, send)
        else:
            await self._closing()(scope, receive, send)
        if self.failure is not None:
            handled = (self.exception, sys.exception())
            failed(self.failure, handled, "An answer could not be made; a constant document was sent.")
        if policy.hooks or is_enabled(self.status_code, self.problem, policy.log_levels):
            await self._report(scope)

    async def _report(self, scope: Scope) -> None:
        if self.problem is not None and scope.get(_REPORTED) is not self.exception:
            await self._observe(self.problem)

    def _closing(self) -> Closing:
        told, registry, policy = self.problem, self.setup.registry, self.setup.policy
        if told is None:
            return Closing(Close(close_code(self.status_code), ""))
        text = text_for(told, registry, instance=self.instance) if policy.problem_frames else None
        with guarded("`Policy(close_codes=…)` failed; the usual close code is sent."):
            return Closing(close_for(told, registry, codes=policy.close_codes), text)
        return Closing(close_for(told, registry), text)

    def _announce(self, scope: Scope) -> None:
        """Tell the hooks that want to know before the answer is sent."""
        if self.problem is None or scope.get(_REPORTED) is self.exception:
            return
        early = [before for hook in self.setup.policy.hooks if (before := getattr(hook, "before", None))]
        occurrence = self._occurrence(self.problem) if early else None
        for before in early:
            with guarded("The hook %r failed; it is skipped.", before):
                before(occurrence)

    def _occurrence(self, problem: Problem) -> Occurrence:
        _forget_earlier(self.exception)
        return Occurrence(
            problem=problem,
            exception=self.exception,
            type=self.setup.registry.uri(type(problem)),
            status=self.status_code,
            instance=self.instance,
            method=self.facts.method,
            path=self.facts.path,
            is_expected=self.is_expected,
        )

    async def _observe(self, problem: Problem) -> None:
        """Tell the log and the hooks; one that fails is recorded and skipped."""
        occurrence = self._occurrence(problem)
        record(occurrence, self.setup.policy.log_levels)
        for hook in self.setup.policy.hooks:
            with guarded("The hook %r failed; it is skipped.", hook):
                waited = hook(occurrence)
                if inspect.isawaitable(waited):
                    await waited


def _forget_earlier(exc: Exception) -> None:
    """
    Part an instance that is raised again and again from what was being handled when an earlier request raised it.

    Python keeps that where nothing is being handled now. What is handled in this request was caught in one of the
    frames that the exception came through.
    """
    earlier = exc.__context__
    if earlier is None or earlier.__traceback__ is None or exc.__traceback__ is None:
        return
    caught_in = earlier.__traceback__.tb_frame
    if all(frame is not caught_in for frame, _ in traceback.walk_tb(exc.__traceback__)):
        exc.__context__ = None


def mark_reported(scope: Scope, exc: Exception) -> None:
    """Say that *exc* was told to client and observers: it goes on to the server and is not told again."""
    scope[_REPORTED] = exc
