"""
Lazy loading of a package's names (PEP 562), and the check for optional libraries.

Imports no other module of the package: each caller passes its own names.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

__all__ = ["later", "missing", "require"]


def later(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """
    Return `__getattr__` and `__dir__` for *package*, so that names are loaded on first use.

    Args:
        package: The name of the package.
        places: For each name the module that defines it, or the name of the submodule itself.
    """

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(places[name])
        loaded: object = module if module.__name__ == f"{package}.{name}" else getattr(module, name)
        vars(sys.modules[package])[name] = loaded
        return loaded

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return load, names


def require(library: str, module: str, install: str) -> None:
    """
    Raise an error with the command to run if *library* is not installed. Does not import it.

    Args:
        library: The library to import from.
        module: The module that needs it.
        install: The argument of `pip install`.

    Raises:
        ModuleNotFoundError: The library is not installed.
    """
    try:
        is_there = sys.modules.get(library) is not None or find_spec(library) is not None
    except (ImportError, ValueError):
        is_there = False
    if not is_there:
        raise missing(library, module, install)


def missing(library: str, module: str, install: str) -> ModuleNotFoundError:
    """Return the error for a library that *module* needs and that is not installed."""
    message = f"`{module}` needs the package `{library}`, which is not installed. Run `pip install {install}`."
    return ModuleNotFoundError(message, name=library)
