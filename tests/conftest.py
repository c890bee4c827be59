"""What several test modules need: the corpus, the event loop, and reasons to skip what this machine cannot run."""

import logging
import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

PROGRAMS: Final = {
    "needs_browser": ("chromium",),
    "needs_node": ("node",),
    "needs_postgres": ("pg_virtualenv",),
}
"""The programs a test with this marker runs."""

# A busy machine does not fail a test, and a failure has to come back in the next run.
settings.register_profile("problems", deadline=None, derandomize=True)
settings.load_profile("problems")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a program this machine does not have."""
    wanted = [program for mark in item.iter_markers() for program in PROGRAMS.get(mark.name, ())]
    missing = [program for program in wanted if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} on the PATH")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Fail a test that is skipped for want of a tool, where PROBLEMS_NO_SKIPS is set as in the hosted workflow."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and os.environ.get("PROBLEMS_NO_SKIPS"):
        reason = report.longrepr[2]
        if reason.removeprefix("Skipped: ").startswith("needs "):
            report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped: {reason}"
    return report


class Failures(logging.Handler):
    """The records of failures: those at ERROR that are not the record of an answered problem."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a failure, with the exception that caused it."""
        if not hasattr(record, "problem_status"):
            cause = record.exc_info[1] if record.exc_info else None
            self.messages.append(f"{record.getMessage()} ({cause!r})")


@pytest.fixture(autouse=True)
def failures(request):
    """
    Fail a test in which an answer, a hook or a part of a policy fails, unless it is marked `expects_failure`.

    Every such failure is caught, so that a client gets an answer, and logged at ERROR: without this check a fault of
    the package looks like the answer to a crash.
    """
    found, logger = Failures(), logging.getLogger("problems")
    logger.addHandler(found)
    yield
    logger.removeHandler(found)
    if request.node.get_closest_marker("expects_failure") is None:
        assert [] == found.messages, "Mark a test that asks for a failure with `expects_failure`."
    else:
        assert found.messages, "Nothing failed. Remove the mark `expects_failure`."


@pytest.fixture(scope="session")
def anyio_backend():
    """Coroutines run on asyncio, the loop of uvicorn."""
    return "asyncio"


@pytest.fixture(scope="session")
def corpus():
    """The folder of recorded problem documents and OpenAPI documents, if this machine has one."""
    folder = os.environ.get("PROBLEMS_CORPUS")
    if not folder:
        pytest.skip("PROBLEMS_CORPUS names no folder")
    return Path(folder)
