"""`problems.answering._returned` alone: a problem in a value, and the note on the crash that it causes."""

from types import SimpleNamespace

import pytest
from fastapi.exceptions import ResponseValidationError

from problems import NotFound
from problems.answering._returned import is_problem_in, note_returned
from problems.errors import ReturnedProblem


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""


class Box:
    def __init__(self, value):
        self.value = value


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


FOUND = ItemNotFound()


class TestValue:
    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(FOUND, id="alone"),
            pytest.param(ItemNotFound, id="the class"),
            pytest.param([1, FOUND], id="a list"),
            pytest.param((FOUND,), id="a tuple"),
            pytest.param({FOUND}, id="a set"),
            pytest.param(frozenset({FOUND}), id="a frozen set"),
            pytest.param({"error": FOUND}, id="a dictionary"),
            pytest.param(Box(FOUND), id="an attribute"),
            pytest.param(Box({"errors": [FOUND]}), id="three levels of three kinds"),
            pytest.param([[[FOUND]]], id="three levels"),
            pytest.param([None] * 999 + [FOUND], id="the last part that is looked at"),
        ],
    )
    def test_it_has_a_problem(self, value):
        """
        A problem is found up to three levels deep, among the first thousand parts of each.
        """
        assert "ItemNotFound" == is_problem_in(value)

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(None, id="None"),
            pytest.param("ItemNotFound", id="text"),
            pytest.param(7, id="a number"),
            pytest.param(dict, id="another class"),
            pytest.param(KeyError(), id="another exception"),
            pytest.param([[[[FOUND]]]], id="four levels"),
            pytest.param(Box(Box(Box(Box(FOUND)))), id="four attributes"),
            pytest.param({FOUND: 1}, id="a key"),
            pytest.param([None] * 1_000 + [FOUND], id="after a thousand parts"),
            pytest.param(Slotted(FOUND), id="an object without attributes to list"),
        ],
    )
    def test_it_has_none(self, value):
        """
        Other values, and problems that are too deep or too far behind, are not taken for returned problems.
        """
        assert is_problem_in(value) is None


class TestNote:
    def noted(self, exc, **scope):
        note_returned(exc, scope)
        return getattr(exc, "__notes__", [])

    @pytest.mark.parametrize(
        "exc",
        [
            pytest.param(ReturnedProblem("ItemNotFound"), id="our exception"),
            pytest.param(ResponseValidationError([], body={"error": FOUND}), id="FastAPI's"),
            pytest.param(
                TypeError("Object of type ItemNotFound is not JSON serializable"), id="the standard library's"
            ),
            pytest.param(TypeError("'ItemNotFound' object is not callable"), id="Starlette's"),
            pytest.param(
                ValueError(f"Unable to serialize unknown type: <class '{__name__}.ItemNotFound'>"), id="pydantic's"
            ),
        ],
    )
    def test_exceptions(self, exc):
        """
        Each exception by which a library refuses a returned problem gets the note.
        """
        assert ["ItemNotFound was returned, not raised, by GET /x (NoneType). Write `raise ItemNotFound(…)`."] == (
            self.noted(exc, path="/x")
        )

    @pytest.mark.parametrize(
        "exc",
        [
            pytest.param(KeyError("ItemNotFound"), id="another type"),
            pytest.param(TypeError("'Item' object is not callable"), id="another class"),
            pytest.param(TypeError("calling 'ItemNotFound' object is not callable"), id="another text"),
            pytest.param(ResponseValidationError([], body={"error": 7}), id="another body"),
        ],
    )
    def test_other_exceptions(self, exc):
        """
        An exception that is not about a problem class is left as it is.
        """
        assert [] == self.noted(exc, path="/x")

    @pytest.mark.parametrize(
        ("route", "expected"),
        [
            pytest.param(
                SimpleNamespace(path_format="/items/{id}", path="/items/{id:int}"), "/items/{id}", id="format"
            ),
            pytest.param(SimpleNamespace(path="/items/{id:int}"), "/items/{id:int}", id="path"),
            pytest.param(SimpleNamespace(path_format="", path=""), "/items/7", id="empty"),
            pytest.param(None, "/items/7", id="no route"),
        ],
    )
    def test_the_path(self, route, expected):
        """
        The note names the path of the route as it was declared, and the path of the request without one.
        """
        (note,) = self.noted(ReturnedProblem("ItemNotFound"), route=route, path="/items/7", endpoint=Box.__init__)

        assert f"by GET {expected} (Box.__init__)." in note

    def test_once(self):
        """
        An exception that passes two adapters gets one note.
        """
        exc = ReturnedProblem("ItemNotFound")
        note_returned(exc, {"path": "/x"})

        assert 1 == len(self.noted(exc, path="/x"))
