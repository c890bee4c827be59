from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from problems import (
    ContentTooLarge,
    MethodNotAllowed,
    NotFound,
    Registry,
    ResponseHeader,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from problems.catalog import (
    Challenges,
    ProxyAuthenticationRequired,
    RangeNotSatisfiable,
    RetryAfter,
    UnavailableForLegalReasons,
    UpgradeRequired,
    client,
    server,
)
from problems.declaring._definition import definition_of
from problems.errors import InvalidHeader, InvalidMembers
from problems.fastapi import add_problems

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def lines(problem: NotFound) -> list[tuple[str, str]]:
    """Return the header lines of a problem."""
    return list((problem.headers or {}).items())


class LoginNeeded(Unauthorized, type="login-needed", title="Login needed"):
    """The class declares what each occurrence is sent with."""

    challenges: Challenges = 'Bearer realm="shop"'


class SlowDown(TooManyRequests, type="slow-down", title="Slow down"):
    retry_after: RetryAfter | None = timedelta(minutes=1)


class TestLines:
    @pytest.mark.parametrize(
        ("problem", "expected"),
        [
            pytest.param(Unauthorized(challenges="Bearer"), [("WWW-Authenticate", "Bearer")], id="401"),
            pytest.param(
                Unauthorized(challenges=['Basic realm="a, b"', "Bearer"]),
                [("WWW-Authenticate", 'Basic realm="a, b"'), ("WWW-Authenticate", "Bearer")],
                id="401 several",
            ),
            pytest.param(MethodNotAllowed(allow=["GET", "HEAD"]), [("Allow", "GET, HEAD")], id="405"),
            pytest.param(MethodNotAllowed(allow=()), [("Allow", "")], id="405 none"),
            pytest.param(ProxyAuthenticationRequired(challenges="Basic"), [("Proxy-Authenticate", "Basic")], id="407"),
            pytest.param(ContentTooLarge(), [], id="413"),
            pytest.param(ContentTooLarge(retry_after=5), [("Retry-After", "5")], id="413 for a while"),
            pytest.param(
                UnsupportedMediaType(accept=["application/json"], accept_encoding=["gzip"], accept_patch=["text/x"]),
                [("Accept", "application/json"), ("Accept-Encoding", "gzip"), ("Accept-Patch", "text/x")],
                id="415",
            ),
            pytest.param(RangeNotSatisfiable(length=100), [("Content-Range", "bytes */100")], id="416"),
            pytest.param(UpgradeRequired(upgrade="h2c"), [("Upgrade", "h2c"), ("Connection", "Upgrade")], id="426"),
            pytest.param(
                UpgradeRequired(upgrade=["HTTP/3.0", "h2c"]),
                [("Upgrade", "HTTP/3.0, h2c"), ("Connection", "Upgrade")],
                id="426 several",
            ),
            pytest.param(
                UnavailableForLegalReasons(blocked_by="https://law.example/a b>"),
                [("Link", '<https://law.example/a%20b%3E>; rel="blocked-by"')],
                id="451",
            ),
            pytest.param(ServiceUnavailable(retry_after=5), [("Retry-After", "5")], id="503"),
        ],
    )
    def test_of_each_status(self, problem, expected):
        """
        A member that HTTP has a field for is sent in that field.
        """
        assert expected == lines(problem)

    @pytest.mark.parametrize(
        "problem",
        [
            Unauthorized(challenges="Bearer"),
            MethodNotAllowed(allow=["GET"]),
            RangeNotSatisfiable(length=100),
            TooManyRequests(retry_after=5),
        ],
        ids=lambda problem: problem.status,
    )
    def test_they_are_no_members_of_the_document(self, problem):
        """
        A value in a header is not repeated in the body.
        """
        assert {} == dict(problem.problem_details.extensions)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(0, "0", id="now"),
            pytest.param(30, "30", id="seconds"),
            pytest.param(1.2, "2", id="rounded up"),
            pytest.param(timedelta(minutes=2), "120", id="duration"),
            pytest.param(timedelta(milliseconds=1), "1", id="short duration"),
            pytest.param(NOON, "Wed, 25 Nov 2026 12:00:00 GMT", id="time"),
            pytest.param(
                NOON.astimezone(timezone(timedelta(hours=5))), "Wed, 25 Nov 2026 12:00:00 GMT", id="time elsewhere"
            ),
            pytest.param(NOON + timedelta(milliseconds=1), "Wed, 25 Nov 2026 12:00:01 GMT", id="time rounded up"),
        ],
    )
    def test_seconds_durations_and_times(self, value, text):
        """
        Whatever the time is given as, it is sent as HTTP has it (RFC 9110, section 10.2.3).
        """
        assert [("Retry-After", text)] == lines(TooManyRequests(retry_after=value))

    @pytest.mark.parametrize(
        "value",
        [-1, -0.5, float("inf"), float("nan"), timedelta(seconds=-1)],
        ids=["int", "float", "inf", "nan", "time"],
    )
    def test_no_time_to_wait(self, value):
        """
        A time to wait is not negative, and ends.
        """
        with pytest.raises(
            InvalidMembers, match=r"`retry_after=` got a value.*: a time to wait is finite and not negative\.$"
        ):
            TooManyRequests(retry_after=value)

    def test_naive_times(self):
        """
        A time without a zone is not a moment.
        """
        with pytest.raises(
            InvalidMembers, match=r"`retry_after=` got a value.*: a datetime without a time zone is not a moment"
        ):
            ServiceUnavailable(retry_after=datetime(2026, 11, 25))  # noqa: DTZ001 - this is what is tested


