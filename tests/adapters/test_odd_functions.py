"""Odd results of the functions in a policy, and failures: each costs its own part of an answer only."""

import json
from itertools import count, repeat

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from problems import Conflict, Policy
from problems.answering._html import HTML
from problems.answering.policy import RequestId
from problems.answering.representations import Representation
from problems.answering.texts import Texts
from problems.starlette import add_problems
from tests.adapters.unwinding import exchange

ASKED = [(b"accept", b"text/html"), (b"accept-language", b"de"), (b"x-request-id", b"7")]


@pytest.fixture(autouse=True)
def failures():
    """Replace the check that nothing is logged as a failure: most functions here fail, some are only odd."""


def fail(*args):
    raise RuntimeError("odd")


def odd(base, name, *args):
    """Return an object of a subclass of *base* whose method *name* raises."""
    return type("Odd", (base,), {name: fail})(*args)


class Endless(list):
    """A list that never ends."""

    def __iter__(self):
        return repeat(HTML)


class TakenForText:
    """An object that `isinstance` takes for a text."""

    __class__ = property(lambda _: str)


class Unclassed:
    """An object without a readable class."""

    __class__ = property(fail)


async def coroutine():
    return "text"


def closed():
    made = coroutine()
    made.close()
    return made


def written_by(render):
    return [Representation("text/html", render)]


METHODS = ("__str__", "__repr__", "__bool__", "__eq__", "__len__", "__iter__", "__getattr__")
OF_TEXTS = (*METHODS[:-1], "encode", "lower", "partition", "startswith", "__format__")

RESULTS = {
    "None": lambda: None,
    "number": lambda: 7,
    "bytes": lambda: b"text",
    "exception": lambda: ValueError("x"),
    "exception class": lambda: ValueError,
    "coroutine": closed,
    "problem": lambda: Conflict("Another."),
    "endless iterator": lambda: repeat("x"),
    "endless generator": lambda: (it for it in count()),
    "endless list": Endless,
    "taken for a text": TakenForText,
    "without a class": Unclassed,
    "lone surrogate": lambda: "\ud800",
    "line break": lambda: "a\r\nX-Evil: 1",
    "not Latin": lambda: "€",
    "empty": lambda: "",
    "representation without a text": lambda: written_by(lambda details, language: None),
    "representation with bytes": lambda: written_by(lambda details, language: b"text"),
    "representation that raises": lambda: written_by(fail),
    "representation with an odd text": lambda: written_by(lambda details, language: odd(str, "encode", "text")),
    **{f"object, {name}": lambda name=name: odd(object, name) for name in METHODS},
    **{f"text, {name}": lambda name=name: odd(str, name, "text") for name in OF_TEXTS},
    **{f"list, {name}": lambda name=name: odd(list, name, [HTML]) for name in METHODS},
}


def cyclic():
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


def recurring(*args):
    return recurring(*args)


def raising(exc):
    def function(*args):
        raise exc

    return function


class WithoutCause(Exception):
    """An exception whose context cannot be read."""

    __context__ = __cause__ = property(fail)


FUNCTIONS = {
    **{name: lambda *args, make=make: make() for name, make in RESULTS.items()},
    "raises a cycle": raising(cyclic()),
    "raises an exception without a text": raising(odd(Exception, "__str__")),
    "raises an exception without a cause": raising(WithoutCause()),
    "raises a group": raising(ExceptionGroup("", [cyclic(), StopIteration()])),
    "raises StopIteration": raising(StopIteration()),
    "never returns": recurring,
}


class Before:
    """A hook that is called before the answer is sent."""

    def __init__(self, function):
        self.before = function

    def __call__(self, occurrence): ...


class Unreadable:
    """A hook whose attributes cannot be read."""

    before = property(fail)

    def __call__(self, occurrence): ...


class Gettext:
    def __init__(self, function):
        self.pgettext = function


def method(base, name, function, *args):
    """Return an object of a subclass of *base* whose method *name* is a function."""
    return type("Replaced", (base,), {name: lambda self, *args: function(*args)})(*args)


GERMAN = {"de": {"409": "Konflikt"}}

