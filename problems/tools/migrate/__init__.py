"""
`problems migrate`: replace `raise HTTPException` in an application with problem types.

Finds the raises with `problems.contract`, edits the source, and returns the result. Writes files only where `write`
is called.
"""

import shutil
import subprocess
from pathlib import Path

from problems.errors import SetupError
from problems.tools.migrate._plan import Plan
from problems.tools.migrate._result import Change, Left, Migration, Options

__all__ = ["Change", "Left", "Migration", "Options", "migrate", "write"]


def migrate(app: object, options: Options) -> Migration:
    """
    Return the changes that replace `raise HTTPException` in an application with problem types.

    Does not write files. A second migration of the result makes no changes.

    Raises:
        SetupError: *app* is not an application, or its module has no file.
    """
    return Plan(app, options).migration()


def write(migration: Migration, *, allow_dirty: bool = False) -> None:
    """
    Write the files of a migration.

    Raises:
        SetupError: git has uncommitted changes in the tree of one of the files.
    """
    paths = [change.path for change in migration.changes]
    if dirty := None if allow_dirty else _uncommitted(paths):
        raise SetupError(
            f"{dirty} has uncommitted changes. Commit them first, or write `problems migrate --write --allow-dirty`."
        )
    for change in migration.changes:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        change.path.write_bytes(change.after)


def _uncommitted(paths: list[Path]) -> str | None:
    """Return a file with uncommitted changes: a known one of the tree, or a new one that would be changed."""
    git = shutil.which("git")
    existing = [path for path in paths if path.exists()]
    for folder in dict.fromkeys(_top(git, path.parent) for path in existing) if git else ():
        command = [str(git), "status", "--porcelain", "-z", "--untracked-files=all"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - git
        for entry in done.stdout.decode(errors="replace").split("\0") if done.returncode == 0 else ():
            is_new = entry.startswith("??")
            if len(entry) > 3 and (not is_new or (folder / entry[3:]) in {item.resolve() for item in existing}):
                return entry[3:]
    return None


def _top(git: str, folder: Path) -> Path:
    command = [git, "rev-parse", "--show-toplevel"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - git
    return Path(done.stdout.strip()).resolve()
