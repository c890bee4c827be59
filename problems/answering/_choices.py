"""
What the options of a policy can be, and the sentence that refuses anything else.

Knows each option by its name; what comes of it is decided in `problems.answer`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeGuard

from problems._frozen import Frozen
from problems._received import ReceivedProblem
from problems.catalogue import Catalogue
from problems.errors import SetupError
from problems.exceptions import Problem
from problems.rendering import Representation

__all__ = ["checked"]

_UNDECLARED: Final = ("ignore", "warn", "raise")


def checked(name: str, value: object) -> object:
    """
    Return what is chosen for an option, in the form in which a policy keeps it.

    >>> checked("masked", ["iban"])
    frozenset({'iban'})

    Raises:
        SetupError: The option cannot be *value*.
    """
    return _CHECKS.get(name, _switch)(name, value)


def _refused(name: str, value: object, reason: str) -> SetupError:
    return SetupError(f"`Policy({name}={value!r})` cannot be: {reason}")


def _switch(name: str, value: object) -> object:
    if isinstance(value, bool):
        return value
    # "false", as it comes from the environment, would be true.
    raise _refused(name, value, "it is neither `True` nor `False`. Use one of them.")


def _names(name: str, value: object) -> object:
    if _is_several(value) and all(isinstance(it, str) for it in value):
        return frozenset(value)
    raise _refused(name, value, 'it is no collection of names. Write `{"iban"}` for one.')


def _status(name: str, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, int) and 400 <= value <= 499:
        return int(value)
    raise _refused(name, value, "it is no status code that blames a request. Use one from 400 to 499, such as 400.")


def _function(name: str, value: object) -> object:
    if callable(value):
        return value
    raise _refused(name, value, "it is no function. Give one that is called with a status code.")


def _identifier(name: str, value: object) -> object:
    if value is None or callable(value):
        return value
    raise _refused(name, value, "it is no function. Give one of the request's facts, or `None` to send no `instance`.")


def _translations(name: str, value: object) -> object:
    if not _is_mapping(value):
        raise _refused(name, value, "it is no mapping. Write `{KeyError: NotFound}` and the like.")
    for exception, target in value.items():
        if not (isinstance(exception, type) and issubclass(exception, Exception)):
            raise _refused(name, value, f"its key {exception!r} is no exception class. Give each class its own entry.")
        if not _makes_problems(target):
            reason = f"{exception.__qualname__} cannot become {target!r}. Give a problem class or a function."
            raise _refused(name, value, reason)
    return Frozen(value)


def _makes_problems(target: object) -> bool:
    if isinstance(target, type):
        return issubclass(target, Problem) and not issubclass(target, ReceivedProblem)
    return callable(target)


def _representations(name: str, value: object) -> object:
    if callable(value):
        return value
    if _is_sequence(value) and all(isinstance(it, Representation) for it in value):
        return tuple(value)
    raise _refused(name, value, "it is no tuple of representations. Write `(HTML,)` for one, or give a function.")


def _catalogue(name: str, value: object) -> object:
    if value is None or isinstance(value, Catalogue):
        return value
    raise _refused(name, value, "it is no catalogue. Put the texts into `Catalogue({language: texts})`.")


def _hooks(name: str, value: object) -> object:
    if _is_sequence(value) and all(callable(it) for it in value):
        return tuple(value)
    raise _refused(name, value, "it is no tuple of functions. Write `(hook,)` for one.")


def _levels(name: str, value: object) -> object:
    if value is None:
        return None
    if not _is_mapping(value):
        raise _refused(name, value, "it is no mapping. Write `{NotFound: logging.DEBUG}` and the like.")
    for cls, level in value.items():
        if not (isinstance(cls, type) and issubclass(cls, Problem) and isinstance(level, int)):
            raise _refused(name, value, f"{cls!r} cannot have the level {level!r}. Give problem classes, and integers.")
    return Frozen(value)


def _mode(name: str, value: object) -> object:
    if value in _UNDECLARED:
        return value
    raise _refused(name, value, "there is no such choice. Use 'ignore', 'warn' or 'raise'.")


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_several(value: object) -> TypeGuard[Collection[object]]:
    return isinstance(value, Collection) and not isinstance(value, str | bytes)


_CHECKS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "masked": _names,
    "validation_status": _status,
    "instance": _identifier,
    "translate": _translations,
    "close_codes": _function,
    "representations": _representations,
    "catalogue": _catalogue,
    "hooks": _hooks,
    "log_levels": _levels,
    "undeclared": _mode,
}
"""The check of each option that is no switch."""
