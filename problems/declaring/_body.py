"""
The checks of the body of a problem class at its definition.

Knows the names that are taken and what pydantic leaves behind in a class body;
resolves no annotation and builds no model.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo, ModelPrivateAttr

from problems._wire.details import STANDARD_MEMBERS
from problems.errors import InvalidDefinition, ReservedMember

__all__ = ["annotations_of", "check_body", "check_names", "is_of_pydantic", "is_standard", "is_taken", "local_names"]

_RFC: Final = frozenset(STANDARD_MEMBERS)
_TAKEN: Final[Mapping[str, str]] = {
    **dict.fromkeys((name for name in dir(BaseModel) if not name.startswith("_")), "pydantic models"),
    **dict.fromkeys(("request", "response", "reading", "registry", "relayed"), "this package"),
    **dict.fromkeys(("args", "with_traceback", "add_note", "status_code", "headers"), "exceptions"),
    **dict.fromkeys(_RFC, "RFC 9457"),
}
"""The names that mean something else already, and to whom."""
_TAKEN_BEGINNINGS: Final = ("_", "problem_", "model_")

_OF_HEADER: Final = _RFC - {"instance"}
_OF_OCCURRENCE: Final = frozenset({"instance", "status_code", "headers", "args"})
_OF_ANY_CLASS: Final = frozenset({"__module__", "__qualname__", "__doc__", "__annotations__"})
_DEFINING: Final = ("__init_subclass__", "_define")
"""The functions between a class body and `local_names`."""

_NOTHING: Final = (None,)
_CLASS_VAR: Final = r"\s*(\w+\.)*ClassVar\b"
_FINAL: Final = r"\s*(\w+\.)*Final\b"
_ABOUT_MEMBERS: Final = frozenset({"FieldValidatorDecoratorInfo", "FieldSerializerDecoratorInfo"})


def check_names(cls: str, names: Iterable[str]) -> None:
    """
    Raise if a member has a reserved or private name.

    Raises:
        ReservedMember: One of *names* is taken.
        InvalidDefinition: One of *names* is private.
    """
    for name in names:
        if is_taken(name):
            if name.startswith("_"):
                raise InvalidDefinition(
                    cls, f"{name!r} is private and cannot be an extension member. Annotate it as ClassVar or rename it."
                )
            prefix_owner = "pydantic models" if name.startswith("model_") else "this package"
            raise ReservedMember(cls, name, _TAKEN.get(name, prefix_owner))


def is_taken(name: str) -> bool:
    """Return whether *name* cannot be the name of an extension member."""
    return name in _TAKEN or name.startswith(_TAKEN_BEGINNINGS)


def is_standard(name: str) -> bool:
    """Return whether RFC 9457 defines a member *name* on the wire."""
    return name in _RFC


def check_body(cls: type, own: Mapping[str, object], members: frozenset[str]) -> None:
    """
    Raise if an entry in the body of a problem class would have no effect, or would hide another attribute.

    Args:
        cls: The class.
        own: The annotations of its members.
        members: The names of all its members, including members of its bases.

    Raises:
        InvalidDefinition: The body has an entry that would not do what it seems to.
    """
    for name, hint in own.items():
        declared = (getattr(cls, name, None), *getattr(hint, "__metadata__", ()))
        if declared != _NOTHING and (reason := _fault(name, hint, declared)):
            raise InvalidDefinition(cls.__qualname__, reason)
    for name in cls.__dict__.keys() - own.keys() - _OF_ANY_CLASS:
        if name.startswith("__"):
            continue
        value = cls.__dict__[name]
        reason = _inert(name, value, members) or (_plain(name, value) if name not in _annotations(cls) else None)
        if reason:
            raise InvalidDefinition(cls.__qualname__, reason)


def _fault(name: str, hint: object, declared: tuple[object, ...]) -> str | None:
    """Return the mistake in a member with the default and metadata in *declared*, or `None`."""
    if declared[0] is not None and _is(Final, _FINAL, hint):
        return f"{name!r} is Final, so pydantic takes it for a constant. Annotate it as ClassVar, or without Final."
    for info in declared:
        if isinstance(info, property):
            return f"{name!r} is annotated as a member and defined as a property. Give one of them another name."
        if isinstance(info, FieldInfo) and info.serialization_alias in _RFC:
            return (
                f"{name!r} has the alias {info.serialization_alias!r}, which is a member of RFC 9457 already. "
                f"Choose another alias."
            )
    return None


def _inert(name: str, value: object, members: frozenset[str]) -> str | None:
    """Return why an entry that is not a member would have no effect, or `None` if it is allowed."""
    if name in _OF_HEADER:
        return f"{name!r} would have no effect in the body. Write it into the class header: `{name}=…`."
    if name in _OF_OCCURRENCE or name == "_problem" or name.startswith("problem_"):
        return f"{name!r} cannot be replaced in the body, every problem has it. Give it another name."
    if name in members:
        return f"{name!r} replaces a member, but has no annotation. Write it as the base does: `{name}: … = …`."
    if name == "model_config":
        return "`model_config` would have no effect, a problem is not a pydantic model. Put it into a nested model."
    if is_of_pydantic(value):
        return _inert_decorator(name, getattr(value, "decorator_info", None), members)
    return None


def _plain(name: str, value: object) -> str | None:
    """Return why a plain value without an annotation is rejected: it looks like a member but is not one."""
    if name.startswith("_") or isinstance(value, type) or hasattr(type(value), "__get__"):
        return None
    kind = type(value).__name__
    return (
        f"{name!r} has no annotation, so it would be neither a member nor sent. "
        f"Write `{name}: {kind} = …` for a member with a default, or `{name}: ClassVar[{kind}] = …` for a constant."
    )


def is_of_pydantic(value: object) -> bool:
    """Return whether an entry of a class body is what a function or a decorator of pydantic's leaves there."""
    return isinstance(value, FieldInfo | ModelPrivateAttr) or type(value).__name__ == "PydanticDescriptorProxy"


