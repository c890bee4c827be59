"""
The pytest plugin as pytest finds it: the option and the fixtures.

Runs in every test run of an environment in which this distribution is installed. It imports `problems.pytest_plugin`
only when the option is given or a fixture is used.
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
        help="report which problem types of this registry, or application, no test has seen",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin proper if its report is asked for."""
    if config.getoption("problems_report"):
        config.pluginmanager.import_plugin(_PLUGIN)


@pytest.fixture
def problem_client() -> Iterator["ClientFactory"]:
    """Return a function from an application to a client that gets the answer to a crash instead of the exception."""
    with import_module(_PLUGIN).client_factory() as factory:
        yield factory


@pytest.fixture
def strict_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make applications fail on problems that their operations do not declare."""
    import_module(_PLUGIN).make_strict(monkeypatch)
