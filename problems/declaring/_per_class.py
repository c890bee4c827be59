"""
Class attributes that are made when a class is first asked for them.

Knows that problem classes have a declaration, nothing else of them.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["PerClass"]

T = TypeVar("T")


class PerClass(Generic[T]):
    """
    A recipe for a class attribute, followed when a class is first asked for it.

    Every problem class starts with the recipe and replaces it by its own
    result, so that from then on it costs what any class attribute costs.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> T:
        # Classes of received problems are declared by nobody and have no recipe: they use that of their base. Not
        # looked for by the recipe itself: another thread may have followed it meanwhile.
        home = next(base for base in owner.__mro__ if "problem_declaration" in base.__dict__)
        value = self._make(home)
        setattr(home, self.name, value)
        return value
