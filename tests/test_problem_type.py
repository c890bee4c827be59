import pickle

import pytest

from problems._wire.problem_type import ABOUT_BLANK, Declaration, ProblemType

TYPE = ProblemType("https://shop.example/problems/gone", "Gone for good", 410)


class TestProblemType:
    def test_facts(self):
        """
        A problem type is its URI, its title and its status.
        """
        assert ("https://shop.example/problems/gone", "Gone for good", 410) == (TYPE.uri, TYPE.title, TYPE.status)

    def test_it_is_frozen(self):
        """
        Facts do not change.
        """
        with pytest.raises(AttributeError):
            TYPE.title = "Back again"

    def test_equality_by_value(self):
        """
        The same facts are the same type, in a set too.
        """
        assert {TYPE} == {ProblemType(TYPE.uri, TYPE.title, TYPE.status), TYPE}

    def test_pickle(self):
        """
        Facts travel between processes.
        """
        assert TYPE == pickle.loads(pickle.dumps(TYPE))  # noqa: S301 - our own

    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            pytest.param(ABOUT_BLANK, True, id="about:blank"),
            pytest.param("about:blank#", False, id="another URI"),
            pytest.param("item-not-found", False, id="relative"),
        ],
    )
    def test_is_blank(self, uri, expected):
        """
        Only about:blank says no more than the status (RFC 9457, section 4.2.1).
        """
        assert expected is ProblemType(uri, "", 404).is_blank


class TestDeclaration:
    def test_defaults(self):
        """
        A class header without keyword arguments has no facts.
        """
        assert ("", (), None, False, False, frozenset()) == Declaration()
