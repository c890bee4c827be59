"""Exceptions with causes, groups and attributes that no ordinary code has: each is one complete problem."""

from functools import partial

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from problems import Policy
from problems.fastapi import add_problems
from problems.starlette import add_problems as starlette_problems
from tests.adapters.unwinding import exchange


def shared(levels):
    """Return a group that unfolds into more exceptions than any loop reaches."""
    group = ExceptionGroup("shared", [HTTPException(409)])
    for _ in range(levels):
        group = ExceptionGroup("shared", [group, group])
    return group


def invalid_in_shared(levels):
    group = ExceptionGroup("shared", [RequestValidationError([])])
    for _ in range(levels):
        group = ExceptionGroup("shared", [group, group])
    return group


def deep(levels):
    error = HTTPException(409)
    for _ in range(levels):
        error = ExceptionGroup("deep", [error])
    return error


def chained(number):
    error = ValueError()
    for _ in range(number):
        following = ValueError()
        following.__cause__, error = error, following
    return error


def cyclic():
    group = ExceptionGroup("cyclic", [ValueError()])
    outer = ExceptionGroup("cyclic", [group])
    group.__cause__, outer.__context__ = outer, group
    return outer


def failing(name):
    """Return an exception whose attribute raises."""

    def fail(self, *args):
        raise RuntimeError("an attribute")

    is_method = name in ("__str__", "__repr__", "__eq__", "__bool__", "__len__")
    body = {name: fail if is_method else property(fail)} | ({"__hash__": None} if name == "__eq__" else {})
    return type("Failing", (Exception,), body)()


ODD = {
    "a shared group": (partial(shared, 60), 409),
    "a validation error in a shared group": (partial(invalid_in_shared, 60), 422),
    "a deep group": (partial(deep, 500), 409),
    "a wide group": (lambda: ExceptionGroup("wide", [HTTPException(409)] * 5_000), 409),
    "a cyclic group": (cyclic, 500),
    "a long chain": (partial(chained, 500), 500),
    "a text that is a number": (type("Numbered", (Exception,), {"__str__": lambda _: 7}), 500),
    **{
        f"{name} raises": (partial(failing, name), 500)
        for name in (
            "__str__",
            "__repr__",
            "__eq__",
            "__bool__",
            "__len__",
            "args",
            "__notes__",
            "__cause__",
            "__class__",
        )
    },
}


@pytest.mark.parametrize("traceback", [False, True])
@pytest.mark.parametrize("cls", [Starlette, FastAPI])
@pytest.mark.parametrize("odd", ODD)
def test_it_is_one_problem(odd, cls, traceback):
    """
    Whatever an exception is made of, the client gets one complete problem within the time of any other.
    """
    make, status = ODD[odd]
    if odd.startswith("a validation") and cls is Starlette:
        return  # a crash there, without a place for it

    async def endpoint(request):
        raise make()

    app = cls(routes=[Route("/", endpoint)])
    (add_problems if cls is FastAPI else starlette_problems)(app, policy=Policy(traceback=traceback))
    found = exchange(app, "/")

    assert (True, [status], status) == (found.is_complete, found.statuses, found.document["status"])


class HidesItself(ExceptionGroup):
    """A group that has itself as its only exception."""

    @property
    def exceptions(self):
        return (self,)


@pytest.mark.parametrize("cls", [Starlette, FastAPI])
def test_a_group_in_itself(cls):
    """
    A group without exceptions is not taken for a disconnect: it is answered as a crash.
    """

    async def endpoint(request):
        raise HidesItself("", [ValueError()])

    app = cls(routes=[Route("/", endpoint)])
    (add_problems if cls is FastAPI else starlette_problems)(app)
    found = exchange(app, "/")

    assert (True, [500], 500) == (found.is_complete, found.statuses, found.document["status"])
