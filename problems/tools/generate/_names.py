"""
Python names for problem types, models and members.

Every name is checked against the rule of the place where it is written; one function chooses between candidates.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Final

from pydantic import BaseModel

from problems import catalog
from problems.declaring._body import is_taken

__all__ = [
    "IMPORTED",
    "class_name",
    "class_names",
    "free_name",
    "is_class_name",
    "is_member_name",
    "is_model_member_name",
    "is_schema_name",
    "member_names",
    "member_words",
]

IMPORTED: Final = (
    *("Annotated", "Any", "BaseModel", "ClientProblem", "Dialect", "Field", "Literal", "Problem", "Registry"),
    *("ResponseHeader", "ServerProblem", "annotations", "catalog", "datetime", "uuid"),
)
"""The names that a generated module imports or may import."""

_CATALOG: Final[Sequence[str]] = getattr(catalog, "__all__", ())

_TAKEN: Final = frozenset(
    {*IMPORTED, *_CATALOG, *dir(builtins), "ProblemDetails", "ReceivedProblem", "dialect", "registry"}
)
"""Names that a generated class cannot have: it would hide a name of the module or of its importers."""

_IN_ANNOTATIONS: Final = frozenset(
    {*IMPORTED, "None", "bool", "dict", "float", "int", "list", "str", "tuple", "dialect", "registry"}
)
"""Names that a member cannot have: annotations of its class would find its default instead of a type."""

_LONG: Final = 60
_ACRONYM: Final = 4


def class_name(text: str) -> str:
    """
    Return a class name for *text* in words, or an empty string if it contains no letter.

    >>> class_name("out-of-stock"), class_name("shop.Item_v2"), class_name("404"), class_name("ITEM_GONE")
    ('OutOfStock', 'ShopItemV2', '', 'ItemGone')
    """
    normal = _normal(text)
    words = [word for word in re.split(r"[\W_]+", normal.lower() if _is_shouted(normal) else normal) if word]
    name = _capital("".join(_capital(word) for word in words)[:_LONG].lstrip("0123456789"))
    # A combining mark cannot end a name.
    return name if name.isidentifier() else ""


def _normal(text: str) -> str:
    """Return a text in the form that Python gives to names (PEP 3131)."""
    return unicodedata.normalize("NFKC", text)


def _is_shouted(text: str) -> bool:
    return text.isupper() and "_" in text


def _capital(word: str) -> str:
    word = word.lower() if word.isupper() and len(word) > _ACRONYM else word
    return word[:1].upper() + word[1:]


def is_class_name(name: str) -> bool:
    """Return whether a class of a generated module can have this name."""
    is_name = name.isidentifier() and _normal(name) == name and not keyword.iskeyword(name)
    return is_name and name not in _TAKEN and not name.startswith("_")


def is_member_name(name: str) -> bool:
    """
    Return whether an extension member of a problem class can have this name.

    >>> is_member_name("item_id"), is_member_name("model_id"), is_member_name("class"), is_member_name("1st")
    (True, False, False, False)
    """
    return _is_attribute(name) and not is_taken(name) and not hasattr(BaseModel, name)


def is_model_member_name(name: str) -> bool:
    """Return whether a field of a pydantic model can have this name."""
    return _is_attribute(name) and not name.startswith(("_", "model_")) and not hasattr(BaseModel, name)


def _is_attribute(name: str) -> bool:
    is_name = name.isidentifier() and _normal(name) == name and not keyword.iskeyword(name)
    return is_name and name not in _IN_ANNOTATIONS


def is_schema_name(name: str) -> bool:
    """Return whether a class can have this OpenAPI name besides its own: its model has that name, too."""
    return re.fullmatch("[A-Za-z][A-Za-z0-9]*", name) is not None and name not in _IN_ANNOTATIONS


def free_name(candidates: Iterable[str], used: set[str], is_allowed: Callable[[str], bool]) -> str:
    """
    Return the first candidate that is allowed and not used, and mark it as used.

    >>> used = {"ItemGone"}
    >>> free_name(["ItemGone"], used, is_class_name), free_name(["ItemGone"], used, is_class_name)
    ('ItemGone_', 'ItemGone_2')
    """
    wanted = list(candidates)
    numbered = (f"{name}_{number}" for number in count(2) for name in wanted)
    for name in (*wanted, *(f"{candidate}_" for candidate in wanted)):
        if is_allowed(name) and name not in used:
            break
    else:
        name = next(candidate for candidate in numbered if is_allowed(candidate) and candidate not in used)
    used.add(name)
    return name


def class_names(name: str, otherwise: str, *, is_problem: bool = False) -> Iterator[str]:
    """
    Yield the candidates for the name of a class that is called *name* in the document.

    >>> [*class_names("NotFound", "Problem", is_problem=True)], [*class_names("1", "Model")]
    (['NotFound', 'NotFoundProblem', 'ApiNotFound'], ['Model'])
    """
    words = class_name(name)
    names = [item for item in (name, words) if item.isidentifier() and not item.startswith("_")]
    if is_problem and words:
        names += [] if words.endswith("Problem") else [f"{words}Problem"]
        names.append(f"Api{words}")
    yield from dict.fromkeys(names or [otherwise])


def member_words(name: str) -> list[str]:
    """Return the candidates for the Python name of a member that is called *name* on the wire."""
    word = re.sub(r"\W", "_", _normal(name))
    return [word, f"{word}_", f"member_{word.strip('_')}", "member"]


def member_names(members: Iterable[str], used: Iterable[str], is_allowed: Callable[[str], bool]) -> dict[str, str]:
    """
    Return the Python names of members; all names are different.

    >>> member_names(["item_id", "item-id", "from", "1st", "model_id"], (), is_member_name)
    {'item_id': 'item_id', 'item-id': 'item_id_', 'from': 'from_', '1st': 'member_1st', 'model_id': 'member_model_id'}

    Args:
        members: The names on the wire.
        used: The names that other members or classes have.
        is_allowed: The rule for names.
    """
    wanted, taken = list(members), {*used}
    names: dict[str, str] = {}
    # Members whose name on the wire is allowed keep it, wherever they occur.
    for member in sorted(wanted, key=lambda item: not is_allowed(item) or item in taken):
        names[member] = free_name(member_words(member), taken, is_allowed)
    return {member: names[member] for member in wanted}
