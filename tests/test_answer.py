"""`answer`: from an exception and the facts of a request to status, headers and body."""

import json
import math
from decimal import Decimal
from enum import Enum
from http import HTTPStatus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr
from starlette.exceptions import HTTPException

from problems import (
    HTML,
    BadGateway,
    Conflict,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    Policy,
    Problem,
    ReceivedProblem,
    Registry,
    ServiceUnavailable,
    TooManyRequests,
    ValidationProblem,
)
from problems._wire.json import FALLBACK
from problems.answering._answer import Rejected, answer
from problems.answering._meaning import _bare_class
from problems.answering.policy import RequestFacts
from problems.declaring.problem import ClientProblem, ServerProblem
from problems.errors import ProblemsWarning

STANDARD = ("type", "title", "status", "instance")


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="Only {left} left."):
    """A declared type."""

    left: int


REGISTRY = Registry(OutOfStock, base="https://shop.example/problems/")


def facts(method="GET", instance="urn:uuid:1"):
    return RequestFacts({"method": method, "path": "/items/7", "headers": []}, instance)


def answered(exc, *, method="GET", policy=Policy(), registry=REGISTRY, fails=False):
    """Return the answer; it is made without an internal failure, unless the test asks for one."""
    decided = answer(exc, facts(method), policy, registry)
    assert fails is (decided.failure is not None), decided.failure
    return decided


def refuse(name):
    raise AssertionError(f"{name} is not JSON")


def body_of(decided):
    return json.loads(decided.body.decode("utf-8"), parse_constant=refuse)


def said(exc, **options):
    """Return the members beyond type, title, status and instance."""
    return {name: value for name, value in body_of(answered(exc, **options)).items() if name not in STANDARD}


class TestProblem:
    def test_its_document(self):
        """
        A declared problem is sent with its type URI, its detail, the instance and its members.
        """
        assert {
            "type": "https://shop.example/problems/out-of-stock",
            "title": "Out of stock",
            "status": 409,
            "detail": "Only 2 left.",
            "instance": "urn:uuid:1",
            "left": 2,
        } == body_of(answered(OutOfStock(left=2)))

    def test_its_headers(self):
        """
        Media type, caching, length and the headers of the problem are all there is.
        """
        decided = answered(TooManyRequests(retry_after=5))

        assert {
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(decided.body)),
            (b"retry-after", b"5"),
        } == set(decided.headers)

    def test_its_own_caching_wins(self):
        """
        `Cache-Control` of the problem replaces ours.
        """
        headers = answered(NotFound(headers={"Cache-Control": "max-age=60"})).headers

        assert [b"max-age=60"] == [value for name, value in headers if name == b"cache-control"]

    def test_its_own_instance_wins(self):
        """
        An instance of the occurrence's own is sent and logged.
        """
        decided = answered(NotFound(instance="/errors/7"))

        assert ("/errors/7", "/errors/7") == (decided.instance, body_of(decided)["instance"])

    def test_a_detail_that_repeats_the_title(self):
        """
        A written text is sent, also if it equals the title.
        """
        changed = NotFound()
        changed.detail = "Not Found"

        for exc in (NotFound("Not Found"), NotFound("Not Found", headers={"X-A": "b"}), changed):
            assert {"detail": "Not Found"} == said(exc)
        assert {"detail": "Content Too Large"} == said(HTTPException(413, "Content Too Large"))

    def test_nothing_of_it_changes(self):
        """
        An occurrence is the same after it was answered.
        """
        problem = OutOfStock(left=2, headers={"X-A": "b"})
        before = dict(vars(problem))
        answered(problem)

        assert before == vars(problem)

    def test_a_status_that_was_changed_by_hand_is_not_sent(self):
        """
        The status on the wire is the one in the document (RFC 9457, section 3.1.2).
        """
        problem = NotFound()
        problem.status_code = 200
        decided = answered(problem)

        assert (404, 404) == (decided.status, body_of(decided)["status"])

    def test_head_has_no_content(self):
        """
        A HEAD has the headers of a GET without its content.
        """
        get, head = answered(NotFound()), answered(NotFound(), method="HEAD")

        assert (b"", get.headers) == (head.body, head.headers)


