"""
Every regular expression of the package takes linear time.

Header fields, bodies and OpenAPI documents are written by strangers: a pattern that tries again from each
character stops an event loop. The patterns are found in the source, those that are compiled at call time too, so that
a new one is measured without being listed anywhere.
"""

import ast
import importlib
import re
import time
import tokenize
from pathlib import Path
from re import _parser

import pytest

import problems

PACKAGE = Path(problems.__file__).parent
ANCHORED = {"fullmatch", "match"}
FUNCTIONS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}

# Calls whose pattern is not known before the call, each with the reason why it is safe.
COMPUTED = {
    "problems.answering._returned": "each of some constant patterns, for messages of FastAPI",
    "problems.declaring._body": "one of two constant patterns, for annotations",
    "problems.openapi._examples": "the pattern of a member of the application, for examples",
    "problems.tools.migrate._sites": "an attribute in the source of an `__init__`, escaped",
    "problems.testing._truth": "the path template of a route, escaped, or a pattern of the application",
}

LENGTHS = (100, 400, 1_600, 6_400)
ENOUGH = 0.003  # seconds of processor time; what takes less is not compared, since its growth would be noise
GROWTH = 8  # of the time for four times the length: 4 if it is linear, 16 if it is quadratic
MOST_PAIRED = 8
SAMPLE = 'a0 \t\n"\\,;=-_./:%*`#[({é'


def modules():
    """Yield the name and the syntax tree of each module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        with tokenize.open(path) as file:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), ast.parse(file.read())


def calls(tree):
    """Yield the calls of functions of `re` that take a pattern."""
    for node in ast.walk(tree):
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and function.attr in FUNCTIONS and ast.unparse(function.value) == "re":
            yield node


def pattern_of(call, names):
    """Return the compiled pattern of a call, or `None` if it depends on what is known only when it is called."""
    flags = [it.value for it in call.keywords if it.arg == "flags"]
    flags += call.args[1:2] if call.func.attr == "compile" else []
    try:
        pattern, *flags = (eval(compile(ast.Expression(it), "it", "eval"), names) for it in (call.args[0], *flags))  # noqa: S307 - our own source
    except NameError:
        return None
    return pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, *flags)


def is_anchored(call, tree):
    """Return whether a pattern is only used from the start of a text: by `match` and `fullmatch`."""
    if call.func.attr != "compile":
        return call.func.attr in ANCHORED
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(it is call for it in ast.walk(node.value or node))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    methods = {it.attr for it in uses if it.value is call or (isinstance(it.value, ast.Name) and it.value.id in names)}
    return bool(methods) and methods <= {*ANCHORED, "pattern"}


def found():
    """Yield the module, the pattern and the way it is used of each call."""
    for name, tree in modules():
        nodes = [] if name.endswith("__main__") else list(calls(tree))
        module = importlib.import_module(name) if nodes else None
        for node in nodes:
            yield name, pattern_of(node, vars(module)), is_anchored(node, tree)


FOUND = sorted({it for it in found() if it[1] is not None}, key=lambda it: (it[0], repr(it[1])))
UNKNOWN = sorted({name for name, it, _ in found() if it is None})


def numbers(parsed):
    """Yield the code points in a parsed pattern, and some other numbers that do no harm."""
    for item in parsed:
        if isinstance(item, int):
            yield int(item)
        elif isinstance(item, list | tuple | _parser.SubPattern):
            yield from numbers(item)


def characters(pattern):
    """Return the characters that a pattern names, among them the ends of its ranges."""
    is_bytes = isinstance(pattern.pattern, bytes)
    text = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    most = 0xFF if is_bytes else 0xD7FF
    return sorted({chr(it) for it in numbers(_parser.parse(text, pattern.flags & ~re.UNICODE)) if 0 <= it <= most})


def cost(pattern, text, *, anchored):
    """Return the least processor time of a match of the whole and, unless *anchored*, of a search for all matches."""
    text = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    times = []
    for _ in range(3):
        start = time.process_time()
        pattern.fullmatch(text)
        pattern.match(text)
        for _ in () if anchored else pattern.finditer(text):
            pass
        times.append(time.process_time() - start)
        if times[-1] < ENOUGH:
            break
    return min(times)


def texts(pattern):
    """Yield functions from a length to a text: each character and each pair of some repeated, between others."""
    named = characters(pattern)
    some = [*named[:: len(named) // MOST_PAIRED + 1], *"a0 "]
    units = {*named[:: len(named) // 64 + 1], *SAMPLE, *(one + other for one in some for other in some if one != other)}
    for unit in sorted(units):
        for before in sorted({"", '"', "`", 'a;a="', *named[:1], f"{unit[:1]}\n"}):
            yield lambda n, unit=unit, before=before: before + unit * (n // len(unit)) + "\0"


def growth(pattern, text, *, anchored):
    """Return how the time for a text relates to that for a quarter of it, 0 if all times are too short to compare."""
    before = 0.0
    for length in LENGTHS:
        now = cost(pattern, text(length), anchored=anchored)
        if before and now > ENOUGH and now / before > GROWTH:
            return now / before
        before = now
    return 0.0


def slow_text(pattern, *, anchored):
    """Return a text that takes more than linear time, if there is one; measured twice, since machines are busy."""
    for text in texts(pattern):
        if growth(pattern, text, anchored=anchored) and growth(pattern, text, anchored=anchored):
            return text(12)
    return None


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [(it, anchored) for _, it, anchored in FOUND],
    ids=[f"{name}-{at}" for at, (name, _, _) in enumerate(FOUND)],
)
def test_it_takes_linear_time(pattern, anchored):
    """
    Four times the characters take about four times the time.
    """
    assert slow_text(pattern, anchored=anchored) is None, f"{pattern.pattern!r} takes more than linear time."


def test_the_others_are_known():
    """
    A pattern that depends on a value is listed with a reason.
    """
    assert sorted(COMPUTED) == UNKNOWN


def test_they_are_found():
    """
    The patterns of header fields are among them, so that the search finds something.
    """
    assert {"problems._wire.headers", "problems._wire.media_types", "problems._wire.negotiation"} <= {
        name for name, _, _ in FOUND
    }


@pytest.mark.parametrize("slow", [r"\s*x", r"\s*([^\s=;]+)\s*=", r"(\d*)(\d*)$", "(`+)(.+?)(?<!`)\\1"])
def test_a_slow_one_is_noticed(slow):
    """
    A pattern that tries again from each character, or in several ways, does not pass.
    """
    assert slow_text(re.compile(slow), anchored=False) is not None
