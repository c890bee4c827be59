"""
Names of component schemas: readable, stable, and valid for every code generator.

Knows which names are preferred and which are taken. Does not know documents.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from problems._wire.problem_type import ABOUT_BLANK
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem

__all__ = ["member_names", "pascal", "problem_names", "variants"]

_RESERVED: Final = frozenset({"Client", "Error", "HTTPValidationError", "Request", "Response", "ValidationError"})
"""Names that generated clients, or FastAPI, use for their own classes."""

_NUMBER: Final = r"(__\d+)+$"

Uris = Mapping[type[Problem], str]
Scheme = Callable[[type[Problem], str], str]


def pascal(text: str) -> str:
    """
    Return words joined in PascalCase.

    >>> pascal("create_order-v2.post")
    'CreateOrderV2Post'
    """
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def problem_names(uris: Uris) -> dict[type[Problem], str]:
    """
    Return the preferred component name of each class; all names are different.

    Classes with the same name are distinguished by their type URIs, which a renamed or moved module does not change, or
    otherwise by their modules.
    """
    groups: dict[str, list[type[Problem]]] = {}
    for cls in uris:
        groups.setdefault(_plain(cls), []).append(cls)
    names: dict[type[Problem], str] = {}
    for name, group in groups.items():
        names |= (
            {group[0]: name} if len(group) == 1 else _distinguished(name, {cls: uris[cls] for cls in group}, groups)
        )
    return names


def member_names(name: str, taken: AbstractSet[str]) -> Iterator[str]:
    """Yield the names for a model that members use, in order of preference."""
    if f"{name}-Output" in taken:  # FastAPI's name if requests use the same model too
        yield f"{name}-Output"
    # Pydantic puts the module before the name, and a number after it if the module has two such models.
    plain = re.sub(_NUMBER, "", name).rpartition("__")[2]
    plain = plain if plain[:1].isalpha() else name
    yield plain
    yield from _numbered(f"Problem{plain}")


def _plain(cls: type[Problem]) -> str:
    name = definition_of(cls).declaration.schema_name or cls.__name__
    legal = name if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) else pascal(name)
    return legal if legal[:1].isalpha() else f"Problem{legal}"


def variants(name: str) -> Iterator[str]:
    """Yield the names for a problem type whose preferred name is *name*, in order of preference."""
    if name not in _RESERVED:
        yield name
    yield from _numbered(f"{name}Details" if name.endswith("Problem") else f"{name}Problem")


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def _distinguished(name: str, uris: Uris, others: Mapping[str, object]) -> dict[type[Problem], str]:
    for scheme in _SCHEMES:
        names = {cls: scheme(cls, uri) for cls, uri in uris.items()}
        values = set(names.values())
        if len(values) == len(names) and all(values) and not (values - {name}) & others.keys():
            return names
    order = sorted(uris, key=lambda cls: (uris[cls], cls.__module__, cls.__qualname__))
    return {cls: f"{name}{number}" for number, cls in enumerate(order, start=1)}


def _by_uri(length: int) -> Scheme:
    def scheme(cls: type[Problem], uri: str) -> str:
        if uri == ABOUT_BLANK:
            return _plain(cls)
        name = pascal("-".join(re.split(r"[/#:=?]+", uri.rstrip("/"))[-length:]))
        return name if name[:1].isalpha() else f"{_plain(cls)}{name}"

    return scheme


def _by_module(cls: type[Problem], uri: str) -> str:  # noqa: ARG001 - a scheme
    return pascal(cls.__module__.rpartition(".")[2]) + _plain(cls)


_SCHEMES: Final[tuple[Scheme, ...]] = (_by_uri(1), _by_uri(2), _by_uri(3), _by_module)
