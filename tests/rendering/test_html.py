import json
import re
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems._wire.details import ProblemDetails
from problems.answering._html import HTML, Sentences, embedded, html, render_html

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp; <!-- \u2028\u2029"
DETAILS = ProblemDetails.model_validate(
    {
        "type": "https://shop.example/problems/out-of-stock",
        "title": "Out of stock",
        "status": 409,
        "detail": "Only 2 are left.\nNine were ordered.",
        "instance": "urn:uuid:00000000-0000-4000-8000-000000000000",
        "available": 2,
        "lines": [{"item": "a", "left": 1}, {"item": "b", "left": None}],
        "errors": [],
    }
)


class Page(HTMLParser):
    """The elements and the visible texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.script, self._in = [], [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img"):
            self._in.append(tag)

    def handle_endtag(self, tag):
        assert tag == self._in.pop()

    def handle_data(self, data):
        if self._in and self._in[-1] == "script":
            self.script += data
        elif "body" in self._in:
            self.texts.append(data.strip())

    def named(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def text_of(page):
    return [text for text in Page(page).texts if text]


class TestRenderHtml:
    def test_what_is_shown(self):
        """
        Status, title and detail stand above, then advice, id and a way back, then the other members.
        """
        document = {"title": "Not Found", "status": 404, "detail": "No item 7.", "instance": "urn:x:1", "item_id": 7}

        assert [
            *("404", "Not Found", "No item 7.", "Check the address, or start again from the home page."),
            *("If you ask for help, quote this id:", "urn:x:1", "Go to the home page", "item_id", "7"),
        ] == text_of(render_html(ProblemDetails.model_validate(document)))

    def test_structure(self):
        """
        Arrays are lists and objects description lists, at any depth.
        """
        page = Page(render_html(DETAILS))

        assert (3, 1, 2) == (len(page.named("dl")), len(page.named("ol")), len(page.named("li")))

    @pytest.mark.parametrize("member", ["type", "title", "detail", "instance", "other"])
    def test_everything_is_escaped(self, member):
        """
        No member can bring in an element, be it in the page or in the document inside.
        """
        page = Page(render_html(ProblemDetails.model_validate({"title": "x", member: HOSTILE})))

        assert ([], 1) == (page.named("img"), len(page.named("script")))

    def test_names_are_escaped(self):
        """
        The name of a member is as untrusted as its value.
        """
        page = Page(render_html(ProblemDetails.model_validate({"title": "x", HOSTILE: {HOSTILE: [HOSTILE]}})))

        assert ([], 1) == (page.named("img"), len(page.named("script")))

    @pytest.mark.parametrize(
        ("value", "linked"),
        [
            pytest.param("https://shop.example/a?b=1&c=2", ["https://shop.example/a?b=1&c=2"], id="https"),
            pytest.param("javascript:alert(1)", [], id="javascript"),
            pytest.param("data:text/html,x", [], id="data"),
            pytest.param("https://shop.example/ a", [], id="with a space"),
            pytest.param("urn:uuid:0", [], id="urn"),
        ],
    )
    def test_links(self, value, linked):
        """
        Only what a browser fetches by HTTP is a link.
        """
        page = Page(render_html(ProblemDetails.model_validate({"title": "x", "see": value})))

        assert ["/", *linked] == [attrs["href"] for attrs in page.named("a")]

    @pytest.mark.parametrize(
        ("language", "expected"), [pytest.param("de-AT", "de-AT", id="known"), pytest.param(None, "en", id="unknown")]
    )
    def test_language(self, language, expected):
        """
        The page declares its language.
        """
        assert [{"lang": expected}] == Page(render_html(DETAILS, language)).named("html")

    def test_it_has_no_scripts_and_loads_nothing(self):
        """
        All there is in the page is text and one style sheet.
        """
        page = Page(render_html(DETAILS))

        assert [{"type": "application/problem+json"}] == page.named("script")
        assert [] == [attrs for _, attrs in page.elements if attrs.keys() & {"src", "style", "onclick"}]

    @settings(max_examples=40)
    @given(st.dictionaries(st.text(max_size=9), st.text(max_size=30) | st.lists(st.text(max_size=9)), max_size=3))
    def test_any_document(self, members):
        """
        Whatever is in it, the page is well formed and the document inside is the document.
        """
        details = ProblemDetails.model_validate({"title": "x", **members})

        assert details.model_dump(mode="json") == json.loads(Page(render_html(details)).script)


class TestForPeople:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 429, 499, 500, 503, 599])
    @pytest.mark.parametrize("language", ["en", "de-AT", "fr", "es-419", "nl", None, "x"])
    def test_every_error_has_a_sentence(self, status, language):
        """
        Each status has a sentence, in a language that the page is marked with.
        """
        page = Page(render_html(ProblemDetails(title="x", status=status), language))
        [advice] = [attrs for attrs in page.named("p") if attrs.get("class") == "advice"]

        assert {"en": "en", "de-AT": "de", "fr": "fr", "es-419": "es"}.get(language, "en") == advice["lang"]

    def test_languages_differ(self):
        """
        The sentences are in the language of the client.
        """
        pages = {tag: text_of(render_html(ProblemDetails(title="x", status=503), tag)) for tag in ("en", "de", "fr")}

        assert ["Go to the home page", "Zur Startseite", "Aller à la page d'accueil"] == [
            it[-1] for it in pages.values()
        ]

    @pytest.mark.parametrize("status", [None, 200, 0, -1, 10**30])
    def test_a_document_without_a_usual_status_is_shown(self, status):
        """
        Documents that others sent have any status.
        """
        assert "Go to the home page" in text_of(render_html(ProblemDetails.model_construct(title="x", status=status)))

    def test_other_sentences_and_another_home(self):
        """
        An application adds a language and says where its start page is; both are escaped.
        """
        dutch = Sentences("a", "b", "c", "d", "<e>", "Naar <huis>", "Noem dit:")
        page = render_html(ProblemDetails(title="x", status=500), "nl-BE", sentences={"nl": dutch}, home='/shop?"a')
        read = Page(page)

        assert ["500", "x", "<e>", "Naar <huis>"] == text_of(page)
        assert ['/shop?"a'] == [attrs["href"] for attrs in read.named("a")]


class TestEmbedded:
    def test_it_is_the_document(self):
        """
        A program that reads the element reads the problem (RFC 9457, appendix C).
        """
        assert DETAILS.model_dump(mode="json") == json.loads(Page(embedded(DETAILS)).script)

    def test_nothing_breaks_out(self):
        """
        What HTML or JavaScript would take for its own is escaped as JSON escapes (row 85).
        """
        inner = embedded(ProblemDetails(title=HOSTILE)).removeprefix('<script type="application/problem+json">')

        assert None is re.search("[<>&\u2028\u2029]", inner.removesuffix("</script>"))


class TestHtml:
    def test_the_page_has_a_strict_policy(self):
        """
        The browser may load nothing and run nothing; only the page's own style sheet applies.
        """
        policy = HTML.headers["Content-Security-Policy"]

        assert re.fullmatch(
            "default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            policy,
        )

    def test_template(self):
        """
        A user-defined template replaces the page; no script runs in it either.
        """
        mine = html(lambda details, language: f"{details.title} {language}")

        assert ("Out of stock de", True) == (
            mine.render(DETAILS, "de"),
            "script-src" not in mine.headers["Content-Security-Policy"] and "default-src 'none'" in str(mine.headers),
        )

    def test_policy_of_a_template(self):
        """
        A wider policy can be set.
        """
        mine = html(lambda details, language: "", content_security_policy="default-src 'self'")

        assert "default-src 'self'" == mine.headers["Content-Security-Policy"]


@pytest.fixture
def served():
    """Serve the page as it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = HTML.render(DETAILS, "en").encode()
            self.send_response(409)
            for name, value in {**HTML.headers, "Content-Type": HTML.media_type, "Content-Length": len(body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.needs_browser
class TestBrowser:
    @pytest.fixture
    def browser(self):
        playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"]
        flags += ["--disable-background-networking", "--disable-sync"]
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
            yield browser
            browser.close()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_shown(self, browser, served, scheme, tmp_path):
        """
        Chromium applies the style sheet in both schemes, reports no violation of the policy, and scrolls one way.
        """
        page = browser.new_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(served)
        page.screenshot(path=tmp_path / f"{scheme}.png")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        overflow = page.evaluate("document.documentElement.scrollWidth > innerWidth")

        assert {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[scheme] == background
        assert ([], False) == ([text for text in said if "409" not in text], overflow)

    def test_the_document_is_read(self, browser, served):
        """
        A script of an extension, or a crawler, reads the problem from the page.
        """
        page = browser.new_page()
        page.goto(served)

        read = page.evaluate("JSON.parse(document.querySelector('script[type=\"application/problem+json\"]').text)")

        assert DETAILS.model_dump(mode="json") == read

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_accessible(self, browser, served, scheme):
        """
        Axe finds nothing.
        """
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
        # The policy would keep Axe itself from running.
        page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
        page.goto(served)

        assert [] == axe.Axe().run(page).response["violations"]
