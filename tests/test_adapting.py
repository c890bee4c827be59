import json
from datetime import date

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from problems import Conflict, NotFound, Policy, Registry, ValidationProblem
from problems.answering._answer import Rejected, answer
from problems.answering._html import HTML, html
from problems.answering._xml import XML
from problems.answering.policy import RequestFacts, RequestId
from problems.answering.representations import Representation
from problems.answering.texts import Texts


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="Only {available} are left."):
    available: int


class Delayed(Conflict, type="delayed", title="Delayed", detail="Until {until}."):
    until: date


REGISTRY = Registry(OutOfStock, Delayed, base="https://shop.example/problems/")
OUT = REGISTRY.uri(OutOfStock)
GERMAN = {
    OUT: {"title": "Ausverkauft", "detail": "Nur noch {available} Stück."},
    REGISTRY.uri(Delayed): {"detail": "Bis {until:%d.%m.%Y}."},
    REGISTRY.uri(ValidationProblem): "Anfrage ungültig",
    "404": "Nicht gefunden",
    "Not authenticated": {"detail": "Nicht angemeldet"},
    "missing": {"detail": "Dieses Feld fehlt."},
    "string_too_short": {"detail": "Mindestens {min_length} Zeichen."},
}
CATALOGUE = Texts({"de": GERMAN})
EVERYTHING = Policy(representations=(XML, HTML), texts=CATALOGUE)


ANY = st.characters(min_codepoint=32, max_codepoint=255) | st.sampled_from("*/;,=q.0159-")


def answered(exc, policy=EVERYTHING, method="GET", instance=None, **headers):
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return answer(exc, RequestFacts({"method": method, "path": "/", "headers": lines}, instance), policy, REGISTRY)


def fields(answered):
    """Return the header fields; each has one line here."""
    assert len(answered.headers) == len(dict(answered.headers))
    return {name.decode(): value.decode() for name, value in answered.headers}


def document(exc, policy=EVERYTHING, **headers):
    return json.loads(answered(exc, policy, **headers).body)


