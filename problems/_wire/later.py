"""
Names of a package that are loaded when somebody asks for them (PEP 562).

Knows no package of ours: each says which of its names are not for everybody, and where they are.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["later"]


def later(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """
    Return `__getattr__` and `__dir__` of *package*: the first loads a name when it is asked for, the second lists all.

    Args:
        package: The name of the package.
        places: By each name the module that it is imported from, or that it is.
    """

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(places[name])
        found: object = module if module.__name__ == f"{package}.{name}" else getattr(module, name)
        vars(sys.modules[package])[name] = found
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return load, names
