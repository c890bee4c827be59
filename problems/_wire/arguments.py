"""
Calls that a signature does not allow, explained in one sentence.

Pure: knows functions and their parameters. Does not import problem classes.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Final, TypeVar, cast

from problems._wire.text import briefly, nearest
from problems.errors import SetupError

__all__ = ["explained"]

F = TypeVar("F", bound=Callable[..., Any])

_FEW: Final = 6
"""The most parameters that a message lists."""


def explained(function: F) -> F:
    """
    Return *function*, with the error for wrong arguments replaced by a sentence that contains the line to write.

    >>> @explained
    ... def add_problems(app, registry=None, *, policy=None): ...
    >>> add_problems("app", polcy="policy")
    Traceback (most recent call last):
    ...
    problems.errors.SetupError: `polcy=` is not a parameter of `add_problems`. Did you mean `policy=`?
    """

    @wraps(function)
    def call(*args: object, **named: object) -> object:
        try:
            return function(*args, **named)
        except TypeError:
            sentence = _sentence(function, args, named)
            if sentence is None:  # raised in the function, not by the call
                raise
        raise SetupError(sentence)

    return cast("F", call)


def _sentence(function: Callable[..., object], args: Sequence[object], named: Mapping[str, object]) -> str | None:
    """Return a sentence about the mistake in a call, or `None` if the signature allows it."""
    parameters = signature(function).parameters
    try:
        signature(function).bind(*args, **named)
    except TypeError:
        is_method = next(iter(parameters), "") == "self"
        name = function.__qualname__.removesuffix(".__init__")
        own = [parameter for parameter in parameters.values() if parameter.name != "self"]
        return _explanation(name, own, args[is_method:], named)
    return None


def _explanation(name: str, own: Sequence[Parameter], args: Sequence[object], named: Mapping[str, object]) -> str:
    known = [parameter.name for parameter in own if parameter.kind is not Parameter.VAR_POSITIONAL]
    unnamed = [parameter.name for parameter in own if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD]
    by_name = [word for word in known if word not in unnamed]
    listed = f"`{'`, `'.join(known)}`" if len(known) <= _FEW else f"listed by `help({name})`"
    if unknown := [word for word in named if word not in known]:
        near = nearest(unknown[0], known)
        hint = f"Did you mean `{near}=`?" if near else f"The parameters are {listed}."
        return f"`{unknown[0]}=` is not a parameter of `{name}`. {hint}"
    if len(args) > len(unnamed):
        line = ", ".join((*unnamed, *(f"{word}=…" for word in by_name[: _FEW if unnamed else 1])))
        allowed = f"only `{'`, `'.join(unnamed)}`" if unnamed else "no argument"
        given = briefly(args[len(unnamed)])
        return f"`{name}` takes {allowed} without a name; got {given}. Write `{name}({line})`."
    if twice := [word for word in unnamed[: len(args)] if word in named]:
        return f"`{name}` got `{twice[0]}` with a name and without. Leave one out."
    missing = next(item.name for item in own[len(args) :] if item.name not in named and item.default is Parameter.empty)
    return f"`{name}` needs `{missing}`. Write `{name}({', '.join(unnamed)})`."