class TestRepresentation:
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            pytest.param("", "application/problem+json", id="no header"),
            pytest.param("*/*", "application/problem+json", id="anything"),
            pytest.param("application/json", "application/problem+json", id="JSON"),
            pytest.param("application/problem+xml", "application/problem+xml", id="XML"),
            pytest.param("text/html, application/xhtml+xml, */*;q=0.8", "text/html; charset=utf-8", id="a browser"),
            pytest.param("text/html;q=0.5, */*", "application/problem+json", id="HTML least"),
            pytest.param("text/html, application/problem+json", "application/problem+json", id="equals"),
            pytest.param("image/png", "application/problem+json", id="never 406"),
            pytest.param("application/problem+json;q=0", "application/problem+json", id="nothing else"),
            pytest.param("application/json, text/html;q=0.1", "application/problem+json", id="JSON first"),
            pytest.param("text/html;q=0.8, application/json;q=0.9", "application/problem+json", id="JSON by weight"),
            pytest.param("application/json, text/html", "application/problem+json", id="JSON and HTML alike"),
            pytest.param("application/json;q=0.8, text/html", "text/html; charset=utf-8", id="HTML by weight"),
            pytest.param("application/json;q=0, text/html;q=0.1", "text/html; charset=utf-8", id="no JSON"),
            pytest.param("application/json, text/plain, */*", "application/problem+json", id="a script"),
            pytest.param("application/hal+json, text/html;q=0.2", "application/problem+json", id="a kind of JSON"),
            pytest.param("Application/VND.api+JSON;v=1, text/html;q=0.2", "application/problem+json", id="in capitals"),
            pytest.param("application/json, application/problem+xml", "application/problem+json", id="XML alike"),
            pytest.param("application/json;q=0.1, application/problem+xml", "application/problem+xml", id="XML rather"),
            pytest.param("application/xml, text/html;q=0.9", "application/problem+xml", id="any XML"),
            pytest.param("text/xml", "application/problem+xml", id="XML as text"),
            pytest.param("application/xml;q=0.5, application/json", "application/problem+json", id="XML least"),
            pytest.param(
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                "text/html; charset=utf-8",
                id="a browser that likes XML",
            ),
            pytest.param("text/html;q=banana", "application/problem+json", id="broken"),
        ],
    )
    def test_choice(self, accept, expected):
        """
        The preferred representation is sent, JSON if none is acceptable, and never a 406 (rows 3, H8, H9, H10).
        """
        found = answered(OutOfStock(available=2), accept=accept)

        assert (409, expected) == (found.status, fields(found)["content-type"])

    def test_a_representation_of_that_name(self):
        """
        Who offers `application/json` of their own is asked for that by its name.
        """
        own = Representation("application/json", lambda details, language: "{}")
        found = answered(OutOfStock(available=2), Policy(representations=(HTML, own)), accept="application/json")

        assert ("application/json", b"{}") == (fields(found)["content-type"], found.body)

    def test_a_representation_of_that_name_with_a_parameter(self):
        """
        Parameters of a media type that is offered do not hide it from a client that names the type alone.
        """
        own = Representation("application/json; charset=utf-8", lambda details, language: "{}")
        found = answered(OutOfStock(available=2), Policy(representations=(HTML, own)), accept="application/json")

        assert ("application/json; charset=utf-8", b"{}") == (fields(found)["content-type"], found.body)

    def test_json_alone_does_not_vary(self):
        """
        Without further representations there is no negotiation.
        """
        found = answered(OutOfStock(available=2), Policy(), accept="text/html", accept_language="de")

        assert ("application/problem+json", False, False) == (
            fields(found)["content-type"],
            "vary" in fields(found),
            "content-language" in fields(found),
        )

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            pytest.param(Policy(representations=(XML,)), "Accept", id="representations"),
            pytest.param(Policy(texts=CATALOGUE), "Accept-Language", id="languages"),
            pytest.param(EVERYTHING, "Accept, Accept-Language", id="both"),
            pytest.param(Policy(instance=RequestId()), None, id="neither"),
        ],
    )
    def test_vary(self, policy, expected):
        """
        The answer says what it varies by (row H7), whichever was chosen.
        """
        assert expected == fields(answered(OutOfStock(available=2), policy)).get("vary")

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            pytest.param("Origin", "Origin, Accept", id="appended"),
            pytest.param("accept, Origin", "accept, Origin", id="never twice"),
            pytest.param("*", "*", id="everything"),
            pytest.param(["Origin", "Cookie"], "Origin, Cookie, Accept", id="two lines"),
        ],
    )
    def test_the_vary_of_a_problem(self, own, expected):
        """
        What the problem itself varies by stays.
        """
        problem = OutOfStock(available=2, headers={"Vary": own})

        assert expected == fields(answered(problem, Policy(representations=(XML,))))["vary"]

    def test_the_headers_of_a_problem_win(self):
        """
        A raise site that sets a field of the page or the language means it.
        """
        headers = {"Content-Security-Policy": "default-src 'self'", "Content-Language": "fr", "Cache-Control": "public"}
        found = fields(answered(OutOfStock(available=2, headers=headers), accept="text/html"))

        assert tuple(headers.values()) == tuple(found[name.lower()] for name in headers)

    def test_the_same_problem(self):
        """
        XML contains the same values as JSON.
        """
        root = fromstring(answered(OutOfStock(available=2), accept=XML.media_type).body)

        assert {
            "type": OUT,
            "title": "Out of stock",
            "status": "409",
            "detail": "Only 2 are left.",
            "available": "2",
        } == {element.tag.partition("}")[2]: element.text for element in root}

    def test_head(self):
        """
        HEAD has the fields of GET and no content (row H1).
        """
        head = answered(OutOfStock(available=2), method="HEAD", accept="text/html")
        get = answered(OutOfStock(available=2), accept="text/html")

        assert (get.headers, b"") == (head.headers, head.body)

    @pytest.mark.expects_failure
    @pytest.mark.parametrize(
        "template", [lambda details, language: 1 / 0, lambda details, language: None], ids=["raises", "no text"]
    )
    def test_a_template_that_fails(self, template, caplog):
        """
        The problem is sent as JSON, and the log says why.
        """
        found = answered(OutOfStock(available=2), Policy(representations=(html(template),)), accept="text/html")

        assert (
            "application/problem+json",
            ["Writing a problem as text/html; charset=utf-8 failed; it is sent as JSON."],
        ) == (
            fields(found)["content-type"],
            caplog.messages,
        )

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            pytest.param("/api/items", ("application/problem+json", None), id="left out"),
            pytest.param("/items", ("text/html; charset=utf-8", "Accept"), id="offered"),
            pytest.param(
                "/fails",
                ("application/problem+json", None),
                id="the choice fails",
                marks=pytest.mark.expects_failure,
            ),
        ],
    )
    def test_some_paths_only(self, path, expected):
        """
        What is offered can depend on the request, and where there is no choice the answer does not vary.
        """
        offers = {"/api/items": (), "/items": (HTML,)}
        policy = Policy(representations=lambda facts: offers[facts.path])
        found = fields(
            answer(NotFound(), RequestFacts({"path": path, "headers": [(b"accept", b"text/html")]}), policy, REGISTRY)
        )

        assert expected == (found["content-type"], found.get("vary"))

    @pytest.mark.expects_failure
    @pytest.mark.parametrize("offered", [None, 7, b"text", "text", [None], [object()], {}, iter(())], ids=repr)
    def test_a_choice_that_cannot_be_used(self, offered, caplog):
        """
        A function that returns something else than representations costs the choice, not the problem, and is logged.
        """
        policy = Policy(representations=lambda facts: offered)
        found = answer(
            NotFound(), RequestFacts({"path": "/", "headers": [(b"accept", b"text/html")]}), policy, REGISTRY
        )

        assert (404, "application/problem+json", [TypeError]) == (
            found.status,
            fields(found)["content-type"],
            [record.exc_info[0] for record in caplog.records],
        )

    def test_a_representation_of_the_user(self):
        """
        Any media type can be offered.
        """
        plain = Representation("text/plain; charset=utf-8", lambda details, language: f"{details.title}\ud800")

        assert (
            b"Out of stock?"
            == answered(OutOfStock(available=2), Policy(representations=(plain,)), accept="text/plain").body
        )

    def test_unexpected_exceptions(self):
        """
        The page of a crash contains no more than the document.
        """
        body = answered(RuntimeError("secret"), accept="text/html").body

        assert (True, False) == (b"Internal Server Error</h1>" in body, b"secret" in body)


