"""The certainty of findings, on programs that are generated and run: the truth is what they raise."""

import itertools
import linecache

from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from problems import Conflict, Gone, NotFound, Registry, raises
from problems.contract import check
from problems.fastapi import add_problems


class Missing(NotFound, type="missing", title="Missing"):
    """It is missing."""


class Taken(Conflict, type="taken", title="Taken"):
    """It is taken."""


class Over(Gone, type="over", title="Over"):
    """It is over."""


PROBLEMS = {"Missing": Missing, "Taken": Taken, "Over": Over}
registry = Registry(*PROBLEMS.values(), base="https://shop.example/problems/")

PRELUDE = """
import contextlib
from functools import partial, wraps


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True


class Keeps:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False


class SwallowsSome:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        return kind is not None and issubclass(kind, Missing)


@contextlib.contextmanager
def catching():
    try:
        yield
    except Missing:
        pass


@contextlib.contextmanager
def replacing():
    try:
        yield
    except Missing:
        raise Taken


@contextlib.contextmanager
def passing():
    yield


def decorated(function):
    @wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


class Base:
    def run(self, key):
        return key


"""
MANAGERS = [
    "Swallows()",
    "Keeps()",
    "SwallowsSome()",
    "catching()",
    "replacing()",
    "passing()",
    "contextlib.suppress(Missing)",
]
counter = itertools.count()


@st.composite
def statements(draw, depth=3):
    """Return the lines of a block."""
    lines = []
    for _ in range(draw(st.integers(1, 3 if depth == 3 else 2))):
        lines += draw(statement(depth))
    return lines


@st.composite
def statement(draw, depth):  # noqa: C901, PLR0911, PLR0912 - one for each statement
    """Return the lines of one statement."""
    kinds = ["raise", "return", "pass", "variable"]
    kinds += (
        ["if", "try", "with", "call", "method", "loop", "generator", "lambda", "partial", "finally"] if depth else []
    )
    kind = draw(st.sampled_from(kinds))
    problem = draw(st.sampled_from(sorted(PROBLEMS)))
    inner = ["    " + line for line in draw(statements(depth - 1))] if depth else []
    number = next(counter)
    match kind:
        case "raise":
            return [f"raise {problem}"]
        case "return":
            return ["return key"]
        case "variable":
            return [f"e{number} = {problem}()", "if key == 1:", f"    raise e{number}"]
        case "if":
            return [f"if key == {draw(st.integers(0, 2))}:", *inner]
        case "try":
            return ["try:", *inner, f"except {problem}:", *["    " + it for it in draw(statements(depth - 1))]]
        case "finally":
            return ["try:", *inner, "finally:", "    key = key + 0"]
        case "with":
            return [f"with {draw(st.sampled_from(MANAGERS))}:", *inner]
        case "loop":
            return ["for _ in [1, 2]:", *inner]
        case "call":
            return ["@decorated", f"def f{number}(key):", *inner, f"f{number}(key)"]
        case "method":
            lines = ["    def run(self, key):", *["    " + line for line in inner]]
            return [f"class C{number}(Base):", *lines, f"C{number}().run(key)"]
        case "generator":
            return [f"def g{number}(key):", *inner, "    yield key", f"for _ in g{number}(key):", "    pass"]
        case "lambda":
            return [f"def h{number}(key):", *inner, f"list(map(lambda it: h{number}(key), [1]))"]
        case "partial":
            return [f"def p{number}(key):", *inner, f"partial(p{number}, key)()"]
        case _:
            return ["pass"]


def application(lines, declared=()):
    """Return an application whose one endpoint has these lines."""
    text = PRELUDE + "def endpoint(key: int = 0):\n" + "\n".join("    " + line for line in lines) + "\n"
    file = f"generated_{next(counter)}.py"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = {**PROBLEMS, "__name__": "generated_of_tests"}
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - the program under test
    endpoint = raises(*declared)(scope["endpoint"]) if declared else scope["endpoint"]
    app = FastAPI()
    app.get("/x", response_model=None)(endpoint)
    add_problems(app, registry)
    return app


def raised_by(app):
    """Return the problem types that the endpoint answers with, whatever it is given."""
    client = TestClient(app, raise_server_exceptions=False)
    types = {registry.uri(cls): cls for cls in PROBLEMS.values()}
    answers = (client.get("/x", params={"key": key}) for key in range(4))
    return {types[it.json()["type"]] for it in answers if it.status_code in (404, 409, 410)}


class TestPrograms:
    @settings(max_examples=150, deadline=None)
    @given(statements())
    def test_a_raised_problem_is_never_certainly_not_raised(self, lines):
        """
        Whatever a program raises may be declared: no finding is certain that it is never raised.
        """
        truth = raised_by(application(lines))
        found = check(application(lines, PROBLEMS.values()))

        assert set() == truth & {it.problem for it in found if it.kind == "never raised" and it.certainty == "certain"}

    @settings(max_examples=150, deadline=None)
    @given(statements())
    def test_a_raised_problem_is_found(self, lines):
        """
        Whatever a program raises and does not declare is found.
        """
        app = application(lines)

        assert raised_by(app) <= {it.problem for it in check(app) if it.kind == "undeclared"}