class TestUnexpected:
    @pytest.mark.parametrize("exc", [RuntimeError("secret"), OSError(2, "x"), ExceptionGroup("secret", [ValueError()])])
    def test_is_a_constant(self, exc):
        """
        An unexpected exception is a constant document, and reaches the server.
        """
        decided = answered(exc)

        assert (500, {}, False) == (decided.status, said(exc), decided.is_expected)

    def test_is_exposed_if_asked_for(self):
        """
        `expose_unexpected` sends class and text.
        """
        assert {"detail": "RuntimeError: why"} == said(RuntimeError("why"), policy=Policy(expose_unexpected=True))

    def test_without_a_text(self):
        """
        An exception whose text fails is named by its class.
        """

        class Broken(Exception):
            def __str__(self):
                raise RuntimeError

        assert {"detail": "Broken: "} == said(Broken(), policy=Policy(expose_unexpected=True))

    def test_its_traceback_if_asked_for(self):
        """
        `traceback` sends the traceback as lines.
        """
        try:
            {}["x"]
        except KeyError as error:
            lines = said(error, policy=Policy(traceback=True))["traceback"]

        assert ("Traceback (most recent call last):", "KeyError: 'x'") == (lines[0], lines[-1])

    def test_no_traceback_of_what_was_meant(self):
        """
        A problem has no traceback member.
        """
        assert {} == said(NotFound(), policy=Policy(traceback=True))


TEAPOT = HTTPStatus(418).phrase


class Color(Enum):
    RED = "red"


class Model(BaseModel):
    name: str = "x"
    password: SecretStr = SecretStr("hunter2")


