from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from pydantic import Field

from problems import NotFound, Registry, ResponseHeader, TooManyRequests
from problems.catalog import PreconditionFailed, PreconditionRequired, RangeNotSatisfiable
from problems.errors import InvalidDefinition, InvalidHeader

BASE = "https://shop.example/problems/"


class QuotaExhausted(TooManyRequests, type="quota-exhausted", title="Quota exhausted"):
    resets: Annotated[int, ResponseHeader("X-Quota-Reset")]
    owner: Annotated[str | None, ResponseHeader("X-Quota-Owner", body=False)] = None


class TestFieldsOfTheBody:
    @pytest.mark.parametrize("name", ["Content-Length", "content-type", "Transfer-Encoding", "Content-Encoding"])
    def test_never(self, name):
        """
        A field that describes the body would never be sent, so no member can be one.
        """
        with pytest.raises(InvalidHeader, match=r"it describes the body.* Use a field of another name"):
            ResponseHeader(name)

    def test_beside_another(self):
        """
        Nor can it be sent whenever another is.
        """
        with pytest.raises(InvalidHeader, match="'Digest' cannot be sent"):
            ResponseHeader("X-Sum", also={"Digest": "x"})

    @pytest.mark.parametrize(
        ("base", "name"),
        [(RangeNotSatisfiable, "Content-Range"), (PreconditionFailed, "ETag"), (PreconditionRequired, "Last-Modified")],
    )
    def test_of_the_resource(self, base, name):
        """
        With some statuses such a field describes the resource: there it is sent, elsewhere it raises.
        """

        class Fits(base, type="fits", title="Fits"):
            field: Annotated[str, ResponseHeader(name)]

        class Misfits(NotFound, type="misfits", title="Misfits"):
            field: Annotated[str, ResponseHeader(name)]

        further = {"length": 1} if base is RangeNotSatisfiable else {}

        assert "x" == Fits(field="x", **further).headers[name].rpartition(", ")[2]
        with pytest.raises(InvalidDefinition, match=rf"Misfits: the member 'field' cannot be a header.*{name}"):
            Misfits(field="x")


def refusal(header: ResponseHeader, value: object) -> str:
    """Return why *value* cannot be sent."""
    with pytest.raises(InvalidHeader) as caught:
        header.lines(value)
    return str(caught.value)


class TestLines:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(30, "30", id="int"),
            pytest.param(1.5, "1.5", id="float"),
            pytest.param(True, "true", id="bool"),
            pytest.param("Bearer", "Bearer", id="text"),
            pytest.param(["GET", "HEAD"], "GET, HEAD", id="list"),
            pytest.param([], "", id="nothing"),
            pytest.param(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC), "Sun, 06 Nov 1994 08:49:37 GMT", id="time"),
            pytest.param(timedelta(minutes=2), "120", id="duration"),
        ],
    )
    def test_usual_texts(self, value, text):
        """
        Values have the text that HTTP has for them.
        """
        assert [("X-Value", text)] == ResponseHeader("X-Value").lines(value)

    def test_nothing_is_sent_for_none(self):
        """
        A member that is absent is not sent.
        """
        assert [] == ResponseHeader("X-Value").lines(None)

    def test_encode(self):
        """
        A function of one's own makes the text.
        """
        assert [("X-Value", "0x1e")] == ResponseHeader("X-Value", encode=hex).lines(30)

    def test_several_lines(self):
        """
        Several texts are several lines.
        """
        header = ResponseHeader("Link", encode=lambda uris: tuple(f"<{uri}>" for uri in uris))

        assert [("Link", "</a>"), ("Link", "</b>")] == header.lines(["/a", "/b"])

    def test_fields_that_come_with_it(self):
        """
        Further fields are sent whenever it is.
        """
        header = ResponseHeader("Upgrade", also={"Connection": "Upgrade"})

        assert [("Upgrade", "h2c"), ("Connection", "Upgrade")] == header.lines("h2c")

    @pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\0b", "日本"])
    def test_what_cannot_be_sent(self, value):
        """
        A value with line breaks would be another field (RFC 9110, section 5.5).
        """
        assert refusal(ResponseHeader("X-Value"), value).startswith(
            "The response header 'X-Value' cannot be sent: its value "
        )

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(object(), id="no text"),
            pytest.param(float("nan"), id="NaN"),
            pytest.param(datetime(2026, 11, 25), id="naive"),  # noqa: DTZ001 - this is what is tested
        ],
    )
    def test_what_has_no_text(self, value):
        """
        A value without a text raises, and the message names the field.
        """
        assert refusal(ResponseHeader("X-Value"), value).startswith(
            "The response header 'X-Value' cannot be sent: its value cannot be written. "
        )

    def test_a_function_that_refuses(self):
        """
        A refusal of one's own is passed on.
        """

        def encode(value: object) -> str:
            raise InvalidHeader("X-Value", "not today.")

        assert "The response header 'X-Value' cannot be sent: not today." == refusal(
            ResponseHeader("X-Value", encode=encode), 1
        )