OPTIONS = {
    "instance": lambda it: {"instance": it},
    "RequestId": lambda it: {"instance": method(RequestId, "__call__", it)},
    "representations": lambda it: {"representations": it},
    "hook": lambda it: {"hooks": (it,)},
    "before": lambda it: {"hooks": (Before(it),)},
    "choice of a language": lambda it: {"texts": method(Texts, "choose", it, GERMAN)},
    "texts": lambda it: {"texts": method(Texts, "text", it, GERMAN)},
    "gettext": lambda it: {"texts": Texts({"de": Gettext(it)})},
    "legacy_detail": lambda it: {"legacy_detail": it},
    "translate": lambda it: {"translate": {KeyError: it}},
}


def asked(raised, **options):
    """Return the exchange of an application that raises, with a client that asks for everything."""

    async def endpoint(request):
        raise raised

    app = Starlette(routes=[Route("/", endpoint)])
    add_problems(app, policy=Policy(**options))

    async def asking(scope, receive, send):
        await app({**scope, "headers": [*scope["headers"], *ASKED]}, receive, send)

    return exchange(asking, "/")


def is_sound(found):
    """Whether an exchange has one response that a server can send, whose document has the types of RFC 9457."""
    lines = found.starts[0]["headers"]
    assert found.is_complete
    assert all(type(part) is bytes and not {10, 13} & {*part} for line in lines for part in line)
    if dict(lines)[b"content-type"] == b"application/problem+json":
        document = json.loads(json.dumps(found.document))
        assert all(isinstance(document.get(name, ""), str) for name in ("type", "title", "detail", "instance"))
        assert found.statuses == [document["status"]]
    return True


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("option", OPTIONS)
def test_a_problem_stays_what_it_is(option, function):
    """
    Status, type and headers of a problem are sent, whatever the application's own function makes of the rest.
    """
    translated = option == "translate"
    found = asked(KeyError() if translated else Conflict("Taken."), **OPTIONS[option](FUNCTIONS[function]))
    expected = 409 if not translated or function == "problem" else 500

    assert (True, [expected], 0 if expected == 409 else 1) == (is_sound(found), found.statuses, len(found.raised))


def test_a_hook_without_readable_attributes():
    """
    A hook that cannot be asked for its `before` is skipped there.
    """
    found = asked(Conflict("Taken."), hooks=(Unreadable(),))

    assert (True, [409], []) == (is_sound(found), found.statuses, found.raised)


class Taken(Conflict):
    """A problem whose `legacy_detail` cannot be read."""

    legacy_detail = property(fail)


def test_a_legacy_detail_that_cannot_be_read():
    """
    A problem whose `legacy_detail` fails has its own `detail`.
    """
    found = asked(Taken("Taken."), legacy_detail=True)

    assert (409, "Taken.") == (found.document["status"], found.document["detail"])


@pytest.mark.parametrize("value", RESULTS)
def test_an_instance_that_was_replaced(value):
    """
    `instance` is a text on the wire, or absent, whatever other code made of the attribute.
    """
    problem = Conflict("Taken.")
    problem.instance = RESULTS[value]()
    found = asked(problem)

    assert (True, [409], []) == (is_sound(found), found.statuses, found.raised)


@pytest.mark.parametrize("name", ["headers", "detail"])
@pytest.mark.parametrize("value", RESULTS)
def test_an_attribute_of_an_exception_that_was_replaced(name, value):
    """
    The status of an `HTTPException` is sent, whatever other code made of its text and headers.
    """
    raised = HTTPException(404)
    setattr(raised, name, RESULTS[value]())
    found = asked(raised)

    assert (True, [404], []) == (is_sound(found), found.statuses, found.raised)


@pytest.mark.parametrize("value", RESULTS)
def test_a_header_value_of_an_exception(value):
    """
    A field that cannot be sent costs neither the status nor the fields beside it.
    """
    found = asked(HTTPException(404, headers={"X-Odd": RESULTS[value](), "X-Well": "1"}))

    assert (True, [404], "1", []) == (is_sound(found), found.statuses, found.headers["x-well"], found.raised)
