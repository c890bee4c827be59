"""
Names of Python for what is called otherwise on the wire.

Knows what is taken, and by whom it would be missed.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel

from problems.declaring._body import is_taken

__all__ = ["TAKEN", "class_name", "member_names"]

TAKEN: Final = (
    "ClientProblem",
    "Problem",
    "ReceivedProblem",
    "ResponseHeader",
    "ServerProblem",
    "Annotated",
    "Any",
    "BaseModel",
    "Field",
    "Literal",
    "Registry",
    "catalog",
    "datetime",
    "registry",
    "uuid",
    *(name for name in dir(builtins) if name.isidentifier()),
)
"""What the classes of a generated module cannot be called."""

_IN_ANNOTATIONS: Final = frozenset(
    {"Annotated", "Any", "Field", "Literal", "ResponseHeader", "bool", "datetime", "dict", "float", "int", "list"}
    | {"lambda", "str", "tuple", "uuid"}
)
"""What a member must not hide from the annotations of its own class."""

_LONG: Final = 60
_ACRONYM: Final = 4


def class_name(text: str) -> str:
    """
    Return the name of a class for what is called *text*; nothing if there is no letter in it.

    >>> class_name("out-of-stock"), class_name("shop.Item_v2"), class_name("404"), class_name("none")
    ('OutOfStock', 'ShopItemV2', '', 'NoneProblem')
    """
    words = [word for word in re.split(r"[\W_]+", _normal(text)) if word]
    name = _capital("".join(_capital(word) for word in words)[:_LONG].lstrip("0123456789"))
    name = name if name.isidentifier() else re.sub(r"\W", "", name)
    if not name or not name.isidentifier():
        return ""
    return f"{name}Problem" if keyword.iskeyword(name) else name


def _normal(text: str) -> str:
    """Return a text as Python has it in names."""
    return unicodedata.normalize("NFKC", text)


def _capital(word: str) -> str:
    word = word.lower() if word.isupper() and len(word) > _ACRONYM else word
    return word[:1].upper() + word[1:]


def member_names(members: Iterable[str], taken: Iterable[str] = (), *, of_model: bool = False) -> dict[str, str]:
    """
    Return the Python names of members, which are all different.

    >>> member_names(["item_id", "item-id", "from", "1st", "list"])
    {'item_id': 'item_id', 'item-id': 'item_id_', 'from': 'from_', '1st': 'member_1st', 'list': 'list_'}

    Args:
        members: The names on the wire.
        taken: What else they cannot be called.
        of_model: Whether they are the fields of a model, which may be called what those of a problem may not.
    """
    wanted = list(members)
    used = {*taken}
    names: dict[str, str] = {}
    # Who has a name of Python keeps it.
    for member in sorted(wanted, key=lambda it: _python_name(it, of_model=of_model) != it):
        name = _python_name(member, of_model=of_model)
        while name in used:
            name += "_"
        used.add(name)
        names[member] = name
    return {member: names[member] for member in wanted}


def _python_name(member: str, *, of_model: bool) -> str:
    name = re.sub(r"\W", "_", _normal(member))
    name = f"member_{name}" if not name or not name[0].isalpha() else name
    name = name if name.isidentifier() else "member"
    reserved = _is_of_models(name) if of_model else is_taken(name)
    return f"{name}_" if keyword.iskeyword(name) or reserved or name in _IN_ANNOTATIONS else name


def _is_of_models(name: str) -> bool:
    return hasattr(BaseModel, name) or name.startswith(("_", "model_"))