class TestForeign:
    @pytest.mark.parametrize(
        ("detail", "expected"),
        [
            pytest.param("No such item.", {"detail": "No such item."}, id="a text"),
            pytest.param(HTTPStatus(418).phrase, {"detail": TEAPOT}, id="the usual phrase"),
            pytest.param({"message": "m", "code": 1}, {"detail": "m", "code": 1}, id="a message"),
            pytest.param({"detail": "d", "message": "m"}, {"detail": "d", "message": "m"}, id="a detail and a message"),
            pytest.param({"reason": "r", "code": "C"}, {"detail": "r", "code": "C"}, id="a reason"),
            pytest.param({"a": {"b": 1}}, {"detail": TEAPOT, "a": {"b": 1}}, id="only members"),
            pytest.param(
                {"type": "t", "status": 1, "_x": 2, "ok": 3},
                {"detail": TEAPOT, "ok": 3, "detail_members": {"type": "t", "status": 1, "_x": 2}},
                id="reserved names",
            ),
            pytest.param(
                {"detail": ["a"]},
                {"detail": TEAPOT, "detail_members": {"detail": ["a"]}},
                id="a detail that is not a text",
            ),
            pytest.param(
                {"type": 1, "detail_members": 2},
                {"detail": TEAPOT, "detail_members": {"type": 1, "detail_members": 2}},
                id="the name of the reserved",
            ),
            pytest.param(["a", {"b": 1}], {"detail": TEAPOT, "errors": ["a", {"b": 1}]}, id="a list"),
            pytest.param((1, 2), {"detail": TEAPOT, "errors": [1, 2]}, id="a tuple"),
            pytest.param(None, {"detail": TEAPOT}, id="nothing"),
            pytest.param(7, {"detail": "7"}, id="a number"),
            pytest.param(Decimal("1.5"), {"detail": "1.5"}, id="a decimal"),
            pytest.param(Color.RED, {"detail": "red"}, id="an enumeration"),
            pytest.param(b"bytes", {"detail": "bytes"}, id="bytes"),
            pytest.param(Model(), {"detail": TEAPOT, "name": "x", "password": "**********"}, id="a model"),
            pytest.param({"x": math.nan}, {"detail": TEAPOT, "x": None}, id="NaN"),
            pytest.param({"x": object()}, {"detail": TEAPOT, "x": None}, id="an object"),
            pytest.param("\ud800", {"detail": "\ufffd"}, id="a lone surrogate"),
        ],
    )
    def test_nothing_of_its_detail_is_lost(self, detail, expected):
        """
        A text is the detail, else the phrase is; the entries of an object are members, a list is `errors`.
        """
        decided = answered(HTTPException(418, detail))

        assert (418, expected, True) == (decided.status, said(HTTPException(418, detail)), decided.is_expected)

    def test_a_member_that_ours_sends_as_a_header_is_kept(self):
        """
        `retry_after` in a stranger's detail stays a member.
        """
        assert {"retry_after": 5, "detail": "Wait."} == said(HTTPException(429, {"retry_after": 5, "message": "Wait."}))

    @pytest.mark.parametrize(("expose", "expected"), [(False, "Service Unavailable"), (True, "10.0.0.7 is down")])
    def test_the_detail_of_a_server_error(self, expose, expected):
        """
        The phrase of the status is sent in its place, unless the policy exposes it.
        """
        policy = Policy(expose_server_detail=expose)

        assert {"detail": expected} == said(HTTPException(503, "10.0.0.7 is down"), policy=policy)

    @pytest.mark.parametrize(("status", "title"), [(499, "Client Error"), (599, "Server Error"), (302, "Found")])
    def test_a_status_that_is_not_registered(self, status, title):
        """
        It is sent as it is, under its phrase or the name of its class.
        """
        decided = answered(HTTPException(status, "x"))

        assert (status, title, status) == (decided.status, body_of(decided)["title"], body_of(decided)["status"])

    @pytest.mark.parametrize("status", [0, 99, 100, 199, 600, 1000, -1, "404", None, 404.0])
    def test_a_status_that_cannot_be_sent(self, status):
        """
        It is unexpected, and reaches the server.
        """
        exc = HTTPException(404)
        exc.status_code = status
        decided = answered(exc)

        assert (500, False) == (decided.status, decided.is_expected)

    @pytest.mark.parametrize("status", [204, 205, 304])
    def test_a_status_without_content(self, status):
        """
        It has no content and no media type, and keeps its headers.
        """
        decided = answered(HTTPException(status, headers={"ETag": '"1"', "Content-Length": "5", "X-A": "b"}))

        assert (status, b"", None, b"b", False) == (
            decided.status,
            decided.body,
            decided.problem,
            dict(decided.headers)[b"x-a"],
            b"content-type" in dict(decided.headers),
        )

    @pytest.mark.parametrize("headers", [None, {}, [("X-A", "b")], {"X-A": None}, {1: "b"}, {"X-A": object()}])
    def test_odd_headers_cost_no_status(self, headers):
        """
        Whatever a stranger gives as headers, the status is sent.
        """
        assert 418 == answered(HTTPException(418, "x", headers)).status

    @pytest.mark.parametrize(("status", "lengths"), [(204, []), (205, [b"0"]), (304, [])])
    def test_the_length_of_no_content(self, status, lengths):
        """
        Of the statuses without content only 205 has a length, which is 0 (RFC 9110, section 15.3.6).
        """
        headers = answered(HTTPException(status)).headers

        assert lengths == [value for name, value in headers if name == b"content-length"]

    @pytest.mark.parametrize("status", [200, 599])
    def test_the_first_and_the_last_status(self, status):
        """
        The ends of the range of final statuses belong to it.
        """
        assert status == answered(HTTPException(status, "x")).status

    @pytest.mark.parametrize("status", [199, 600])
    def test_no_final_status(self, status):
        """
        An exception with a status outside the range is a crash.
        """
        decided = answered(HTTPException(status, "No status"))

        assert (500, False) == (decided.status, decided.is_expected)


class WithStatus(Exception):
    """An exception of another library."""

    status_code = 204


class TestWithoutContent:
    @pytest.mark.parametrize(
        ("exc", "status"),
        [
            pytest.param(HTTPException(204), 204, id="HTTPException"),
            pytest.param(WithStatus(), 500, id="another exception"),
            pytest.param(Registry().revive_document({}, status=204), 502, id="a received problem"),
        ],
    )
    def test_only_an_http_exception_asks_for_it(self, exc, status):
        """
        A status without content is the status of an `HTTPException`; others are answered with a problem.
        """
        decided = answered(exc)

        assert (status, status != 204) == (decided.status, bool(decided.body))


class TestOwnFields:
    @pytest.mark.parametrize("policy", [Policy(), Policy(representations=(HTML,))], ids=["plain", "adapting"])
    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"Cache-Control": "max-age=5"}, id="alone"),
            pytest.param({"Cache-Control": "max-age=5", "X-A": "1"}, id="first"),
            pytest.param({"X-A": "1", "Cache-Control": "max-age=5"}, id="last"),
        ],
    )
    def test_cache_control_replaces_the_default(self, fields, policy):
        """
        An error that says how it is cached has no `no-store` beside it.
        """
        decided = answered(NotFound(headers=fields), policy=policy)

        assert [b"max-age=5"] == [value for name, value in decided.headers if name == b"cache-control"]


