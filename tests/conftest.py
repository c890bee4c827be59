"""What several test modules need: the corpus, the event loop, and reasons to skip what this machine cannot run."""

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

# A busy machine is no failing test, and a failure has to come back in the next run.
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
