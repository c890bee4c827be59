"""What the package keeps between requests: no cache grows with the number of classes, texts or requests."""

import functools
import gc
import importlib
import pkgutil
import sys
from collections import deque
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

import problems
from problems import Conflict, Policy, Registry
from problems.httpx import problem_from
from problems.starlette import add_problems

CACHE = type(functools.lru_cache(lambda: None))

BOUNDED_BY_THEIR_ARGUMENTS = {
    "problems._wire.uris._grammar": "It has no arguments.",
    "problems.answering._meaning._bare_class": "Only a status from 200 to 599 gets there.",
    "problems.cli._formatting._first_party_of": "A run of the command writes to a few folders.",
    "problems.cli._yaml._loader": "It has no arguments.",
}
"""The caches without a size, each with the reason why it stays small."""


def modules():
    """Yield the modules of the package that can be imported here."""
    yield problems
    for found in pkgutil.walk_packages(problems.__path__, "problems."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def functions_of(module):
    """Yield the objects that a module defines, with those in its classes."""
    for name, value in list(vars(module).items()):  # some names are loaded on first use
        if getattr(value, "__module__", None) != module.__name__:
            continue
        yield f"{module.__name__}.{name}", value
        if isinstance(value, type):
            for inner, method in list(vars(value).items()):
                yield f"{module.__name__}.{name}.{inner}", getattr(method, "__func__", method)


def test_each_function_with_a_cache_has_a_bound():
    """
    A cache without a size is in the list above with its reason; the list has no other names.
    """
    found = {
        name
        for module in modules()
        for name, value in list(functions_of(module))
        if isinstance(value, CACHE) and value.cache_parameters()["maxsize"] is None
    }

    assert set(BOUNDED_BY_THEIR_ARGUMENTS) == found


def containers():
    """Return the size of each container that a module or a class of the package refers to, by its name."""
    sizes = {}
    for module in [it for name, it in sorted(sys.modules.items()) if name.split(".")[0] == "problems"]:
        for name, value in list(vars(module).items()):
            owners = [(f"{module.__name__}.{name}", value)]
            if isinstance(value, type) and value.__module__ == module.__name__:
                owners += [(f"{module.__name__}.{name}.{inner}", it) for inner, it in list(vars(value).items())]
            for owner, it in owners:
                if isinstance(it, dict | list | set | WeakKeyDictionary | WeakValueDictionary | WeakSet | deque):
                    sizes[owner] = len(it)
    return sizes


def answer_and_read(number):
    """Answer an occurrence of a new class over a new application, and read it in a client."""
    cls = type(
        f"Made{number}",
        (Conflict,),
        {"__annotations__": {"item": int}},
        type=f"https://shop.example/{number}",
        title="Made",
    )
    failure = type(f"Failure{number}", (Exception,), {})

    async def endpoint(request):
        raise cls(item=number) if request.query_params else failure(str(number))

    app = Starlette(routes=[Route("/", endpoint)])
    registry = Registry(cls)
    add_problems(app, registry, policy=Policy(translate={failure: lambda exc: cls(item=number)}))
    client = TestClient(app)
    for path in ("/?a=1", "/"):
        received = client.get(path)
        response = httpx2.Response(received.status_code, headers=received.headers, content=received.content)
        assert isinstance(problem_from(response, registry), cls)


@pytest.mark.filterwarnings("ignore")
def test_no_container_grows_with_classes():
    """
    After classes and applications are gone, each container of a module is as large as it was after the first ones.
    """
    for number in range(5):
        answer_and_read(number)
    gc.collect()
    before = containers()
    for number in range(5, 65):
        answer_and_read(number)
    gc.collect()

    assert {} == {name: (before.get(name), size) for name, size in containers().items() if size > before.get(name, 0)}