class TestUnregistered:
    def test_it_is_noticed_once(self):
        """
        A type that clients do not recognise is a warning when it is answered for the first time.
        """

        class Unknown(NotFound, type="unknown", title="Unknown"): ...

        registry = Registry(OutOfStock, base="https://shop.example/problems/")
        with pytest.warns(ProblemsWarning, match="Unknown is not registered") as noticed:
            answers = [answered(Unknown(), registry=registry) for _ in range(3)]

        assert (3, 1) == (len(answers), len(noticed))

    def test_a_registered_type_is_not(self, recwarn):
        """
        A type that clients recognise does not give a warning.
        """
        answered(OutOfStock(left=1), registry=Registry(OutOfStock, base="https://shop.example/problems/"))

        assert [] == [*recwarn]


class TestTranslation:
    @pytest.mark.parametrize(
        ("exc", "expected"),
        [
            pytest.param(LookupError(), 404, id="the class"),
            pytest.param(KeyError(), 409, id="a class that is more specific"),
            pytest.param(IndexError(), 404, id="a subclass"),
            pytest.param(ExceptionGroup("", [KeyError(), IndexError()]), 409, id="a group"),
            pytest.param(ExceptionGroup("", [KeyError(), ValueError()]), 500, id="a group with another"),
            pytest.param(ValueError(), 500, id="another class"),
            pytest.param(HTTPException(418), 503, id="an HTTPException"),
        ],
    )
    def test_by_the_most_specific_class(self, exc, expected):
        """
        Of the classes of an exception the closest counts.
        """
        translate = {LookupError: NotFound, KeyError: lambda _: Conflict(), HTTPException: ServiceUnavailable}

        assert expected == answered(exc, policy=Policy(translate=translate)).status

    def test_its_text_is_not_told(self):
        """
        The text of a translated exception is not its detail.
        """
        assert {} == said(KeyError("secret"), policy=Policy(translate={KeyError: NotFound}))

    def test_its_cause_is_the_exception(self):
        """
        Observers find the foreign exception as the cause of the problem.
        """
        exc = KeyError("x")

        assert exc is answered(exc, policy=Policy(translate={KeyError: NotFound})).problem.__cause__

    def test_a_function_may_return_a_class(self):
        """
        As `raise` takes a class, so does a translation.
        """
        decided = [
            answered(exc, policy=Policy(translate={KeyError: lambda _: NotFound})) for exc in (KeyError(), KeyError())
        ]

        assert ([404, 404], NotFound().__cause__) == ([it.status for it in decided], None)

    def test_none_leaves_it_to_a_base(self):
        """
        A function that returns nothing leaves the exception to the translation of a base class.
        """
        translate = {KeyError: lambda _: None, LookupError: Conflict}

        assert 409 == answered(KeyError(), policy=Policy(translate=translate)).status

    @pytest.mark.expects_failure
    def test_one_that_fails_is_logged(self, caplog):
        """
        A translation that raises is logged, and the exception is answered as if it was not translated.
        """
        policy = Policy(translate=dict.fromkeys((KeyError, HTTPException), lambda exc: exc.nothing))
        statuses = [answered(exc, policy=policy).status for exc in (KeyError(), HTTPException(418))]

        assert ([500, 418], [AttributeError] * 2) == (statuses, [record.exc_info[0] for record in caplog.records])

    def test_a_problem_is_not_foreign(self):
        """
        What is a problem already is not translated.
        """
        assert 404 == answered(NotFound(), policy=Policy(translate={HTTPException: ServiceUnavailable})).status


class TestReceived:
    def received(self):
        document = {"type": "https://shop.example/problems/out-of-stock", "status": 409, "detail": "secret", "left": 2}
        return REGISTRY.revive_document(document, status=409)

    def test_is_a_bad_gateway(self):
        """
        A received problem is a 502 without upstream details, and not a crash.
        """
        decided = answered(self.received())

        assert (502, BadGateway, {}, True) == (
            decided.status,
            type(decided.problem),
            said(self.received()),
            decided.is_expected,
        )

    @pytest.mark.parametrize(
        ("translate", "expected"),
        [
            pytest.param({ReceivedProblem: ServiceUnavailable}, 503, id="every received problem"),
            pytest.param({OutOfStock: NotFound}, 502, id="its declared class"),
            pytest.param({ReceivedProblem: lambda problem: problem}, 502, id="itself"),
        ],
    )
    def test_is_translated_as_received(self, translate, expected):
        """
        Only a translation of received problems is one for it.
        """
        assert expected == answered(self.received(), policy=Policy(translate=translate)).status


