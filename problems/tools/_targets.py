"""
Loading of targets such as `shop.errors:registry`, for the command line and for options of other programs.

Imports the named module, as uvicorn does. Every error is a sentence.
"""

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Final

from problems.errors import ProblemsError
from problems.registry import Registry
from problems.starlette._install import setup_of

__all__ = ["TargetError", "load", "load_registry", "registry_of"]

_PACKAGE: Final = str(Path(__file__).parents[1]) + os.sep


class TargetError(ProblemsError):
    """A target that cannot be used; the message contains the correction."""


def load(target: str) -> object:
    """
    Return the object that *target* names: `module:attribute`, or `module` for the module itself.

    `module:function()` calls the function. The current folder is searched first.

    >>> load("problems:NotFound").__name__
    'NotFound'

    Raises:
        TargetError: The module or attribute does not exist, or the import fails.
    """
    name, colon, path = target.removesuffix("()").partition(":")
    _refuse_path(name)
    if not name or (colon and not path):
        raise TargetError(f"{target!r} is not a target. Write `module:attribute`, such as `shop.errors:registry`.")
    result: object = _module(name)
    for attribute in path.split(".") if path else ():
        try:
            result = getattr(result, attribute)
        except AttributeError:
            raise TargetError(
                f"{name!r} has no attribute {path!r}.{_hint(attribute, dir(result))} Write `module:attribute`."
            ) from None
    return _called(result, target) if target.endswith("()") else result


def _called(result: object, target: str) -> object:
    if not callable(result):
        raise TargetError(f"{target.removesuffix('()')!r} is not a function. Leave out the parentheses.")
    try:
        return result()
    except (Exception, SystemExit) as error:
        raise TargetError(f"{target!r} fails: {_said(error)}") from error


def load_registry(target: str) -> Registry:
    """
    Return the registry in *target*: the target itself, an application's registry, or the only one in a module.

    Raises:
        TargetError: The target has no registry.
    """
    result = load(target)
    registry = registry_of(result)
    if registry is not None:
        return registry
    if isinstance(result, ModuleType):
        return _only(result, target)
    if inspect.isroutine(result):
        raise TargetError(f"{target!r} is a function. To call it write `{target}()`.")
    raise TargetError(
        f"{target!r} is not a registry; got an object of type {type(result).__name__!r}. "
        f"Name a `Registry`, or an application that uses one: `add_problems(app, registry)`."
    )


def registry_of(loaded: object) -> Registry | None:
    """Return a registry itself, the registry of an application, or `None` for anything else."""
    setup = setup_of(loaded)
    return loaded if isinstance(loaded, Registry) else setup.registry if setup is not None else None


def _only(module: ModuleType, target: str) -> Registry:
    results = {name: value for name, value in vars(module).items() if isinstance(value, Registry)}
    if len(results) == 1:
        return next(iter(results.values()))
    if results:
        names = ", ".join(f"`{target}:{name}`" for name in results)
        raise TargetError(f"{target!r} has {len(results)} registries. Name one of them: {names}.")
    raise TargetError(f"{target!r} has no registry. Write `module:attribute`, such as `shop.errors:registry`.")


def _module(name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise TargetError(
                f"The module {error.name!r} was not found.{_meant(name)} It must be in the current folder or in "
                f"the packages of {sys.executable}."
            ) from None
        raise TargetError(_failed(name, error)) from error
    except (Exception, SystemExit) as error:  # a script that exits must not end the command silently
        raise TargetError(_failed(name, error)) from error


def _meant(name: str) -> str:
    """Return a question if a colon was probably meant in place of the last dot."""
    module, _, attribute = name.rpartition(".")
    return f" Did you mean `{module}:{attribute}`?" if hasattr(sys.modules.get(module), attribute) else ""


def _refuse_path(name: str) -> None:
    """Raise an error that contains the target for the path of a file."""
    if not name.endswith(".py"):
        return
    path = Path(os.path.abspath(name))  # noqa: PTH100 - keeps symbolic links, because imports use them
    inside = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else Path(path.name)
    module = ".".join(inside.with_suffix("").parts)
    raise TargetError(f"{name!r} is the path of a file, not a module. Did you mean `{module}:registry`?")


def _failed(name: str, error: BaseException) -> str:
    message = f"The module {name!r} cannot be imported: {_said(error)}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename and not frame.filename.startswith(_PACKAGE)]
    return message if not own else f"{message}\n  at {own[-1].filename}:{own[-1].lineno}: {own[-1].line}"


def _said(error: BaseException) -> str:
    """Return the class and the text of an error; `str` of an error can raise one too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the module can be anyone's
        return type(error).__name__


def _hint(wanted: str, names: Iterable[str]) -> str:
    close = get_close_matches(wanted, [name for name in names if not name.startswith("_")], 1)
    return f" Did you mean {close[0]!r}?" if close else ""
