"""
Developer tools for vocabularies and documents: the modules `lint`, `diff`, `export`, `generate` and `migrate`.

May import `problems.documenting` and everything below it; does not import a framework or write to a terminal.
"""

from typing import TYPE_CHECKING

from problems._wire.later import later

if TYPE_CHECKING:
    from problems.tools import diff, export, generate, lint, migrate

__all__ = ["diff", "export", "generate", "lint", "migrate"]

if not TYPE_CHECKING:  # or type checkers would accept any attribute of this module
    # Imported lazily: each command needs one of them.
    __getattr__, __dir__ = later(__name__, {name: f"{__name__}.{name}" for name in __all__})