class TestRejected:
    @pytest.mark.parametrize(
        ("include", "secrets", "is_shown"),
        [
            pytest.param(False, frozenset(), False, id="by default"),
            pytest.param(True, None, False, id="secrets are unknown"),
            pytest.param(False, None, False, id="neither"),
            pytest.param(True, frozenset(), True, id="asked for"),
        ],
    )
    def test_rejected_values(self, include, secrets, is_shown):
        """
        A rejected value is sent if the policy says so and the names of secrets are known.
        """
        error = {"type": "int_parsing", "loc": ("body", "a"), "msg": "Not a number", "input": "x-value"}
        decided = answered(Rejected([error], {"a": "x-value"}, secrets), policy=Policy(include_inputs=include))

        assert is_shown is ("input" in body_of(decided)["errors"][0])

    @pytest.mark.parametrize(("count", "text"), [(1, "1 input was rejected."), (60, "60 inputs were rejected.")])
    def test_its_detail(self, count, text):
        """
        The sentence has the number of all rejected inputs, also of those that are not listed.
        """
        errors = [
            {"type": "missing", "loc": ("body", str(it)), "msg": "Field required", "input": {}} for it in range(count)
        ]

        assert text == body_of(answered(Rejected(errors, {})))["detail"]

    @pytest.mark.parametrize("include", [False, True])
    def test_content_with_rejected_values_is_not_sniffed(self, include):
        """
        A browser does not take a rejected value for a page: the response to shown inputs has `nosniff`.
        """
        decided = answered(Rejected([], None, frozenset()), policy=Policy(include_inputs=include))

        assert include is ((b"x-content-type-options", b"nosniff") in decided.headers)

    def test_a_template_that_fails(self):
        """
        A template of `detail` that needs other members is replaced by the number of rejected inputs.
        """

        class Own(ValidationProblem, type="own", title="Own", detail="{hint} was wrong."):
            hint: str = "It"

        error = {"type": "missing", "loc": ("body", "a"), "msg": "Field required", "input": {}}
        registry = Registry(Own, base="https://shop.example/problems/")

        assert "1 input was rejected." == body_of(answered(Rejected([error], {}), registry=registry))["detail"]

    def test_is_the_validation_problem_of_the_registry(self):
        """
        Rejected inputs are reported by the class that the registry has for them.
        """
        error = {"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {"password": "hunter2"}}
        decided = answered(Rejected([error], {"password": "hunter2"}))

        assert (422, ValidationProblem, [{"detail": "Field required", "code": "missing", "pointer": "#/name"}]) == (
            decided.status,
            type(decided.problem),
            body_of(decided)["errors"],
        )

    def test_its_members_are_those_of_the_class(self):
        """
        Observers see the declared members.
        """
        error = {"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {}}

        assert "#/name" == answered(Rejected([error], {})).problem.errors[0].pointer


class TestGroups:
    @pytest.mark.parametrize(
        ("leaves", "expected"),
        [
            pytest.param([NotFound(), Conflict()], 404, id="the first of equals"),
            pytest.param([NotFound(), ServiceUnavailable(), InternalServerError()], 503, id="the most severe"),
            pytest.param([HTTPException(204), NotFound()], 404, id="an error before none"),
            pytest.param([HTTPException(204)], 204, id="none"),
            pytest.param([ExceptionGroup("", [Conflict()]), NotFound()], 409, id="nested"),
            pytest.param([NotFound(), HTTPException(999, "")], 500, id="an invalid status"),
        ],
    )
    def test_the_most_severe_leads(self, leaves, expected):
        """
        A group is answered with its most severe problem; of equals with the first.
        """
        assert expected == answered(ExceptionGroup("", leaves)).status


class TestNothingFails:
    @pytest.mark.expects_failure
    def test_a_registry_that_fails(self):
        """
        Behind everything stands a constant document.
        """

        class Broken(Registry):
            def form(self, cls):
                raise RuntimeError("broken")

        decided = answered(NotFound(), registry=Broken(), fails=True)

        assert (500, FALLBACK, "broken", False) == (
            decided.status,
            decided.body,
            str(decided.failure),
            decided.is_expected,
        )

    @pytest.mark.parametrize("detail", [5, None, "\ud800", b"x", ["a"]])
    def test_a_detail_that_was_changed_by_hand(self, detail):
        """
        `detail` is a text on the wire, or absent.
        """
        problem = MethodNotAllowed(allow=["GET"])
        problem.detail = detail

        assert isinstance(body_of(answered(problem)).get("detail", ""), str)

    @pytest.mark.parametrize("instance", [5, "\ud800", b"x"])
    def test_an_instance_that_is_no_text(self, instance):
        """
        `instance` is a text on the wire, or absent.
        """
        decided = answer(NotFound(), facts(instance=instance), Policy(), REGISTRY)

        assert isinstance(body_of(decided).get("instance", ""), str)


texts = st.text(st.characters(codec=None))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary() | st.builds(object) | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts | st.integers(), inner, max_size=4) | st.frozensets(texts)
    ),
    max_leaves=12,
)
names = st.from_regex(r"[a-z]{3,8}[0-9]", fullmatch=True)