class TestRead:
    def test_text(self):
        """
        Without a function the text is the value, for pydantic to convert.
        """
        assert "30" == ResponseHeader("X-Value").read("30")

    def test_decode(self):
        """
        A function of one's own reads the text.
        """
        assert 30 == ResponseHeader("X-Value", decode=lambda text: int(text, 16)).read("0x1e")

    def test_what_cannot_be_read(self):
        """
        The text comes from a stranger, and does not hide the problem it came with.
        """
        assert ResponseHeader("X-Value", decode=int).read("soon") is None


@pytest.mark.parametrize("name", ["", "X Value", "X-Wert:", "Größe", "a\nb"])
def test_the_name_is_checked_where_it_is_written(name):
    """
    A name that is not a token raises an error (RFC 9110, section 5.1).
    """
    with pytest.raises(InvalidHeader, match="its name is not a token"):
        ResponseHeader(name)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(ResponseHeader("X-Value"), "ResponseHeader('X-Value')", id="in the body too"),
        pytest.param(ResponseHeader("X-Value", body=False), "ResponseHeader('X-Value', body=False)", id="header only"),
    ],
)
def test_repr(header, expected):
    """
    An annotation can be read.
    """
    assert expected == repr(header)


class TestMembers:
    def test_in_both(self):
        """
        A member is in the document and in the header.
        """
        problem = QuotaExhausted(resets=30)

        assert (30, "30") == (problem.problem_details.extensions["resets"], problem.headers["x-quota-reset"])

    def test_only_in_the_header(self):
        """
        A member that is a header only is in no document.
        """
        problem = QuotaExhausted(resets=30, owner="anna")

        assert ({"resets"}, "anna") == (problem.problem_details.extensions.keys(), problem.headers["x-quota-owner"])

    def test_headers_of_the_base(self):
        """
        The duties of the catalog are inherited.
        """
        assert [("Retry-After", "5"), ("X-Quota-Reset", "30")] == list(
            QuotaExhausted(resets=30, retry_after=5).headers.items()
        )

    def test_what_is_given_wins(self):
        """
        A header of the raise site replaces the header of a member.
        """
        problem = QuotaExhausted(resets=30, headers={"x-quota-reset": "soon", "X-More": "1"})

        assert [("x-quota-reset", "soon"), ("X-More", "1")] == list(problem.headers.items())

    def test_in_an_alternative(self):
        """
        What is annotated on an alternative of a member holds for the member.
        """

        class Limited(NotFound):
            left: Annotated[int, ResponseHeader("X-Left", body=False)] | None = None

        assert ({}, "3") == (dict(Limited(left=3).problem_details.extensions), Limited(left=3).headers["X-Left"])

    def test_a_default_in_a_subclass(self):
        """
        A subclass that only gives a default keeps the header.
        """

        class Usual(QuotaExhausted, type="usual", title="Usual"):
            owner: str | None = "everybody"

        problem = Usual(resets=30)

        assert (["resets"], "everybody") == (
            list(problem.problem_details.extensions),
            problem.headers["X-Quota-Owner"],
        )

    def test_an_excluded_member(self):
        """
        An excluded member can be a header.
        """

        class Limited(NotFound):
            left: Annotated[int, ResponseHeader("X-Left")] = Field(exclude=True)

        assert ({}, "3") == (dict(Limited(left=3).problem_details.extensions), Limited(left=3).headers["X-Left"])

    def test_a_value_that_cannot_be_sent(self):
        """
        A value that would break the response is the mistake of the programmer.
        """
        with pytest.raises(InvalidHeader, match="'X-Quota-Owner' cannot be sent"):
            QuotaExhausted(resets=30, owner="a\r\nb")


class TestReading:
    registry = Registry(QuotaExhausted, base=BASE)

    def revived(self, headers: dict[str, str], **members: object) -> QuotaExhausted:
        document = {"type": f"{BASE}quota-exhausted", "resets": 30, **members}
        problem = self.registry.revive_document(document, status=429, headers=headers)
        assert isinstance(problem, QuotaExhausted)
        return problem

    def test_from_headers(self):
        """
        A member that is only a header is read from there.
        """
        problem = self.revived({"X-Quota-Owner": "anna", "Retry-After": "5"})

        assert ("anna", 5) == (problem.owner, problem.retry_after)

    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}], ids=["absent", "unreadable"])
    def test_what_is_not_there(self, headers):
        """
        A header that is absent or unreadable does not hide the problem.
        """
        assert self.revived(headers).retry_after is None

    def test_not_from_the_document(self):
        """
        A member that is only a header is not taken from a document.
        """
        assert self.revived({}, owner="eve").owner is None

    def test_the_document_wins(self):
        """
        A member that is in both is read from the document.
        """
        assert 30 == self.revived({"X-Quota-Reset": "99"}).resets

    def test_a_required_header(self):
        """
        A required member that a proxy removed is `None`.
        """

        class Limited(NotFound, type="limited", title="Limited"):
            left: Annotated[int, ResponseHeader("X-Left", body=False)]

        registry = Registry(Limited, base=BASE)

        assert registry.revive_document({"type": f"{BASE}limited"}, status=404).left is None
