"""Shows the doctests of docstrings as code: an extension of griffe, which reads the docstrings of the reference."""  # noqa: INP001 - no package

import re
from typing import Any, Final

import griffe

DOCTEST: Final = re.compile(r"^(?P<indent>[ ]*)>>> .*(?:\n(?P=indent)(?!\s*$).+)*", re.MULTILINE)


class Doctests(griffe.Extension):
    """Fences each doctest."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object before it is parsed."""
        if obj.docstring is not None:
            obj.docstring.value = DOCTEST.sub(fenced, obj.docstring.value)


def fenced(found: re.Match[str]) -> str:
    """Return a doctest as a fenced block."""
    indent = found["indent"]
    return f"{indent}```pycon\n{found[0]}\n{indent}```"