class TestAnyRequest:
    @settings(max_examples=50)
    @given(
        st.text(ANY),
        st.text(ANY),
        st.text(max_size=20),
        st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2),
    )
    def test_it_is_answered(self, accept, language, detail, members):
        """
        Whatever the headers, texts and members are, the answer is a 404 in one of the representations, in UTF-8.
        """
        lines = [(b"accept", accept.encode("latin-1")), (b"accept-language", language.encode("latin-1"))]
        problem = HTTPException(404, {"detail": detail, **members})
        found = answer(problem, RequestFacts({"path": "/", "headers": lines}), EVERYTHING, REGISTRY)

        assert (404, True, True) == (
            found.status,
            fields(found)["content-type"].partition(";")[0]
            in ("application/problem+json", XML.media_type, "text/html"),
            bool(found.body.decode()),
        )


class TestLanguage:
    def test_title_and_detail(self):
        """
        Title and detail are in the client's language, the members as they are (row 4).
        """
        assert {
            "type": OUT,
            "title": "Ausverkauft",
            "status": 409,
            "detail": "Nur noch 2 Stück.",
            "available": 2,
        } == document(OutOfStock(available=2), accept_language="de-CH, en;q=0.5")

    def test_titles_of_statuses(self):
        """
        The titles of about:blank are translated too (row 73).
        """
        assert "Nicht gefunden" == document(NotFound(), accept_language="de")["title"]

    def test_a_member_is_formatted_as_the_translator_says(self):
        """
        The template is filled with the values of Python, not with their JSON.
        """
        assert "Bis 24.12.2026." == document(Delayed(until=date(2026, 12, 24)), accept_language="de")["detail"]

    @pytest.mark.parametrize(
        ("exc", "expected"),
        [
            pytest.param(OutOfStock("Sold to your sister.", available=0), "Sold to your sister.", id="without a text"),
            pytest.param(NotFound("Not authenticated"), "Nicht angemeldet", id="with a text"),
            pytest.param(HTTPException(401, "Not authenticated"), "Nicht angemeldet", id="of a framework"),
        ],
    )
    def test_the_detail_of_a_raise_site(self, exc, expected):
        """
        A detail that a raise site wrote is its own key.
        """
        assert expected == document(exc, accept_language="de")["detail"]

    def test_validation_messages(self):
        """
        Messages have the code of their error as key, and the facts of `context` to fill in.
        """
        errors = [
            {"type": "missing", "loc": ("body", "a"), "msg": "Field required", "input": {}},
            {"type": "string_too_short", "loc": ("body", "b"), "msg": "x", "input": "", "ctx": {"min_length": 3}},
            {"type": "int_parsing", "loc": ("query", "c"), "msg": "Not an integer", "input": "x"},
        ]
        found = document(Rejected(errors, {"b": ""}), accept_language="de")

        assert ("Anfrage ungültig", ["Dieses Feld fehlt.", "Mindestens 3 Zeichen.", "Not an integer"]) == (
            found["title"],
            [error["detail"] for error in found["errors"]],
        )

    def test_one_validation_message(self):
        """
        A single translated message is enough to be sent.
        """
        errors = [{"type": "missing", "loc": ("body", "a"), "msg": "Field required", "input": {}}]
        found = document(Rejected(errors, {}), accept_language="de")

        assert ["Dieses Feld fehlt."] == [error["detail"] for error in found["errors"]]

    @pytest.mark.parametrize(
        ("count", "expected"),
        [pytest.param(1, "1 Angabe fehlt.", id="one"), pytest.param(2, "2 Angabe fehlt.", id="two")],
    )
    def test_the_detail_of_a_validation_problem(self, count, expected):
        """
        The sentence that summarizes rejected values is translated by the type, with `count` to fill in.
        """
        errors = [{"type": "missing", "loc": ("body", name), "msg": "Field required", "input": {}} for name in "ab"]
        texts = Texts({"de": {REGISTRY.uri(ValidationProblem): {"detail": "{count} Angabe fehlt."}}})
        found = document(Rejected(errors[:count], {}), Policy(texts=texts), accept_language="de")

        assert expected == found["detail"]

    @pytest.mark.parametrize(
        ("exc", "header", "expected"),
        [
            pytest.param(OutOfStock(available=2), "de", "de", id="translated"),
            pytest.param(OutOfStock(available=2), "fr", "en", id="no such language"),
            pytest.param(OutOfStock(available=2), "", "en", id="no header"),
            pytest.param(Conflict(), "de", "en", id="no text"),
        ],
    )
    def test_content_language(self, exc, header, expected):
        """
        The answer names the language it is in.
        """
        assert expected == fields(answered(exc, accept_language=header))["content-language"]

    def test_the_page(self):
        """
        A page is in the language it says it is in.
        """
        body = answered(OutOfStock(available=2), accept="text/html", accept_language="de").body.decode()

        assert ('<html lang="de">' in body, "Ausverkauft</h1>" in body) == (True, True)

    @pytest.mark.expects_failure
    @pytest.mark.parametrize(
        "template",
        [
            pytest.param("{nothing}", id="unknown member"),
            pytest.param("{available.real}", id="a look into a value"),
            pytest.param("{available:x{", id="broken"),
        ],
    )
    def test_a_template_that_fails(self, template, caplog):
        """
        A text that cannot be filled in is as good as missing; the log says which.
        """
        policy = Policy(texts=Texts({"de": {OUT: {"title": "Ausverkauft", "detail": template}}}))
        found = document(OutOfStock(available=2), policy, accept_language="de")

        assert ("Ausverkauft", "Only 2 are left.", 1) == (found["title"], found["detail"], len(caplog.records))

    @pytest.mark.expects_failure
    def test_a_catalogue_that_fails(self, caplog):
        """
        The problem has the texts of the code.
        """

        class Broken:
            def pgettext(self, context, message):
                raise KeyError(message)

        found = document(OutOfStock(available=2), Policy(texts=Texts({"de": Broken()})), accept_language="de")

        assert ("Out of stock", ["The texts failed; a problem is sent as it is written in the code."]) == (
            found["title"],
            caplog.messages,
        )

    def test_a_secret_stays_one(self):
        """
        A translation can use all members, but not the exception.
        """
        policy = Policy(texts=Texts({"de": {"500": {"title": "Fehler", "detail": "{args}"}}}))

        assert {"type": "about:blank", "title": "Fehler", "status": 500} == document(
            RuntimeError("secret"), policy, accept_language="de"
        )