class TestRequired:
    @pytest.mark.parametrize(
        ("cls", "name"),
        [
            (Unauthorized, "challenges"),
            (MethodNotAllowed, "allow"),
            (ProxyAuthenticationRequired, "challenges"),
            (RangeNotSatisfiable, "length"),
            (UpgradeRequired, "upgrade"),
        ],
        ids=lambda value: getattr(value, "__name__", value),
    )
    def test_they_are_asked_for(self, cls, name):
        """
        What HTTP requires cannot be forgotten.
        """
        with pytest.raises(InvalidMembers, match=f"{cls.__name__} cannot be made like this: `{name}=` is missing"):
            raise cls

    @pytest.mark.parametrize("challenges", ["", " ", [], [""], ["Bearer", ""]])
    def test_at_least_one_challenge(self, challenges):
        """
        A 401 has a challenge (RFC 9110, section 15.5.2).
        """
        with pytest.raises(
            InvalidMembers, match=r"`challenges=` got a value.*: at least one is needed, and none is empty"
        ):
            Unauthorized(challenges=challenges)

    def test_a_length(self):
        """
        A length is not negative.
        """
        with pytest.raises(
            InvalidMembers, match=r"`length=` got a value.*: Input should be greater than or equal to 0"
        ):
            RangeNotSatisfiable(length=-1)

    def test_methods_are_a_list(self):
        """
        A text of methods would be a list of letters.
        """
        with pytest.raises(InvalidMembers, match=r"`allow=` got a value.*: "):
            MethodNotAllowed(allow="GET")

    def test_values_that_cannot_be_sent(self):
        """
        A line break would begin another field.
        """
        with pytest.raises(InvalidHeader, match="'WWW-Authenticate' cannot be sent: its value has control characters"):
            Unauthorized(challenges="Bearer\r\nSet-Cookie: a")


class TestDeclaredSubclasses:
    def test_a_default_in_the_body(self):
        """
        A declared class says its challenge once.
        """
        assert [("WWW-Authenticate", 'Bearer realm="shop"')] == lines(LoginNeeded())

    def test_it_can_be_replaced(self):
        """
        An occurrence may have another.
        """
        assert [("WWW-Authenticate", "Basic")] == lines(LoginNeeded(challenges="Basic"))

    def test_an_optional_one(self):
        """
        A declared class may always ask to wait.
        """
        assert [("Retry-After", "60")] == lines(SlowDown())

    def test_the_rules_hold(self):
        """
        A declared class refuses what its base refuses.
        """
        with pytest.raises(InvalidMembers, match="not negative"):
            SlowDown(retry_after=-1)

    def test_members_besides(self):
        """
        A declared class has its own members, and those in headers.
        """

        class QuotaUsed(TooManyRequests, type="quota-used", title="Quota used"):
            quota: Annotated[int, ResponseHeader("X-Quota")]

        problem = QuotaUsed(quota=3, retry_after=5)

        assert ([("Retry-After", "5"), ("X-Quota", "3")], {"quota": 3}) == (
            lines(problem),
            dict(problem.problem_details.extensions),
        )

    def test_raised_without_a_call(self):
        """
        A class whose duties have defaults is raised as it is.
        """
        app = FastAPI()
        add_problems(app, Registry(LoginNeeded, base="https://shop.example/problems/"))

        @app.get("/")
        def fail() -> None:
            raise LoginNeeded

        assert 'Bearer realm="shop"' == TestClient(app).get("/").headers["www-authenticate"]


class TestReading:
    @pytest.mark.parametrize(
        ("status", "headers", "name", "expected"),
        [
            pytest.param(401, {"WWW-Authenticate": "Basic, Bearer"}, "challenges", "Basic, Bearer", id="401"),
            pytest.param(401, {}, "challenges", None, id="401 without"),
            pytest.param(405, {"Allow": "GET, HEAD"}, "allow", ["GET", "HEAD"], id="405"),
            pytest.param(405, {"Allow": ""}, "allow", [], id="405 none"),
            pytest.param(415, {"Accept": "a/b, c/d;q=1"}, "accept", ["a/b", "c/d;q=1"], id="415"),
            pytest.param(416, {"Content-Range": "bytes */100"}, "length", 100, id="416"),
            pytest.param(416, {"Content-Range": "bytes */*"}, "length", None, id="416 unknown"),
            pytest.param(426, {"Upgrade": "h2c"}, "upgrade", ["h2c"], id="426"),
            pytest.param(429, {"Retry-After": "30"}, "retry_after", 30, id="429"),
            pytest.param(429, {"Retry-After": "Wed, 25 Nov 2026 12:00:00 GMT"}, "retry_after", NOON, id="429 until"),
            pytest.param(429, {"Retry-After": "-1"}, "retry_after", None, id="429 negative"),
            pytest.param(429, {"Retry-After": "soon"}, "retry_after", None, id="429 broken"),
            pytest.param(429, {"Retry-After": "Wed, 99 Nov 2026 99:00:00 GMT"}, "retry_after", None, id="429 no date"),
            pytest.param(
                451,
                {"Link": '<https://law.example/>; rel="blocked-by"'},
                "blocked_by",
                "https://law.example/",
                id="451",
            ),
        ],
    )
    def test_from_the_header(self, status, headers, name, expected):
        """
        A client reads the member from the field, as far as it can be read.
        """
        problem = Registry().revive_document({}, status=status, headers=headers)

        assert expected == getattr(problem, name)


def test_each_duty_is_described():
    """
    A field that OpenAPI documents says what it means.
    """
    headers = [
        header
        for module in (client, server)
        for name in module.__all__
        for header in definition_of(getattr(module, name)).members.headers.values()
    ]

    assert [] == [header.name for header in headers if not header.description.endswith(".")]
