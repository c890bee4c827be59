"""
The entry point for pytest: the option and the fixtures.

Runs in every test run of an environment with this distribution. Imports `problems.pytest_plugin` only when the option
or a fixture is used.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from problems.pytest_plugin import ClientFactory

__all__ = ["problem_client", "pytest_addoption", "pytest_configure", "strict_problems"]

_PLUGIN = "problems.pytest_plugin"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--problems-report`."""
    parser.getgroup("problems", "problem details").addoption(
        "--problems-report",
        metavar="MODULE:ATTRIBUTE",
        help="report the problem types of this registry or application that do not occur in any test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin if the report is requested."""
    if config.getoption("problems_report"):
        config.pluginmanager.import_plugin(_PLUGIN)


@pytest.fixture
def problem_client() -> Iterator["ClientFactory"]:
    """Return a function that returns a test client for an application; unhandled exceptions become responses."""
    with import_module(_PLUGIN).client_factory() as factory:
        yield factory


@pytest.fixture
def strict_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make applications fail on problems that their operations do not declare."""
    import_module(_PLUGIN).make_strict(monkeypatch)
