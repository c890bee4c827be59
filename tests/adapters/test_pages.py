import contextlib
import socket
import threading
import time

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Registry, raises
from problems.fastapi import add_problems as add_to_fastapi
from problems.fastapi import problem_pages as pages_for_fastapi
from problems.starlette import add_problems, problem_pages
from problems.testing import assert_problem

BASE = "https://shop.example/problems/"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="orders/out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int
    lines: tuple[str, ...] = ()


REGISTRY = Registry(ItemNotFound, OutOfStock, NotFound, base=BASE)
PATH = "/v1/problems/item-not-found"


def make_app():
    """Return an application with the pages below a prefix."""
    app = Starlette(routes=[Mount("/v1/problems", problem_pages(REGISTRY))])
    add_problems(app, REGISTRY)
    return app


@pytest.fixture
def client():
    return TestClient(make_app())


class TestMount:
    def test_a_type_has_its_page(self, client):
        """
        The page is for people, in UTF-8.
        """
        response = client.get(PATH)

        assert (200, "text/html; charset=utf-8") == (response.status_code, response.headers["content-type"])

    @pytest.mark.parametrize(
        "path", [pytest.param("/v1/problems/", id="slash"), pytest.param("/v1/problems", id="none")]
    )
    def test_the_index_is_at_the_mount(self, client, path):
        """
        The address of the mount is the index.
        """
        assert "<h1>Problem types</h1>" in client.get(path).text

    def test_the_type_uri_is_that_of_the_registry(self, client):
        """
        A prefix changes the address of a page, and no type URI.
        """
        assert f"{BASE}item-not-found" == client.get(f"{PATH}.json").json()["type"]

    def test_a_proxy_changes_nothing(self):
        """
        Behind a proxy that strips a prefix the pages are the same.
        """
        plain, behind = TestClient(make_app()), TestClient(make_app(), root_path="/api")

        assert plain.get(PATH).content == behind.get(f"/api{PATH}").content

    def test_an_unknown_page_is_a_problem(self, client):
        """
        What is not documented is answered as the application answers.
        """
        assert_problem(client.get("/v1/problems/nope"), NotFound)

    @pytest.mark.parametrize("path", [PATH, pytest.param("/v1/problems/orders/out-of-stock", id="folder")])
    def test_a_page_has_one_address(self, client, path):
        """
        With a slash at its end the links of a page would lead elsewhere.
        """
        response = client.get(f"{path}/")

        assert (200, [308]) == (response.status_code, [it.status_code for it in response.history])
        assert response.url.path == path

    def test_routes_beside_it_stay(self):
        """
        The pages answer below their mount only.
        """
        app = Starlette(routes=[Mount("/problems", problem_pages(REGISTRY)), Route("/users", lambda _: 1 / 0)])
        add_problems(app, REGISTRY)

        assert 500 == TestClient(app, raise_server_exceptions=False).get("/users").status_code

    def test_it_stands_alone(self):
        """
        The pages are an application by themselves.
        """
        client = TestClient(problem_pages(REGISTRY))

        assert [200, 404] == [client.get(path).status_code for path in ("/item-not-found", "/nope")]

    def test_it_is_not_in_the_openapi_document(self):
        """
        Pages are not operations of the API.
        """
        app = FastAPI()
        add_to_fastapi(app, REGISTRY)
        app.mount("/problems", pages_for_fastapi(REGISTRY))

        assert {} == app.openapi()["paths"]
        assert 200 == TestClient(app).get("/problems/item-not-found").status_code


class TestNegotiation:
    @pytest.mark.parametrize(
        "media_type",
        [
            pytest.param("application/schema+json", id="JSON Schema"),
            pytest.param("application/json", id="JSON"),
            pytest.param("text/markdown", id="Markdown"),
        ],
    )
    def test_a_client_gets_what_it_asks_for(self, client, media_type):
        """
        One address has several representations.
        """
        response = client.get(PATH, headers={"Accept": media_type})

        assert (media_type, "Accept") == (response.headers["content-type"].partition(";")[0], response.headers["vary"])

    def test_an_address_of_one_representation_does_not_vary(self, client):
        """
        Caches may keep what is not negotiated for everybody.
        """
        assert "vary" not in client.get(f"{PATH}.json").headers


class TestCaching:
    @pytest.mark.parametrize("tag", [pytest.param("{}", id="strong"), pytest.param('"x", W/{}', id="list"), "*"])
    def test_a_known_page_is_not_sent_again(self, client, tag):
        """
        A client that has the representation gets a 304 (RFC 9110, section 13.1.2).
        """
        etag = client.get(PATH).headers["etag"]

        response = client.get(PATH, headers={"If-None-Match": tag.format(etag)})

        assert (304, etag, b"") == (response.status_code, response.headers["etag"], response.content)

    def test_another_representation_is_sent(self, client):
        """
        An entity tag identifies one representation.
        """
        etag = client.get(PATH).headers["etag"]

        assert 200 == client.get(PATH, headers={"If-None-Match": etag, "Accept": "text/markdown"}).status_code

    def test_head_is_get_without_content(self, client):
        """
        HEAD has the header fields of GET (RFC 9110, section 9.3.2).
        """
        head, get = client.head(PATH), client.get(PATH)

        assert (get.headers, b"") == (head.headers, head.content)


