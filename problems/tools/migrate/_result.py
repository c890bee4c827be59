"""
Options and results of a migration: the files that change, the new types and the places that are left alone.

Checks options where they are given. Does not read or write files.
"""

import keyword
from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from problems._wire.text import briefly, path_from_here
from problems._wire.uris import check_base
from problems.errors import SetupError
from problems.tools.migrate._types import ProposedType

__all__ = ["Change", "Left", "Migration", "Options"]


def _as_it_is(source: str, _: Path) -> str:
    return source


def _unsorted(source: str, _: Path, __: str) -> str:
    return source


def _is_name(part: str) -> bool:
    return part.isidentifier() and not keyword.iskeyword(part) and part != "py"


@dataclass(frozen=True)
class Options:
    """
    Options of a migration.

    Attributes:
        application: The target as written by the user, `module:attribute`.
        only: The file or folder to change; by default, all reachable files.
        base: The base URI of the new types.
        errors_module: The name of the module for the new types; `errors` beside the application by default.
        responses: Whether to remove entries of `responses=` that only document the old format.
        tidy: The formatter of the project; used for a new file, and for a file that it would not have changed before.
        sort: The import sorter of the project, used in the same way. Its third argument is the module of the new types.

    Raises:
        SetupError: The base is not a base URI, the name is not one of a module, or there is no such file or folder.
    """

    application: str
    only: Path | None = None
    base: str = "https://api.example/problems/"
    errors_module: str | None = None
    responses: bool = False
    tidy: Callable[[str, Path], str] = _as_it_is
    sort: Callable[[str, Path, str], str] = _unsorted

    def __post_init__(self) -> None:
        if (reason := check_base(self.base)) is not None:
            line = Options.base if check_base(f"{self.base}/") else f"{self.base}/"
            raise SetupError(f"`--base {briefly(self.base)}` is not a base URI: {reason} Write `--base {line}`.")
        if self.errors_module is not None and not all(map(_is_name, self.errors_module.split("."))):
            raise SetupError(
                f"`--errors-module {briefly(self.errors_module)}` is not the name of a module. Write names with dots "
                f"between them, and no ending: `--errors-module shop.errors`."
            )
        if self.only is not None and not self.only.exists():
            raise SetupError(
                f"`--only {self.only}` does not exist. Write the path of a file or folder of the application: "
                f"`--only shop/routers`."
            )


@dataclass(frozen=True)
class Change:
    """A changed or new file."""

    path: Path
    before: bytes
    after: bytes

    def diff(self) -> str:
        """Return the change as a unified diff."""
        name = path_from_here(self.path)
        lines = [text.decode(errors="replace").splitlines(keepends=True) for text in (self.before, self.after)]
        lines = [[line if line.endswith("\n") else f"{line}\n" for line in text] for text in lines]
        return "".join(unified_diff(lines[0], lines[1], name, name))


@dataclass(frozen=True)
class Left:
    """A place that was not changed, and the reason."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{path_from_here(self.path)}:{self.line}: {self.reason}."


@dataclass(frozen=True)
class Migration:
    """
    The result of a migration.

    Attributes:
        changes: The files that change, the module of problem types first.
        types: The new problem types.
        left: The places that are not changed.
        replaced: The number of raises that are replaced.
        translated: The number of exception handlers that become entries of `Policy(translate=…)`.
    """

    changes: tuple[Change, ...]
    types: tuple[ProposedType, ...]
    left: tuple[Left, ...]
    replaced: int
    translated: int = 0

    def summary(self) -> str:
        """Return one sentence that summarises the changes."""
        left = f"Left alone: {len(self.left)}."
        if not self.changes:
            return f"No raises to migrate. {left}"
        handlers = f" and {_counted(self.translated, 'handler')}" if self.translated else ""
        raises = _counted(self.replaced, "raise") if self.replaced or not handlers else ""
        become = "becomes" if self.replaced + self.translated == 1 else "become"
        subject = f"{raises}{handlers}" if raises else handlers.removeprefix(" and ")
        types = _counted(len(self.types), "new problem type")
        return f"{subject} {become} {types}, in {_counted(len(self.changes), 'file')}. {left}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
