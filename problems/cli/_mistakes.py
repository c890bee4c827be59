"""Mistakes of the user as one line and the exit status 2, never a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from problems.cli._output import fail
from problems.errors import ProblemsError

__all__ = ["Commands"]


class Commands(TyperGroup):
    """The commands of `problems`; an error of this package becomes a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ProblemsError as error:
            fail(str(error))
            raise typer.Exit(2) from None
        except RecursionError:  # of schemas within schemas; a document is not read to any depth
            fail("A document is nested too deeply to be read. Give one of fewer levels.")
            raise typer.Exit(2) from None
