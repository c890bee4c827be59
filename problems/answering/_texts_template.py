"""
A template for translators (gettext's `.pot`), with the texts of a registry.

Pure functions from classes to text. `problems.answering.texts` describes the keys of translations.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, get_args

from pydantic_core import PydanticKnownError
from pydantic_core.core_schema import ErrorType

from problems._wire.invalid_params._messages import facts_of
from problems._wire.media_types import TEXT
from problems.answering.texts import Part
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["texts_template"]

_HEADER: Final = f'msgid ""\nmsgstr ""\n"Content-Type: {TEXT}; charset=UTF-8\\n"\n'
_CODES: Final[tuple[ErrorType, ...]] = get_args(ErrorType)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class _Entry(NamedTuple):
    """A text that can be translated, with its wording in the code."""

    part: Part
    key: str
    text: str


def texts_template(registry: Registry, *, messages: bool = True) -> str:
    r"""
    Return a template that translators, `msginit` and `pybabel init` start from.

    >>> from problems import NotFound
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    ...     item_id: int
    >>> registry = Registry(ItemNotFound, base="https://shop.example/problems/")
    >>> print(texts_template(registry, messages=False).partition("\n\n")[2].partition("\n\n")[0])
    #. Item not found
    msgctxt "title"
    msgid "https://shop.example/problems/item-not-found"
    msgstr ""

    Args:
        registry: The problem types.
        messages: Whether to include pydantic's messages about rejected inputs, by the code of the error.
    """
    classes = dict.fromkeys((*registry, registry.validation_problem))
    entries = [*(entry for cls in classes for entry in _of_type(cls, registry)), *(_of_inputs() if messages else ())]
    return "\n".join((_HEADER, *map(_written, dict.fromkeys(entries))))


def _of_type(cls: type[Problem], registry: Registry) -> Iterator[_Entry]:
    facts = registry.facts(cls)
    key = str(facts.status) if facts.is_blank else facts.uri
    yield _Entry("title", key, facts.title)
    if definition_of(cls).declaration.detail:
        yield _Entry("detail", key, definition_of(cls).declaration.detail)


def _of_inputs() -> Iterator[_Entry]:
    for code in _CODES:
        facts = ", ".join(f"{{{name}}}" for name in facts_of(code))
        yield _Entry("detail", code, f"Facts: {facts}" if facts else _message(code))


def _message(code: ErrorType) -> str:
    try:
        return PydanticKnownError(code).message()
    except TypeError:  # a message with facts of the input
        return code


def _written(entry: _Entry) -> str:
    comment = " ".join(entry.text.split())
    return f'#. {comment}\nmsgctxt "{entry.part}"\nmsgid "{entry.key.translate(_ESCAPES)}"\nmsgstr ""\n'