def _inert_decorator(name: str, info: Any, members: frozenset[str]) -> str | None:
    if type(info).__name__ not in _ABOUT_MEMBERS:
        return (
            f"{name!r} would have no effect, a problem is not a pydantic model. Annotate it if it is a member, "
            f"validate members one by one with `field_validator`, or compute a member before you raise."
        )
    unknown = [field for field in info.fields if field not in members and field != "*"]
    if unknown and info.check_fields is not False:
        return (
            f"{name!r} is about {unknown[0]!r}, which is not a member. The members are: {', '.join(sorted(members))}."
        )
    return None


def annotations_of(cls: type) -> dict[str, object]:
    """Return the annotations that *cls* itself has, those that are members."""
    return {
        name: hint
        for name, hint in _annotations(cls).items()
        if type(hint) is type or not _is(ClassVar, _CLASS_VAR, hint)
    }


if sys.version_info >= (3, 14):
    import annotationlib

    def _annotations(cls: type) -> dict[str, object]:
        # A name that is not defined yet stays a forward reference.
        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
else:

    def _annotations(cls: type) -> dict[str, object]:
        # Not `inspect.get_annotations`: it takes longer than all that is checked here.
        own: dict[str, Any] = vars(cls).get("__annotations__", {})
        return own


def _is(form: object, written: str, hint: object) -> bool:
    """Whether an annotation is a special form of `typing`, be it written as text."""
    if isinstance(hint, str):
        return re.match(written, hint) is not None
    return hint is form or getattr(hint, "__origin__", None) is form


def local_names(cls: type, own: Mapping[str, object]) -> dict[str, object] | None:
    """
    Return the local names that annotations of a class inside a function may refer to.

    Only such a class needs it, and only if it has annotations that are text (PEP 563): everything else is found
    in the module. To be called from ``__init_subclass__``.
    """
    if "<locals>" not in cls.__qualname__:
        return None
    words = {word for hint in own.values() for word in _words(hint)}
    frame = inspect.currentframe() if words else None
    frame = frame and frame.f_back
    while frame is not None and frame.f_code.co_name in _DEFINING:
        frame = frame.f_back
    return {name: value for name, value in frame.f_locals.items() if name in words} if frame else None


def _words(hint: object) -> Iterator[str]:
    """Yield the names in an annotation, as far as it is text."""
    if isinstance(hint, str):
        yield from re.findall(r"\w+", hint)
    for part in getattr(hint, "__args__", ()):
        yield from _words(getattr(part, "__forward_arg__", part))