class TestSecurity:
    def test_nothing_is_loaded_and_nothing_runs(self, client):
        """
        The policy allows the one style sheet in the page, by its hash.
        """
        policy = client.get(PATH).headers["content-security-policy"]

        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy

    def test_media_types_are_not_guessed(self, client):
        """
        A browser takes a representation for what it is.
        """
        assert "nosniff" == client.get(PATH).headers["x-content-type-options"]


@contextlib.contextmanager
def serving(app):
    """Serve *app* on a free port of this machine, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WIDTHS = [pytest.param(390, "light", id="phone"), pytest.param(1280, "dark", id="desktop")]
PAGES = [pytest.param("", id="index"), pytest.param("/orders/out-of-stock", id="page")]


@pytest.fixture(scope="class")
def address():
    with serving(make_app()) as address:
        yield f"{address}/v1/problems"


@pytest.fixture(scope="class")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield browser
        browser.close()


@pytest.mark.needs_browser
class TestInChromium:
    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize(("width", "scheme"), WIDTHS)
    def test_it_is_accessible(self, chromium, address, path, width, scheme):
        """
        Axe finds nothing, light or dark, narrow or wide.
        """
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
        # The policy would keep Axe itself from running.
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(address + path)

        assert [] == axe.Axe().run(page).response["violations"]

    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize(("width", "scheme"), WIDTHS)
    def test_it_fits(self, chromium, address, path, width, scheme):
        """
        A page is never wider than the window, loads nothing, and breaks no rule of its own policy.
        """
        told, loaded = [], []
        page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("request", lambda request: loaded.append(request.url))
        page.goto(address + path)

        assert (width, [], 1) == (
            page.evaluate("document.documentElement.scrollWidth"),
            told,
            len(set(loaded)) - (not path),
        )

    def test_its_links_work(self, chromium, address):
        """
        From the index to a page and back, below whatever prefix.
        """
        page = chromium.new_page()
        page.goto(f"{address}/")
        page.get_by_role("link", name="Out of stock").click()
        heading = page.get_by_role("heading", level=1).inner_text()
        page.get_by_role("link", name="Problem types").click()

        assert ("Out of stock", f"{address}/") == (heading, page.url)

    def test_the_scheme_is_that_of_the_reader(self, chromium, address):
        """
        Who prefers dark gets dark.
        """
        colours = set()
        for scheme in ("light", "dark"):
            page = chromium.new_context(color_scheme=scheme).new_page()
            page.goto(f"{address}/")
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))

        assert {"rgb(255, 255, 255)", "rgb(20, 23, 27)"} == colours


class TestOperations:
    """Pages that are mounted in an application list the operations that answer with a type."""

    @staticmethod
    def app(**words):
        """Return an application with pages, operations and one that is not documented."""
        app = FastAPI(**words)
        add_to_fastapi(app, REGISTRY)
        app.mount("/problems", pages_for_fastapi(REGISTRY))

        @app.get("/items/{item_id}")
        @raises(ItemNotFound)
        async def item(item_id: int) -> None: ...

        @app.get("/internal", include_in_schema=False)
        @raises(ItemNotFound)
        async def internal() -> None: ...

        return app

    def test_documented_operations_are_listed(self):
        """
        An operation that is not in the OpenAPI document is not on a page either.
        """
        client = TestClient(self.app())
        found = client.get("/problems/item-not-found").text

        assert "<li><code>GET /items/{item_id}</code></li>" in found
        assert "internal" not in found
        assert "Operations" not in client.get("/problems/orders/out-of-stock").text

    def test_operations_of_an_application_without_a_document_stay_unknown(self):
        """
        Who hides the OpenAPI document does not publish its paths on problem pages.
        """
        assert "Operations" not in TestClient(self.app(openapi_url=None)).get("/problems/item-not-found").text

    def test_operations_of_mounted_applications_are_listed(self):
        """
        With the path below the outer application.
        """
        app = FastAPI()
        add_to_fastapi(app, REGISTRY)
        inner = self.app()
        app.mount("/v1", inner)
        app.mount("/problems", pages_for_fastapi(REGISTRY))

        assert "GET /v1/items/{item_id}" in TestClient(app).get("/problems/item-not-found").text

    def test_starlette_routes_are_listed(self):
        """
        Routes of Starlette declare problems by `@raises`, too.
        """

        @raises(OutOfStock)
        async def order(request): ...

        app = Starlette(routes=[Route("/orders", order, methods=["POST"]), Mount("/problems", problem_pages(REGISTRY))])
        add_problems(app, REGISTRY)

        assert "POST /orders" in TestClient(app).get("/problems/orders/out-of-stock").text

    def test_pages_alone_have_no_operations(self):
        """
        Pages that are an application of their own know no other.
        """
        assert "Operations" not in TestClient(problem_pages(REGISTRY)).get("/item-not-found").text
