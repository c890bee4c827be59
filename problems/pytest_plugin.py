"""
The pytest plugin: the report of `--problems-report`, and the implementation of the fixtures.

Records the problem types that applications send and clients receive. `typed_problems.pytest_entry` defines the option
and the fixtures, and imports this module when they are used.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Protocol

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from problems.declaring._received import ReceivedProblem
from problems.declaring._watch import WATCH
from problems.documenting.vocabulary import types_of
from problems.registry import Registry
from problems.tools._targets import TargetError, load_registry

__all__ = ["ClientFactory", "Report", "client_factory", "make_strict", "pytest_configure"]

_OUTPUT: Final = "problems_seen"


class ClientFactory(Protocol):
    """A function that returns a test client for an application; the client is closed when the test ends."""

    def __call__(self, app: Starlette, **options: Any) -> TestClient:
        """Return a client for *app*; *options* are the arguments of `starlette.testclient.TestClient`."""
        ...


@contextmanager
def client_factory() -> Generator[ClientFactory, None, None]:
    """Yield a factory of clients that return the response to an unhandled exception instead of raising it."""
    with ExitStack() as stack:

        def make(app: Starlette, **options: Any) -> TestClient:
            options.setdefault("raise_server_exceptions", False)
            return stack.enter_context(TestClient(app, **options))

        yield make


def make_strict(patch: pytest.MonkeyPatch) -> None:
    """Make every application fail on a problem that its operation does not declare, until *patch* is undone."""
    patch.setattr(WATCH, "undeclared", "raise")


def pytest_configure(config: pytest.Config) -> None:
    """Register the report."""
    if not config.pluginmanager.has_plugin(Report.NAME):
        config.pluginmanager.register(Report(config), Report.NAME)


class Report:
    """The problem types of a registry that occurred in a test run."""

    NAME: Final = "problems-report"

    def __init__(self, config: pytest.Config) -> None:
        self._target = str(config.getoption("problems_report"))
        self._registry = Registry()
        self.seen: set[str] = set()
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        """Load the registry and start recording."""
        try:
            self._registry = load_registry(self._target)
        except TargetError as error:
            raise pytest.UsageError(f"--problems-report: {error}") from None
        self._patch.setattr(WATCH, "observers", (*WATCH.observers, self.note))

    def note(self, problem: object) -> None:
        """Record a problem that was sent or received."""
        cls = type(problem)
        self.seen.add(_name(cls.__bases__[1] if issubclass(cls, ReceivedProblem) else cls))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Stop recording; a worker of pytest-xdist sends its types to the process that reports."""
        self._patch.undo()
        output: dict[str, list[str]] = getattr(session.config, "workeroutput", {})
        output[_OUTPUT] = sorted(self.seen)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add the types that occurred in a worker of pytest-xdist."""
        self.seen.update(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the types that did not occur in any test."""
        types = types_of(self._registry)
        unseen = [cls for cls in types if _name(cls) not in self.seen]
        terminalreporter.section(f"problem types of {self._target}")
        terminalreporter.line(f"{len(types) - len(unseen)} of {len(types)} seen")
        for cls in unseen:
            terminalreporter.line(f"never seen: {cls.__name__} <{self._registry.uri(cls)}>")


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"
