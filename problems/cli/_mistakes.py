"""What is a mistake of the user becomes one line and the exit status 2, never a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from problems.cli._output import fail
from problems.errors import ProblemsError

__all__ = ["Commands"]


class Commands(TyperGroup):
    """The commands of `problems`; what they raise of ours is told in a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ProblemsError as error:
            fail(str(error))
            raise typer.Exit(2) from None
