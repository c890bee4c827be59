"""`problems.answering._undeclared` alone: which code raised an exception, and where a warning points."""

import sys
import types
import warnings

import pytest
from starlette.exceptions import HTTPException

from problems import NotFound
from problems.answering._undeclared import is_of_the_framework, notice_undeclared
from problems.errors import UndeclaredProblem


def raised_in(*frames):
    """Return an exception that came through functions of *frames*, each a module name and a file, outermost first."""
    call = None
    for module, file in reversed(frames):
        spaces = {"__name__": module, "inner": call, "HTTPException": HTTPException}
        code = compile("def call():\n    if inner: inner()\n    raise HTTPException(404)\n", file, "exec")
        exec(code, spaces)  # noqa: S102 - the code is the constant above
        call = spaces["call"]
    assert isinstance(call, types.FunctionType)
    with pytest.raises(HTTPException) as caught:
        call()
    exc = caught.value
    assert exc.__traceback__ is not None
    return exc.with_traceback(exc.__traceback__.tb_next)


OWN = ("shop.items", "/srv/shop/items.py")
LIBRARY = ("library", "/srv/venv/site-packages/library.py")
STARLETTE = ("starlette.routing", "/srv/venv/site-packages/starlette/routing.py")


class TestFramework:
    @pytest.mark.parametrize(
        ("frames", "expected"),
        [
            pytest.param((STARLETTE,), True, id="the framework"),
            pytest.param((STARLETTE, OWN), False, id="the application, called by the framework"),
            pytest.param((OWN, STARLETTE), True, id="the framework, called by the application"),
            pytest.param((OWN, STARLETTE, LIBRARY), False, id="a library, called by the framework"),
            pytest.param((("starlettes", "/srv/starlettes.py"),), False, id="a module with a similar name"),
        ],
    )
    def test_the_innermost_frame_decides(self, frames, expected):
        """
        The code that raises counts, and not the code that calls it.
        """
        assert expected is is_of_the_framework(raised_in(*frames))

    def test_without_a_traceback(self):
        """
        An exception that was not raised is not the application's own raise.
        """
        assert is_of_the_framework(HTTPException(404))


class TestPlace:
    def warned(self, exc):
        """Return file and line of the warning about *exc*."""
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            notice_undeclared(NotFound(), exc, "GET /items", (), "warn")
        (warning,) = record
        return warning.filename, warning.lineno

    @pytest.mark.parametrize(
        ("frames", "expected"),
        [
            pytest.param((OWN,), (OWN[1], 3), id="own code"),
            pytest.param((LIBRARY, OWN, LIBRARY), (OWN[1], 2), id="own code that calls a library"),
            pytest.param((STARLETTE, LIBRARY), (LIBRARY[1], 3), id="libraries alone"),
            pytest.param((), (sys.executable, 0), id="not raised"),
        ],
    )
    def test_it_points_at_the_innermost_own_frame(self, frames, expected):
        """
        A warning points at the innermost line outside of installed packages, or at the innermost line.
        """
        assert expected == self.warned(raised_in(*frames) if frames else HTTPException(404))

    def test_the_message_has_the_place(self):
        """
        The message names file and line too.
        """
        with pytest.raises(UndeclaredProblem, match=r"raised in /srv/shop/items\.py, line 3\."):
            notice_undeclared(NotFound(), raised_in(OWN), "GET /items", (), "raise")
