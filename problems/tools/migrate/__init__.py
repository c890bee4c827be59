"""
`problems migrate`: replace `raise HTTPException` in an application with problem types.

Finds the raises with `problems.contract`, rewrites source with LibCST, and returns the result. Does not write files
by itself. This is one thing: a raise, its problem type and its declaration are planned together.
"""

import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from types import ModuleType
from typing import Final

from problems import catalog
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.text import path_from_here
from problems._wire.uris import is_absolute
from problems.catalog import by_status
from problems.contract import Reached, reached_by
from problems.contract._operations import setup_of
from problems.contract._values import UNSEEN, Raise
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.tools.migrate._details import Unclear
from problems.tools.migrate._files import Edit, Edits, SourceFile
from problems.tools.migrate._sites import Replacement, replacement
from problems.tools.migrate._types import ProposedType, Vocabulary, errors_module, extended

__all__ = ["Change", "Left", "Migration", "Options", "migrate", "write"]

_NOTHING: Final[frozenset[str]] = frozenset()


def _as_it_is(source: str, _: Path) -> str:
    return source


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
    """

    application: str
    only: Path | None = None
    base: str = "https://api.example/problems/"
    errors_module: str | None = None
    responses: bool = False
    tidy: Callable[[str, Path], str] = _as_it_is


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
    """

    changes: tuple[Change, ...]
    types: tuple[ProposedType, ...]
    left: tuple[Left, ...]
    replaced: int

    def summary(self) -> str:
        """Return one sentence that summarises the changes."""
        if not self.changes:
            return f"No raises to migrate. Left alone: {len(self.left)}."
        return (
            f"{self.replaced} raises become {len(self.types)} problem types, in {len(self.changes)} files. "
            f"Left alone: {len(self.left)}."
        )


def migrate(app: object, options: Options) -> Migration:
    """
    Return the changes that replace `raise HTTPException` in an application with problem types.

    Does not write files. A second migration of the result makes no changes.

    Raises:
        SetupError: *app* is not an application, or its module has no file.
    """
    return _Plan(app, options).migration()


def write(migration: Migration, *, allow_dirty: bool = False) -> None:
    """
    Write the files of a migration, formatted and with sorted imports if they were before.

    Raises:
        SetupError: git has uncommitted changes in one of the files.
    """
    paths = [change.path for change in migration.changes]
    if dirty := [] if allow_dirty else _uncommitted(paths):
        raise SetupError(
            f"{dirty[0]} has uncommitted changes. Commit them first, or write `problems migrate --write --allow-dirty`."
        )
    for change in migration.changes:
        change.path.write_bytes(change.after)


def _uncommitted(paths: list[Path]) -> list[str]:
    """Return the files with uncommitted changes."""
    git = shutil.which("git")
    if git is None or not paths:
        return []
    command = [git, "status", "--porcelain", "--", *map(str, paths)]
    done = subprocess.run(command, cwd=paths[0].parent, capture_output=True, text=True, check=False)  # noqa: S603 - git
    return [line[3:] for line in done.stdout.splitlines() if not line.startswith("??")] if done.returncode == 0 else []


@dataclass
class _File:
    source: SourceFile
    module: str
    edits: Edits = field(default_factory=Edits)


