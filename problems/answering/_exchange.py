"""
One request of an application: the response to an exception, and the calls to observers after it was sent.

Knows no framework: an adapter passes the facts of the request, sends the answer, and calls `Decision.sent` afterwards.
"""

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from problems._wire.text import plain
from problems.answering._answer import Answer, answer
from problems.answering._undeclared import is_of_the_framework, notice_undeclared
from problems.answering.instrumentation import Occurrence
from problems.answering.instrumentation.logging import failed, guarded, is_enabled, record
from problems.answering.policy import Policy, RequestFacts, fresh_instance
from problems.declaring._raises import spelled
from problems.declaring._watch import WATCH
from problems.declaring.problem import Problem
from problems.errors import SetupError, need
from problems.registry import Registry

__all__ = ["Decision", "Facts", "Setup", "decide", "decided"]

Facts: TypeAlias = Mapping[str, Any]
"""A request: `method`, `path` and `headers` (pairs of bytes, names in lower case), and what the adapter adds."""


class Declares(Protocol):
    """Returns the types that the operation of a request declares; `None` if no operation was reached."""

    def __call__(self, facts: Facts, registry: Registry, /, *, implied: bool = True) -> Iterable[type[Problem]] | None:
        """
        Return the declared types.

        Args:
            facts: The facts of the request.
            registry: The problem types of the application.
            implied: Include the types that the framework itself answers with.
        """
        ...


_DECISION: Final = "problems.decision"
_NOTE: Final = "The client received a problem with the instance "


def _declares_nothing(_facts: Facts, _registry: Registry, /, *, implied: bool = True) -> None:  # noqa: ARG001 - nothing is implied
    return None


def _named(facts: Facts) -> str:
    return f"{facts.get('method', 'GET')} {facts['path']}"


def _unchanged(exc: Exception, _facts: Facts, _policy: Policy) -> BaseException:
    return exc


class Setup(NamedTuple):
    """
    The registry and policy of one application, and what its adapter knows about operations.

    Attributes:
        registry: The problem types of the application.
        policy: How the application answers.
        declares: Returns the types that the operation of a request declares; `None` if no operation was reached.
        operation: Returns the name of the operation of a request, for messages.
        read: Returns the exception that `answer` understands for an exception of the framework.
    """

    registry: Registry
    policy: Policy
    declares: Declares = _declares_nothing
    operation: Callable[[Facts], str] = _named
    read: Callable[[Exception, Facts, Policy], BaseException] = _unchanged

    @classmethod
    def of(cls, registry: Registry | None, policy: Policy) -> "Setup":
        """
        Return the setup for the arguments of `add_problems`.

        Raises:
            InvalidRegistry: The problem type of the registry for invalid requests cannot be used for them.
        """
        registry = registry if registry is not None else Registry()
        if isinstance(registry, Policy):
            raise SetupError("A `Policy` is in the place of the registry. Write `add_problems(app, policy=policy)`.")
        need(registry, Registry, "registry", f"Write `add_problems(app, Registry({spelled(registry)}))`.")
        need(policy, Policy, "policy", "Write `add_problems(app, registry, policy=Policy(…))`.")
        registry.check_validation_problem()
        status = policy.validation_status
        return cls(registry if status is None else registry.invalid_as(status), policy)


def decide(
    exc: Exception,
    setup: Setup,
    facts: Facts,
    notes: MutableMapping[str, Any],
    meaning: BaseException | None = None,
) -> "Decision":
    """
    Return the decision about an exception. A crash is decided once in a request, by the first application that asks.

    >>> from problems import NotFound
    >>> setup, facts = Setup.of(None, Policy()), {"method": "GET", "path": "/items/7", "headers": []}
    >>> decide(NotFound(), setup, facts, {}).answer.status
    404

    Args:
        exc: The exception that was raised.
        setup: The registry and policy of the application.
        facts: The request.
        notes: Keeps the decision about a crash until it is sent; one object for the whole request.
        meaning: The exception that is answered instead of *exc*.

    Raises:
        UndeclaredProblem: The operation does not declare the problem, and `Policy(undeclared="raise")`.
    """
    if notes and (known := decided(exc, notes)) is not None:
        return known
    policy = setup.policy
    if meaning is None:
        meaning = exc if isinstance(exc, Problem) else _read(exc, setup, facts)
    request = RequestFacts(facts, policy.instance and _instance(policy.instance, facts))
    decision = Decision(answer(meaning, request, policy, setup.registry), exc, request, setup)
    problem, undeclared = decision.answer.problem, WATCH.undeclared or policy.undeclared
    if problem is not None and WATCH.observers:
        WATCH.notice(problem)
    if not decision.answer.is_expected:
        notes[_DECISION] = decision  # each handler that the exception passes asks again
    elif undeclared != "ignore" and problem is not None:
        notice_undeclared(problem, exc, setup.operation(facts), _declared(exc, setup, facts), undeclared)
    return decision


