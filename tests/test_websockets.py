"""Close frames of problems."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import Conflict, NotFound, Registry, ServiceUnavailable, Unauthorized
from problems.catalog import class_of
from problems.declaring.problem import unvalidated
from problems.websockets import Close, close_code, close_for, private_close_code, problem_from_close, text_for


class RoomClosed(NotFound, type="room-closed", title="Room closed"):
    """A declared type."""


class Far(Conflict, type="https://chat.example/" + "x" * 103, title="Too far"):
    """A type whose URI takes one byte too many."""


class Near(Conflict, type="https://chat.example/" + "x" * 102, title="Near enough"):
    """A type whose URI just fits."""


REGISTRY = Registry(RoomClosed, Far, Near, base="https://chat.example/problems/")


class TestCloseFor:
    @pytest.mark.parametrize(
        ("problem", "expected"),
        [
            pytest.param(
                RoomClosed("Since noon."), Close(1008, "https://chat.example/problems/room-closed"), id="type"
            ),
            pytest.param(Conflict("Secret."), Close(1008, "Conflict"), id="about:blank"),
            pytest.param(Unauthorized(challenges="Bearer"), Close(3000, "Unauthorized"), id="a code of its own"),
            pytest.param(ServiceUnavailable(), Close(1013, "Service Unavailable"), id="try again"),
            pytest.param(Near(), Close(1008, "https://chat.example/" + "x" * 102), id="a URI that just fits"),
            pytest.param(Far(), Close(1008, "Too far"), id="a URI that does not fit"),
        ],
    )
    def test_code_and_reason(self, problem, expected):
        """
        The code says what the status says, the reason is the type URI or the title.
        """
        assert expected == close_for(problem, REGISTRY)

    def test_a_received_problem_tells_nothing(self):
        """
        A received problem is a bad gateway here too.
        """
        document = {"type": "https://chat.example/problems/room-closed", "status": 404}

        assert Close(1014, "Bad Gateway") == close_for(REGISTRY.revive_document(document, status=404), REGISTRY)

    @pytest.mark.parametrize("status", range(400, 600))
    @pytest.mark.parametrize("codes", [close_code, private_close_code])
    def test_every_status_can_be_said(self, status, codes):
        """
        Every code may be sent: it is registered for that, or private.
        """
        code, reason = close_for(unvalidated(class_of(status), None, {}), codes=codes)

        assert code in {1003, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3003, 3008} or 4400 <= code <= 4599
        assert 0 < len(reason.encode()) <= 123

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1010, 1015, 2999, 5000, -1])
    def test_a_code_that_cannot_be_sent(self, code):
        """
        A choice of codes that servers refuse to send is a mistake.
        """
        with pytest.raises(ValueError, match="not a close code that can be sent"):
            close_for(Conflict(), codes=lambda status: code)

    @settings(max_examples=50)
    @given(title=st.text(st.characters(codec=None, exclude_characters="{}"), min_size=1).filter(str.strip))
    def test_any_title_fits(self, title):
        """
        A reason is at most 123 bytes of whole characters.
        """
        problem = type("Any", (Conflict,), {}, type="https://chat.example/" + "x" * 200, title=title)()

        assert len(close_for(problem).reason.encode("utf-8")) <= 123


class TestBack:
    @pytest.mark.parametrize(
        ("problem", "cls"),
        [(RoomClosed(), RoomClosed), (Unauthorized(challenges="x"), Unauthorized), (Near(), Near)],
    )
    def test_what_was_told_is_known_again(self, problem, cls):
        """
        A client makes a problem of code and reason.
        """
        assert isinstance(problem_from_close(*close_for(problem, REGISTRY), REGISTRY), cls)


class TestTextFor:
    def test_is_the_document(self):
        """
        The text of a frame is the whole document, with the type URI of the registry.
        """
        assert {
            "type": "https://chat.example/problems/room-closed",
            "title": "Room closed",
            "status": 404,
            "detail": "Since noon.",
            "instance": "urn:uuid:1",
        } == json.loads(text_for(RoomClosed("Since noon."), REGISTRY, instance="urn:uuid:1"))