def sent_well(decided):
    """Whether an answer keeps what every answer promises."""
    body = body_of(decided)
    assert isinstance(body, dict)
    assert decided.status == body["status"]
    assert all(isinstance(body.get(name, ""), str) for name in ("type", "title", "detail", "instance"))
    assert all(isinstance(name, bytes) and isinstance(value, bytes) for name, value in decided.headers)
    assert b"%d" % len(decided.body) == dict(decided.headers)[b"content-length"]
    return True


class TestWhateverComes:
    @settings(max_examples=50)
    @given(status=st.integers(200, 599).filter(lambda status: status not in (204, 205, 304)), detail=values)
    def test_a_foreign_detail(self, status, detail):
        """
        Any status with any detail is strict JSON with that status.
        """
        assume(detail is not None or status in set(HTTPStatus))  # old versions of Starlette ask for a text
        decided = answered(HTTPException(status, detail), policy=Policy(expose_server_detail=True))

        assert sent_well(decided)
        assert status == decided.status

    @settings(max_examples=50)
    @given(headers=st.dictionaries(texts, texts | st.integers() | st.none() | st.binary(), max_size=5))
    def test_foreign_headers(self, headers):
        """
        Any headers leave an answer that can be sent.
        """
        decided = answered(HTTPException(418, "x", headers))

        assert sent_well(decided)
        assert not any(b"\r" in value or b"\n" in value for _, value in decided.headers)

    @settings(max_examples=50)
    @given(detail=texts, members=st.dictionaries(names, values, max_size=5))
    def test_members(self, detail, members):
        """
        Any detail and any members of an open type are strict JSON.
        """
        decided = answered(NotFound(detail, **members))

        assert sent_well(decided)
        assert 404 == decided.status

    @settings(max_examples=50)
    @given(
        errors=st.lists(
            st.dictionaries(st.sampled_from(["type", "loc", "msg", "input", "ctx"]), values | st.tuples(texts, values)),
            max_size=4,
        ),
        body=values,
        show=st.booleans(),
    )
    def test_errors_and_bodies(self, errors, body, show):
        """
        Any errors of any body are a 422 in strict JSON.
        """
        decided = answered(Rejected(errors, body), policy=Policy(include_inputs=show))

        assert sent_well(decided)
        assert 422 == decided.status

    @settings(max_examples=50)
    @given(text=texts, instance=texts)
    def test_an_unexpected_exception(self, text, instance):
        """
        Any text of an exception that is exposed, and any instance, are strict JSON.
        """
        policy = Policy(expose_unexpected=True, traceback=True)
        decided = answer(Problem_(text), facts(instance=instance), policy, REGISTRY)

        assert sent_well(decided)


class Problem_(Exception):  # noqa: N801 - no problem, in spite of its name
    """A stranger's exception with a name like ours."""


def test_a_problem_of_another_module_is_foreign():
    """
    Only our own class counts, not a class of the same name.
    """
    assert not issubclass(Problem_, Problem)


class TestBareClass:
    @pytest.mark.parametrize(("status", "base"), [(499, ClientProblem), (500, ServerProblem), (599, ServerProblem)])
    def test_its_base(self, status, base):
        """
        A status from 500 on is the server's.
        """
        assert issubclass(_bare_class(status), base)