class _Plan:
    """The state of one migration."""

    def __init__(self, app: object, options: Options) -> None:
        self._app = app
        self._options = options
        self._reached = reached_by(app)
        self._home = _module_of(options.application)
        self._files: dict[Path, _File | None] = {}
        self._left: dict[tuple[Path, int], str] = {}
        self._new: dict[tuple[Path, int], tuple[ProposedType | None, str]] = {}
        self.errors_name, self.errors_path = _errors_place(self._home, options.errors_module)
        self._vocabulary = Vocabulary(self._is_taken)

    def migration(self) -> Migration:
        """Return the complete migration."""
        replaced = 0
        for path, line in self._places():
            replaced += self._replace(path, line)
        for reached in self._reached:
            self._declare(reached)
        self._connect()
        types = tuple(self._vocabulary.types)
        changes = [*self._errors(types), *self._changed()]
        left = [Left(path, line, reason) for (path, line), reason in sorted(self._left.items())]
        return Migration(tuple(changes), types, (*left, *self._notices(replaced)), replaced)

    def _raises(self) -> Iterator[Raise]:
        yield from dict.fromkeys(raised for reached in self._reached for raised in reached.raises)

    def _places(self) -> list[tuple[Path, int]]:
        places = {
            (Path(raised.place.file), raised.place.line)
            for raised in self._raises()
            if raised.status is not None and not issubclass(raised.exception, Problem) and raised.sure != UNSEEN
        }
        only = self._options.only.resolve() if self._options.only is not None else None
        return sorted(it for it in places if only is None or it[0].resolve().is_relative_to(only))

    def _file(self, path: Path) -> _File | None:
        if path not in self._files:
            module = next((n for n, m in [*sys.modules.items()] if getattr(m, "__file__", None) == str(path)), "")
            try:
                self._files[path] = _File(SourceFile(path), module)
            except (SyntaxError, OSError, UnicodeError) as error:
                self._files[path] = None
                self._left[path, 1] = str(error)
        return self._files[path]

    def _is_taken(self, name: str) -> bool:
        used = any(file is not None and name in file.source.names for file in self._files.values())
        return used or hasattr(catalog, name) or name in {"Registry", "Problem", "ClientProblem", "ServerProblem"}

    def _replace(self, path: Path, line: int) -> int:
        """Plan the replacement of the exception raised on a line; return the number of replaced raises."""
        file = self._file(path)
        if file is None:
            return 0
        constant = file.source.raised(line)
        calls = [
            call
            for call in file.source.calls
            if (call.constant == constant if constant else line <= call.line <= call.last and call.last - line < 60)
            and (constant or _statement_of(file, call.line) == line)
        ]
        if not calls:
            self._left[path, line] = "the exception that is raised here is not made by a call in this file"
        done = 0
        for call in calls:
            if (call.line, call.column) in file.edits.calls:
                self._new[path, line] = self._new.get((path, call.line), (None, ""))
                done += 1
                continue
            try:
                found = replacement(call, sys.modules.get(file.module), file.source.constants, self._vocabulary)
            except Unclear as reason:
                self._left[path, line] = str(reason)
                continue
            code = found.code if constant else found.code.removesuffix("()")
            file.edits.calls[call.line, call.column] = Edit(code, self._imports(file, found))
            self._new[path, line] = self._new[path, call.line] = (found.proposed, found.name)
            done += 1
        return int(bool(done))

    def _imports(self, file: _File, found: Replacement) -> tuple[tuple[str, str], ...]:
        module = self.errors_name if found.proposed is not None else _origin(found.name)
        return () if module == file.module else ((module, found.name),)

    def _declare(self, reached: Reached) -> None:
        """Plan the declarations of one endpoint or dependency, and of the functions that raise."""
        names = {self._declared_as(raised, reached) for raised in reached.raises} - {None}
        self._decorate(reached.call, {it for it in names if it is not None})
        for raised in reached.raises:
            path = Path(raised.place.file)
            proposed = self._new.get((path, raised.place.line))
            function = _function(raised.place.function)
            if proposed is not None and function is not None and function is not reached.call:
                module = self.errors_name if proposed[0] is not None else _origin(proposed[1])
                self._decorate(function, {(module, proposed[1])})

    def _declared_as(self, raised: Raise, reached: Reached) -> tuple[str, str] | None:
        """Return module and name of the class to declare for an exception, or `None` without a declaration."""
        new = self._new.get((Path(raised.place.file), raised.place.line))
        if new is not None:
            return (self.errors_name if new[0] is not None else _origin(new[1])), new[1]
        if raised.sure == UNSEEN:
            return None
        cls: type | None = None
        if issubclass(raised.exception, Problem):
            cls = raised.exception
        elif raised.status is not None and 400 <= raised.status <= 599 and not self._outside(raised):
            cls = by_status(raised.status)
            cls = None if definition_of(cls).declaration.abstract else cls
        if cls is None or any(issubclass(cls, declared) for declared in reached.declares):
            return None
        name = cls.__qualname__
        return (_origin(name), name) if hasattr(catalog, name) else (cls.__module__, name)

    def _outside(self, raised: Raise) -> bool:
        only = self._options.only
        return only is not None and not Path(raised.place.file).resolve().is_relative_to(only.resolve())

    def _decorate(self, call: object, names: set[tuple[str, str]]) -> None:
        function = inspect.unwrap(call) if inspect.isroutine(call) else call
        function = getattr(function, "__func__", function)
        code = getattr(function, "__code__", None)
        if not names or code is None or "<lambda>" in code.co_qualname:
            return
        path = Path(code.co_filename)
        file = self._file(path) if path.suffix == ".py" and path.exists() and self._is_ours(path) else None
        if file is None:
            return
        known = {cls.__name__ for cls in getattr(function, "__problems__", ())}
        wanted = file.edits.declared.setdefault(code.co_firstlineno, [])
        for module, name in sorted(names, key=lambda it: it[1]):
            if name not in wanted and name not in known and "." not in name:
                wanted.append(name)
                if module != file.module:
                    file.edits.imports.append((module, name, None))

    def _is_ours(self, path: Path) -> bool:
        return "site-packages" not in path.parts

    def _connect(self) -> None:
        """Pass the registry to the application: where it calls `add_problems`, or after the application is created."""
        if not self._vocabulary.types:
            return
        home = self._file(Path(str(self._home.__file__)))
        installing = [it for it in [home, *self._files.values()] if it is not None and it.source.installs]
        if installing:
            file = installing[0]
            alias = "errors_registry" if "registry" in file.source.names else None
            known = self._known_types()
            more = f" | Registry({', '.join(cls.__name__ for cls in known)})" if known else ""
            file.edits.registry = (alias or "registry") + more
            file.edits.imports.append((self.errors_name, "registry", alias))
            others = [cls for cls in known if cls.__module__ != file.module]
            file.edits.imports += [(cls.__module__, cls.__name__, None) for cls in others]
            file.edits.imports += [("problems", "Registry", None)] if known else []
            return
        name = self._options.application.partition(":")[2].partition(".")[0].removesuffix("()")
        if home is None or home.source.made(name) is None:
            path = Path(str(self._home.__file__))
            self._left[path, 1] = f"write `add_problems({name or 'app'}, registry)` where the application is made"
            return
        home.edits.installed = (name, f"add_problems({name}, registry, policy=Policy(legacy_detail=True))\n")
        home.edits.imports += [
            ("problems.fastapi", "add_problems", None),
            ("problems", "Policy", None),
            (self.errors_name, "registry", None),
        ]

    def _known_types(self) -> list[type[Problem]]:
        """Return the unregistered types with an absolute URI that the application already raises."""
        setup = setup_of(self._app)
        registered = set(setup.registry) if setup is not None else set[type[Problem]]()
        found = dict.fromkeys(raised.exception for raised in self._raises() if issubclass(raised.exception, Problem))
        return [
            cls
            for cls in found
            if cls not in registered
            and not definition_of(cls).declaration.abstract
            and is_absolute(cls.problem_type.uri)
            and cls.problem_type.uri != ABOUT_BLANK
        ]

    def _errors(self, types: tuple[ProposedType, ...]) -> Iterator[Change]:
        if not types:
            return
        before = self.errors_path.read_bytes() if self.errors_path.exists() else b""
        if before:
            after = extended(before.decode(), types, self.errors_path)
        else:
            after = errors_module(types, self._options.base, self._options.application)
        yield Change(self.errors_path, before, self._options.tidy(after, self.errors_path).encode())

    def _changed(self) -> Iterator[Change]:
        for path, file in self._files.items():
            if file is None:
                continue
            file.edits.without_responses = self._options.responses
            file.edits.declared = {line: names for line, names in file.edits.declared.items() if names}
            after = file.source.edited(file.edits)
            if after != file.source.content:
                yield Change(path, file.source.content, self._tidied(path, file.source.content, after))

    def _tidied(self, path: Path, before: bytes, after: bytes) -> bytes:
        try:
            text = before.decode()
        except UnicodeDecodeError:  # another encoding than UTF-8
            return after
        is_tidy = "\r" not in text and self._options.tidy(text, path) == text
        return self._options.tidy(after.decode(), path).encode() if is_tidy else after

    def _notices(self, replaced: int) -> Iterator[Left]:
        """Yield places for the author to review: handlers that do not see problems."""
        for path, file in self._files.items():
            if file is None:
                continue
            for line in file.source.documented if not self._options.responses else ():
                yield Left(path, line, "`responses=` documents the old form of an error; remove it with `--responses`")
            for line, cls in file.source.handlers:
                reason = f"this handler answers itself; `Policy(translate={{{cls}: …}})` answers with a problem instead"
                yield Left(path, line, reason)
            for line in file.source.catches if replaced else ():
                reason = (
                    "FastAPI's `HTTPException` is not a base of problems; catch `starlette.exceptions.HTTPException`"
                )
                yield Left(path, line, reason)


