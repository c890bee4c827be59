import copy
import pickle

import pytest

from problems.errors import (
    AbstractProblem,
    DuplicateType,
    InvalidDefinition,
    InvalidHeader,
    InvalidMembers,
    InvalidRegistry,
    ProblemsError,
    ReservedMember,
    SetupError,
    need,
)

ERRORS = [
    InvalidDefinition("ItemNotFound", "`title` is missing."),
    ReservedMember("ItemNotFound", "headers", "exceptions"),
    InvalidMembers("ItemNotFound", "item_id: Field required."),
    InvalidHeader("X-Quota", "its value has control characters."),
    AbstractProblem("ItemNotFound", "raised"),
    InvalidRegistry("`base='x'` is not a base URI."),
    DuplicateType(("A", "https://shop.example/a"), ("B", "https://shop.example/a")),
    SetupError("This client raises problems already."),
]

errors = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@errors
class TestEveryError:
    def test_it_blames_the_programmer(self, error):
        """
        One base class separates mistakes of the programmer from problems of a client.
        """
        assert isinstance(error, ProblemsError)

    def test_its_message_is_a_sentence(self, error):
        """
        A message ends with a period.
        """
        assert str(error).endswith(".")

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, error, protocol):
        """
        The parent process reports a mistake in a worker.
        """
        assert str(error) == str(pickle.loads(pickle.dumps(error, protocol)))  # noqa: S301 - our own

    def test_copy(self, error):
        """
        A copy has the same attributes.
        """
        assert vars(error) == vars(copy.copy(error))


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        pytest.param(InvalidDefinition, TypeError, id="InvalidDefinition"),
        pytest.param(InvalidMembers, TypeError, id="InvalidMembers"),
        pytest.param(AbstractProblem, TypeError, id="AbstractProblem"),
        pytest.param(InvalidHeader, ValueError, id="InvalidHeader"),
        pytest.param(InvalidRegistry, ValueError, id="InvalidRegistry"),
    ],
)
def test_it_is_what_python_would_raise(error, builtin):
    """
    Wrong arguments are a TypeError or ValueError, as everywhere in Python.
    """
    assert issubclass(error, builtin)


class TestReservedMember:
    def test_it_suggests_an_alias(self):
        """
        A name that only Python has taken can stay on the wire.
        """
        assert "headers_: … = Field(alias='headers')" in str(ReservedMember("Shipment", "headers", "exceptions"))
        assert "member_model_id: … = Field(alias='model_id')" in str(ReservedMember("Shipment", "model_id", "pydantic"))

    def test_names_of_the_rfc_have_no_alias(self):
        """
        A name of RFC 9457 is taken on the wire as well.
        """
        assert "alias" not in str(ReservedMember("Shipment", "status", "RFC 9457"))

    def test_what_it_names(self):
        """
        The class and the member are attributes.
        """
        error = ReservedMember("Shipment", "status", "RFC 9457")

        assert ("Shipment", "status") == (error.cls, error.member)


class TestDuplicateType:
    def test_one_uri_of_two_classes(self):
        """
        Both classes are named, and the URI.
        """
        error = DuplicateType(("A", "https://shop.example/x"), ("B", "https://shop.example/x"))

        assert (
            "A and B both have the type 'https://shop.example/x'. A type URI names one problem type: "
            "change one `type=`." == str(error)
        )

    def test_two_uris_of_one_class(self):
        """
        Both URIs are named, and the class.
        """
        error = DuplicateType(("A", "https://shop.example/x"), ("A", "https://pay.example/x"))

        assert (
            "A has two type URIs, 'https://shop.example/x' and 'https://pay.example/x'. "
            "Keep it in one of the registries." == str(error)
        )


class TestNeed:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            pytest.param("x" * 5_000, "'xxx", id="long"),
            pytest.param(type("Broken", (), {"__repr__": lambda _: 1 / 0})(), "<Broken>", id="without a repr"),
            pytest.param(7, "7", id="short"),
        ],
    )
    def test_it_is_readable(self, given, shown):
        """
        The object that was given is shown in one readable line.
        """
        with pytest.raises(SetupError) as caught:
            need(given, bytes, "byte string", "Write bytes.")

        assert str(caught.value).startswith(shown)
        assert 200 > len(str(caught.value))
