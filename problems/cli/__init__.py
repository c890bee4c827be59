"""
The `problems` command.

Parses arguments, calls the tools and prints their results; contains no logic of its own. Needs the extra `cli`.
"""

import sys
from collections.abc import Callable

__all__ = ["main"]


def _refuse() -> None:
    sys.stderr.write("The command line is an extra. Install it: pip install 'typed-problems[cli]'.\n")
    sys.exit(2)


_run: Callable[[], object] = _refuse
try:
    from problems.cli._commands import app
except ModuleNotFoundError as _error:
    if _error.name not in ("rich", "typer"):
        raise
else:
    _run = app


def main() -> None:
    """Run the command with the arguments of this process."""
    _run()
