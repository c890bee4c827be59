"""
The plan of one migration: which raises become which types, and where the types are declared and registered.

Knows the application and its files. Does not write files. This is one thing: a raise, its problem type and its
declaration are planned together.
"""

import ast
import builtins
import inspect
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final, TypeGuard

from problems import catalog
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.uris import is_absolute
from problems.catalog import by_status
from problems.contract import Reached, reached_by
from problems.contract._operations import setup_of
from problems.contract._values import UNSEEN, Raise
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.tools.migrate._details import Unclear
from problems.tools.migrate._edits import Edits, Name, is_documented
from problems.tools.migrate._reader import EXCEPTIONS, ExceptionCall, File, Function, leaves_of
from problems.tools.migrate._registering import Registering
from problems.tools.migrate._result import Change, Left, Migration, Options
from problems.tools.migrate._sites import Replacement, replacement
from problems.tools.migrate._source import Source
from problems.tools.migrate._types import ProposedType, Vocabulary, earlier, errors_module, extended

__all__ = ["Plan"]

_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_STANDARD: Final = Path(sysconfig.get_paths()["stdlib"])
_PACKAGE: Final = Path(str(catalog.__file__)).parents[1]
_FROM: Final = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_CAUGHT: Final = re.compile(r"\bexcept\b.*HTTPException|\bisinstance\(.*HTTPException")