class TestRequestId:
    def ids(self, sent, problem=None, header="X-Request-ID"):
        """Return the id of an answer in its body and in its header."""
        policy = Policy(instance=RequestId(header))
        lines = [] if sent is None else [(header.lower().encode(), sent.encode("latin-1"))]
        instance = policy.instance(RequestFacts({"path": "/", "headers": lines}))
        found = answer(problem or NotFound(), RequestFacts({"path": "/", "headers": lines}, instance), policy, REGISTRY)
        return json.loads(found.body)["instance"], fields(found)[header.lower()]

    @pytest.mark.parametrize("sent", ["7f3a", "01J9-x_y.z~1", "a+b=", "urn:uuid:7d444840-9dc0-11d1-b245-5ffdce74fad2"])
    def test_one_that_came_in(self, sent):
        """
        The id of the request is in the body and in the response header.
        """
        assert (sent, sent) == self.ids(sent)

    @pytest.mark.parametrize(
        "sent",
        [
            pytest.param(None, id="none"),
            pytest.param("", id="empty"),
            pytest.param("a" * 129, id="long"),
            pytest.param("a b", id="space"),
            pytest.param("a, b", id="two lines"),
            pytest.param("<script>", id="markup"),
            pytest.param("../admin", id="path"),
            pytest.param("https://evil.example/", id="URL"),
            pytest.param("${jndi:ldap}", id="template"),
            pytest.param("é", id="no ASCII"),
            pytest.param("a\n", id="line break"),
        ],
    )
    def test_one_that_is_not_echoed(self, sent):
        """
        What could mean something elsewhere is replaced by a fresh id, the same in both places.
        """
        body, header = self.ids(sent)

        assert ("urn:uuid:", body) == (body[:9], header)

    def test_another_header(self):
        """
        The field has the name that is used in the house.
        """
        assert ("7f3a", "7f3a") == self.ids("7f3a", header="X-Correlation-ID")

    def test_the_instance_of_a_raise_site(self):
        """
        A problem with an instance of its own keeps it; the header still has the id of the request.
        """
        assert ("/orders/7", "7f3a") == self.ids("7f3a", NotFound(instance="/orders/7"))

    def test_the_name_is_checked(self):
        """
        An invalid field name raises at once.
        """
        with pytest.raises(ValueError, match="its name is not a token"):
            RequestId("X Request")
