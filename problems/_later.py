"""
Names of a package that are loaded when somebody asks for them (PEP 562).

Knows no package of ours: each says which of its names are not for everybody, and where they are.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["later"]


def later(package: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """
    Return the `__getattr__` of *package* that loads a name the first time.

    Args:
        package: The name of the package.
        places: By each name the module that it is imported from.
    """

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(places[name]), name)
        vars(sys.modules[package])[name] = found
        return found

    return load