def _statement_of(file: _File, line: int) -> int:
    return file.source.statement(line)


def _function(place: str) -> object:
    """Return the function with a module and qualified name, or `None`."""
    module, _, rest = place.partition(":") if ":" in place else ("", "", place)
    parts = rest.split(".")
    for end in range(len(parts) - 1, 0, -1):
        found: object = sys.modules.get(module or ".".join(parts[:end]))
        if found is not None:
            for name in parts[end:] if not module else parts:
                found = getattr(found, name, None)
            return found if inspect.isfunction(found) else None
    return None


def _origin(name: str) -> str:
    """Return the module that the catalog class with a name is imported from."""
    return "problems" if name in _everyday() else "problems.catalog"


def _everyday() -> frozenset[str]:
    root = sys.modules.get("problems")
    return frozenset(getattr(root, "__all__", ())) if root is not None else _NOTHING


def _module_of(target: str) -> ModuleType:
    module = sys.modules.get(target.partition(":")[0])
    if module is None or not getattr(module, "__file__", None):
        raise SetupError(f"`problems migrate` needs an application in a file; got {target!r}. Write `module:app`.")
    return module


def _errors_place(home: ModuleType, name: str | None) -> tuple[str, Path]:
    """Return the name and the path of the module for the new types."""
    file = Path(str(home.__file__))
    package = home.__name__ if file.name == "__init__.py" else home.__name__.rpartition(".")[0]
    root = file.parent
    for _ in package.split(".") if package else ():
        root = root.parent
    dotted = name or (f"{package}.errors" if package else "errors")
    return dotted, root.joinpath(*dotted.split(".")).with_suffix(".py")