class Plan:
    """
    The state of one migration.

    Args:
        app: The application.
        options: The options.
    """

    def __init__(self, app: object, options: Options) -> None:
        self.app = app
        self._options = options
        self._only = options.only.resolve() if options.only is not None else None
        table: dict[object, object] = getattr(app, "exception_handlers", None) or {}
        self._reached = reached_by(app, [key for key in table if _is_exception(key)])
        self._translations: dict[type[Exception], Name] = {}
        self._imported: set[tuple[str, str]] | None = None
        self._home = _module_of(options.application)
        self._modules = _own_modules(self._home)
        self._files: dict[Path, Edits | None] = {}
        self._left: dict[tuple[Path, int], list[str]] = {}
        self._new: dict[tuple[Path, int], list[Name]] = {}
        self._raised: dict[ast.Call, Name] = {}
        self.errors_name, self.errors_path = _errors_place(self._home, options.errors_module)
        self._errors_source = Source(self.errors_path) if self.errors_path.exists() else None
        known = list(earlier(self._errors_source)) if self._errors_source is not None else []
        self._vocabulary = Vocabulary(self._is_taken, known)
        setup = setup_of(app)
        self._sends = setup is None or setup.policy.expose_server_detail

    def migration(self) -> Migration:
        """Return the complete migration."""
        places = self._places()
        for path, _, _ in places:
            self._file(path)
        replaced = sum(self._replace(path, line, column) for path, line, column in places)
        registering = Registering(self, self._options.application)
        registering.plan(self._known_types())
        self._translations = registering.translations
        for reached in self._reached:
            self._declare(reached)
        if replaced:
            self._catch_problems()
        types = tuple(self._vocabulary.types)
        changes = [*self._errors(types), *self._changed()]
        self._notices()
        left = [Left(path, line, reason) for (path, line), reasons in sorted(self._left.items()) for reason in reasons]
        return Migration(tuple(changes), types, tuple(left), replaced, registering.translated)

    # What other parts of the plan need.

    @property
    def vocabulary(self) -> Vocabulary:
        """The new types."""
        return self._vocabulary

    def files(self) -> list[Edits]:
        """Return the files that were read so far."""
        return [file for file in self._files.values() if file is not None]

    def home(self) -> Edits | None:
        """Return the file that the target names."""
        return self._file(Path(str(self._home.__file__)))

    def maker(self) -> Edits | None:
        """Return the file of a module that has the application, if it seems to make it."""
        paths = [
            path for path, module in self._modules.items() if any(value is self.app for value in vars(module).values())
        ]
        return next((self._file(item) for item in paths if re.search(r"\b(FastAPI|Starlette)\(", _text(item))), None)

    def file_of(self, module: str) -> Edits | None:
        """Return the file of an imported module of the application."""
        path = Path(str(getattr(sys.modules.get(module), "__file__", None) or ""))
        return self._file(path) if path in self._modules else None

    def leave(self, path: Path, line: int, reason: str) -> None:
        """Note a place that is left alone."""
        reasons = self._left.setdefault((path, line), [])
        if reason not in reasons:
            reasons.append(reason)

    def is_outside(self, path: Path) -> bool:
        """Return whether a file may not be changed."""
        return self._only is not None and not path.resolve().is_relative_to(self._only)

    def module_of(self, replacement: Replacement) -> str:
        """Return the module of the class of a replacement."""
        return self.errors_name if replacement.proposed is not None else _origin(replacement.name)

    def _raises(self) -> Iterator[Raise]:
        yield from dict.fromkeys(raised for reached in self._reached for raised in reached.raises)

    def _places(self) -> list[tuple[Path, int, int]]:
        places = {
            (Path(raised.place.file), raised.place.line, raised.place.column)
            for raised in self._raises()
            if raised.status is not None and not issubclass(raised.exception, Problem) and raised.sure != UNSEEN
        }
        return sorted(place for place in places if not self.is_outside(place[0]))

    def _file(self, path: Path) -> Edits | None:
        if path not in self._files:
            try:
                self._files[path] = Edits(File(path, self._modules.get(path)), [self.errors_name])
            except (SyntaxError, OSError, UnicodeError) as error:
                self._files[path] = None
                self.leave(path, 1, error.msg if isinstance(error, SyntaxError) else str(error))
        return self._files[path]

    def _is_taken(self, name: str) -> bool:
        used = any(name in file.file.facts.names for file in self.files())
        defined = self._errors_source is not None and name in _defined(self._errors_source)
        return used or defined or hasattr(catalog, name) or hasattr(builtins, name) or name in _everyday()

    def _replace(self, path: Path, line: int, column: int) -> int:
        """Plan the replacement of the exception that is raised at a place; return the number of replaced raises."""
        edits = self._file(path)
        if edits is None:
            return 0
        statement = edits.file.raised(line, column)
        if statement is None or statement.node.exc is None:
            self.leave(path, line, "the exception is not raised by a statement that can be read in the source")
            return 0
        done = 0
        for leaf in leaves_of(statement.node.exc):
            result = list(self._calls(edits, leaf, statement.functions))
            if not result:
                self.leave(path, line, _reason(edits.file, leaf, statement.functions))
            for where, call in result:
                name = self._replaced(where, call, is_raised=call.node is leaf)
                if name is not None:
                    self._new.setdefault((path, line), []).append(name)
                    done = 1
        return done

    def _calls(
        self, edits: Edits, leaf: ast.expr, functions: tuple[Function, ...]
    ) -> Iterator[tuple[Edits, ExceptionCall]]:
        """Yield the calls that make the exception of an expression: it is a call, a variable, or a constant."""
        facts = edits.file.facts
        if isinstance(leaf, ast.Call) and leaf in facts.calls:
            yield edits, facts.calls[leaf]
            return
        home, values = self._assigned(edits, leaf, functions)
        calls = [leaf for value in values for leaf in leaves_of(value)]
        if home is not None and calls and all(call in home.file.facts.calls for call in calls):
            yield from ((home, home.file.facts.calls[call]) for call in calls if isinstance(call, ast.Call))

    def _assigned(
        self, edits: Edits, leaf: ast.expr, functions: tuple[Function, ...]
    ) -> tuple[Edits | None, list[ast.expr]]:
        """Return the file and the values of a variable, a constant or an attribute of a class or module."""
        facts = edits.file.facts
        if isinstance(leaf, ast.Name):
            owner = next(
                (function for function in reversed(functions) if leaf.id in facts.bound.get(function, ())), None
            )
            values = facts.assigned.get((owner, leaf.id), [])
            if values or owner is not None:
                is_only_raised = owner is None or _is_only_raised(owner, leaf.id)
                return edits, values if is_only_raised else []
            module, name = edits.file.imported.get(leaf.id, ("", None))
            other = self.file_of(module) if name is not None else None
            return (other, other.file.facts.assigned.get((None, name), [])) if other and name else (None, [])
        if isinstance(leaf, ast.Attribute):
            holder = edits.file.found(leaf.value, functions)
            module = holder.__name__ if isinstance(holder, ModuleType) else str(getattr(holder, "__module__", ""))
            other = self.file_of(module)
            if other is None or not isinstance(holder, ModuleType | type):
                return None, []
            wanted = None if isinstance(holder, ModuleType) else holder.__name__
            scopes = [
                scope
                for scope, name in other.file.facts.assigned
                if name == leaf.attr and getattr(scope, "name", None) == wanted
            ]
            values = [item for scope in scopes[:1] for item in other.file.facts.assigned[scope, leaf.attr]]
            return other, values
        return None, []

    def _replaced(self, edits: Edits, call: ExceptionCall, *, is_raised: bool) -> Name | None:
        """Plan the replacement of a call; return the class that it creates then."""
        if call.node in self._raised:
            return self._raised[call.node]
        if self.is_outside(edits.file.path):
            return None
        try:
            result = replacement(call, edits.file, self._vocabulary, sends_server_detail=self._sends)
        except Unclear as reason:
            self.leave(edits.file.path, call.node.lineno, str(reason))
            return None
        name = self._raised[call.node] = Name(self.module_of(result), result.name)
        edits.replace(call, result, name.module, is_raised=is_raised)
        return name

    def _declare(self, reached: Reached) -> None:
        """Plan the declarations of one endpoint or dependency, and of the functions that raise."""
        names = [error for raised in reached.raises for error in self._declared_as(raised, reached)]
        function, edits = self._definition(reached.call)
        if function is not None and edits is not None and names:
            edits.declare(function, dict.fromkeys(names))
        for raised in reached.raises:
            path = Path(raised.place.file)
            new = self._new.get((path, raised.place.line))
            where = self._files.get(path)
            statement = where.file.raised(raised.place.line, raised.place.column) if new and where else None
            if new and where is not None and statement is not None and statement.functions:
                where.declare(statement.functions[-1], dict.fromkeys(new))

    def _declared_as(self, raised: Raise, reached: Reached) -> list[Name]:
        """Return the classes to declare for an exception."""
        path = Path(raised.place.file)
        new = list(self._new.get((path, raised.place.line), []))
        if raised.sure == UNSEEN or (new and (path, raised.place.line) not in self._left):
            return new
        translated = next((base for base in raised.exception.__mro__ if base in self._translations), None)
        if translated is not None and issubclass(translated, Exception):
            return [*new, self._translations[translated]]
        cls: type | None = None
        if issubclass(raised.exception, Problem):
            cls = raised.exception
        elif raised.status is not None and 400 <= raised.status <= 599 and not self.is_outside(path):
            cls = by_status(raised.status)
            cls = None if definition_of(cls).declaration.abstract else cls
        if cls is None or "." in cls.__qualname__ or any(issubclass(cls, base) for base in reached.declares):
            return new
        name = cls.__qualname__
        return [*new, Name(_origin(name) if hasattr(catalog, name) else cls.__module__, name)]

    def _definition(self, call: object) -> tuple[Function | None, Edits | None]:
        """Return the source of a function of the application, and its file."""
        function = inspect.unwrap(call) if inspect.isroutine(call) else call
        function = getattr(function, "__func__", function)
        code = getattr(function, "__code__", None)
        path = Path(code.co_filename) if code is not None else Path()
        if code is None or not _is_own(path) or not path.is_file() or self.is_outside(path):
            return None, None
        edits = self._file(path)
        return (edits.file.facts.functions.get(code.co_firstlineno), edits) if edits is not None else (None, None)

    def _known_types(self) -> list[type[Problem]]:
        """Return the unregistered types with an absolute URI that the application already raises."""
        setup = setup_of(self.app)
        registered = set(setup.registry) if setup is not None else set[type[Problem]]()
        types = dict.fromkeys(raised.exception for raised in self._raises() if issubclass(raised.exception, Problem))
        return [
            cls
            for cls in types
            if cls not in registered
            and not definition_of(cls).declaration.abstract
            and is_absolute(cls.problem_type.uri)
            and cls.problem_type.uri != ABOUT_BLANK
        ]

    def _catch_problems(self) -> None:
        """Let every `except HTTPException` of the application catch problems too."""
        for path in self._modules:
            if path not in self._files and not _CAUGHT.search(_text(path)):
                continue
            edits = self._file(path)
            if edits is None or not edits.file.facts.caught:
                continue
            if not self.is_outside(path):
                edits.catch_problems()
                continue
            for node in edits.file.facts.caught:
                reason = "FastAPI's `HTTPException` is not a base of problems"
                self.leave(path, node.lineno, f"{reason}; catch `starlette.exceptions.HTTPException`")

    def _errors(self, types: tuple[ProposedType, ...]) -> Iterator[Change]:
        if not types:
            return
        source = self._errors_source
        if source is not None:
            after = extended(source, types)
            yield Change(self.errors_path, source.content, self._tidied(source, after))
            return
        text = errors_module(types, self._options.base, self._options.application)
        text = self._options.sort(text, self.errors_path, self.errors_name)
        yield Change(self.errors_path, b"", self._options.tidy(text, self.errors_path).encode())

    def _changed(self) -> Iterator[Change]:
        for path, edits in self._files.items():
            if edits is None or self.is_outside(path) or path == self.errors_path:
                continue
            if self._options.responses:
                edits.without_responses()
            try:
                after = edits.result(lambda name, path=path: self._is_imported(path, name))  # type: ignore[misc] # mypy does not infer it
            except UnicodeEncodeError as error:
                self.leave(path, 1, f"its encoding has no {error.object[error.start : error.end]!r}")
                continue
            if after != edits.source.content:
                yield Change(path, edits.source.content, self._tidied(edits.source, after))

    def _tidied(self, source: Source, after: bytes) -> bytes:
        """Return a file sorted and formatted, if it was before."""
        options, path = self._options, source.path
        text = after.decode(source.encoding)
        if options.sort(source.text, path, self.errors_name) == source.text:
            text = options.sort(text, path, self.errors_name)
        if options.tidy(source.text, path) == source.text:
            text = options.tidy(text, path)
        return text.encode(source.encoding)

    def _is_imported(self, path: Path, name: str) -> bool:
        """Return whether another module imports a name from a file, or the file exports it."""
        module = self._modules.get(path)
        if module is None or name in getattr(module, "__all__", ()) or path.name == "__init__.py":
            return True
        if self._imported is None:
            self._imported = {item for other in self._modules for item in _imports_in(_text(other))}
        last = module.__name__.rpartition(".")[2]
        return bool({(last, name), (last, "*")} & self._imported)

    def _notices(self) -> None:
        """Note the places for the author to review."""
        for edits in self.files():
            for node in edits.file.facts.documented if not self._options.responses else ():
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is not None and is_documented(key, value):
                        reason = "`responses=` documents the old form of an error; remove it with `--responses`"
                        self.leave(edits.file.path, key.lineno, reason)