def decided(exc: Exception, notes: Mapping[str, Any]) -> "Decision | None":
    """Return the decision about a crash that was made before, or `None`."""
    known: Decision | None = notes.get(_DECISION)
    return known if known is not None and known.exception is exc else None


def _read(exc: Exception, setup: Setup, facts: Facts) -> BaseException:
    handled = (exc, sys.exception())
    try:
        return setup.read(exc, facts, setup.policy)
    except Exception as failure:  # noqa: BLE001 - it is logged; as `guarded` does, at no cost where nothing fails
        failed(failure, handled, "An exception could not be read; it is answered as a crash.")
    return exc


def _declared(exc: BaseException, setup: Setup, facts: Facts) -> Iterable[type[Problem]] | None:
    with guarded("The declarations of an operation could not be read; its problems are not compared with them."):
        return setup.declares(facts, setup.registry, implied=is_of_the_framework(exc))
    return None


def _instance(identify: Callable[[RequestFacts], str | None], facts: Facts) -> str | None:
    """Return the identifier of this occurrence."""
    if identify is fresh_instance:  # needs no facts, and cannot fail
        return fresh_instance()
    with guarded("`Policy(instance=…)` failed; the problem is sent without an instance."):
        return _text_or_none(identify(RequestFacts(facts)))
    return None


def _text_or_none(instance: object) -> str | None:
    if instance is None or isinstance(instance, str):
        return None if instance is None else plain(instance)
    raise TypeError(f"`Policy(instance=…)` must return a text or `None`; got {type(instance).__name__}.")


def _is_ours(note: object) -> bool:
    return isinstance(note, str) and note.startswith(_NOTE)


class Decision:
    """
    The answer to one exception, and what remains to be done when it was sent.

    Attributes:
        answer: What is sent.
        exception: The exception that was raised.
        facts: The facts of the request that the answer was made for.
        setup: The registry and policy that the answer was made with.
        is_sent: Whether observers know about the answer.
    """

    __slots__ = ("_is_announced", "answer", "exception", "facts", "is_sent", "setup")

    def __init__(self, answer: Answer, exception: Exception, facts: RequestFacts, setup: Setup) -> None:
        self.answer, self.exception, self.facts, self.setup = answer, exception, facts, setup
        self.is_sent = self._is_announced = False

    def announce(self) -> None:
        """Call the hooks that have a method `before`. To be called before the answer is sent."""
        hooks = self.setup.policy.hooks
        if not hooks or self._is_announced or self.answer.problem is None:
            return
        self._is_announced = True
        occurrence: Occurrence | None = None
        for hook in hooks:
            with guarded("The hook %r failed; it is skipped.", hook):
                before = getattr(hook, "before", None)
                if before is not None:
                    occurrence = occurrence or self._occurrence(self.answer.problem)
                    before(occurrence)

    async def sent(self) -> None:
        """Write the log record and call the hooks, once. To be called when the answer was sent."""
        if self.is_sent:
            return
        self.is_sent = True
        answer, policy = self.answer, self.setup.policy
        if answer.problem is None:
            return
        if policy.hooks or is_enabled(answer.status, answer.problem, policy.log_levels):
            occurrence = self._occurrence(answer.problem)
            record(occurrence, policy.log_levels)
            for hook in policy.hooks:
                with guarded("The hook %r failed; it is skipped.", hook):
                    waited = hook(occurrence)
                    if inspect.isawaitable(waited):
                        await waited

    def note(self) -> None:
        """
        Add the instance to the notes of the exception, so that the traceback of the server shows it.

        Call it just before a crash is raised to the server. A note of an earlier request is replaced.
        """
        instance = self.answer.instance
        try:
            notes: list[str] = getattr(self.exception, "__notes__", [])
            notes[:] = [note for note in notes if not _is_ours(note)]
            if instance is not None and self.answer.problem is not None:
                self.exception.add_note(f"{_NOTE}{instance}")
        except Exception:  # noqa: BLE001 - an exception of another library may have notes of any kind
            return

    def _occurrence(self, problem: Problem) -> Occurrence:
        _forget_earlier(self.exception)
        return Occurrence(
            problem=problem,
            exception=self.exception,
            type=self.setup.registry.uri(type(problem)),
            status=self.answer.status,
            instance=self.answer.instance,
            method=self.facts.method,
            path=self.facts.path,
            is_expected=self.answer.is_expected,
        )


def _forget_earlier(exc: Exception) -> None:
    """
    Remove from an exception that is raised again and again the context of an earlier request.

    Python keeps the context of the first `raise` where no exception is being handled now. The context of this request
    was caught in one of the frames that the exception came through.
    """
    earlier = exc.__context__
    if earlier is None or earlier.__traceback__ is None or exc.__traceback__ is None:
        return
    caught_in = earlier.__traceback__.tb_frame
    if all(frame is not caught_in for frame, _ in traceback.walk_tb(exc.__traceback__)):
        exc.__context__ = None