def _reason(file: File, leaf: ast.expr, functions: tuple[Function, ...]) -> str:
    """Return why the exception in an expression is not replaced."""
    if isinstance(leaf, ast.Call):
        result = file.found(leaf.func, functions)
        if isinstance(result, type) and issubclass(result, Exception):
            name = result.__name__
            return f"{name} is a class of its own; derive it from a problem class: `class {name}(NotFound, …)`"
        return "its exception is made by another function; raise it there"
    if file.qualified(leaf, functions) in EXCEPTIONS:
        return "its exception has no arguments"
    return "its exception comes from a variable that may have other values"


def _is_only_raised(function: Function, name: str) -> bool:
    """Return whether a variable is only assigned and raised."""
    named = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    loads = [item for item in named if isinstance(item.ctx, ast.Load)]
    raised = [
        part
        for node in ast.walk(function)
        if isinstance(node, ast.Raise) and node.exc is not None
        for part in leaves_of(node.exc)
        if isinstance(part, ast.Name) and part.id == name
    ]
    targets = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == name
    ]
    return len(loads) == len(raised) and len(named) - len(loads) == len(targets)


def _imports_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the last part of each module that a text imports from, with each name."""
    for match in _FROM.finditer(text):
        for name in re.findall(r"\w+|\*", match[2]):
            yield match[1].rpartition(".")[2], name


def _is_exception(key: object) -> TypeGuard[type[Exception]]:
    return isinstance(key, type) and issubclass(key, Exception) and key is not Exception


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _defined(source: Source) -> set[str]:
    return {statement.name for statement in source.tree.body if isinstance(statement, ast.ClassDef)}


def _is_own(path: Path) -> bool:
    return not _INSTALLED & set(path.parts) and not path.is_relative_to(_STANDARD)


def _own_modules(home: ModuleType) -> dict[Path, ModuleType]:
    """Return the imported modules of the application by file: those in its folder, and no libraries."""
    root = Path(str(home.__file__)).parent
    for _ in home.__name__.split(".")[1:]:
        root = root.parent
    modules: dict[Path, ModuleType] = {}
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py"):
            path = Path(file)
            if _is_own(path) and (path.is_relative_to(root) or not path.is_relative_to(_PACKAGE)):
                modules.setdefault(path, module)
    return modules


def _origin(name: str) -> str:
    """Return the module that the catalog class with a name is imported from."""
    return "problems" if name in _everyday() else "problems.catalog"


def _everyday() -> frozenset[str]:
    return frozenset(getattr(sys.modules.get("problems"), "__all__", ()))


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
    if _is_foreign(dotted.partition(".")[0], root):
        raise SetupError(
            f"The new module `{dotted}` would hide an installed module of that name. Write the new types into another "
            f"module: `--errors-module problem_types`."
        )
    return dotted, root.joinpath(*dotted.split(".")).with_suffix(".py")


def _is_foreign(name: str, root: Path) -> bool:
    """Return whether a top-level module is of the standard library, or installed and not the application's own."""
    spec = None if name in sys.stdlib_module_names else PathFinder.find_spec(name)
    places = (spec.submodule_search_locations or [str(spec.origin)]) if spec is not None else []
    paths = [Path(place).resolve() for place in places]
    is_own = any(path.is_relative_to(root.resolve()) or _is_own(path) for path in paths)
    return name in sys.stdlib_module_names or (bool(paths) and not is_own)
