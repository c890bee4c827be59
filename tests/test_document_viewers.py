"""What a reader of the document sees of a problem in Swagger UI, Redoc and Scalar."""

import threading
from pathlib import Path
from typing import Final

import pytest
import uvicorn
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from shop.server import create_app

NODE: Final = Path(__file__).parent / "node" / "node_modules"

VIEWERS: Final = {
    "swagger-ui": (
        "swagger-ui-dist/swagger-ui-bundle.js",
        'SwaggerUIBundle({url: "/openapi.json", dom_id: "#viewer", docExpansion: "full"})',
    ),
    "redoc": (
        "redoc/bundles/redoc.standalone.js",
        'Redoc.init("/openapi.json", {expandResponses: "all"}, document.getElementById("viewer"))',
    ),
    "scalar": (
        "@scalar/api-reference/dist/browser/standalone.js",
        'Scalar.createApiReference("#viewer", {url: "/openapi.json", withDefaultFonts: false, telemetry: false})',
    ),
}
"""The script of each viewer, and how it is started."""

PLACES: Final = {
    "swagger-ui": ("", ".opblock-patch .response[data-code='{status}']"),
    "redoc": ("#operation/{operation}", "[id='operation/{operation}'] button:has(strong:text-is('{status}'))"),
    "scalar": (
        "#tag/orders/PATCH/orders/{{order_id}}",
        "li:has(> [id$='tag/orders/PATCH/orders/{{order_id}}.responses.{status}'])",
    ),
}
"""Where each viewer shows an operation, and a response of it."""

IS_ON_TOP: Final = """
element => {
    const text = document.createRange();
    text.selectNodeContents(element);
    element.parentElement.scrollIntoView({block: "center"});
    const {left, top} = text.getClientRects()[0] ?? {left: -1, top: -1};
    return element.contains(document.caretRangeFromPoint(left + 3, top + 5)?.startContainer ?? null);
}
"""
"""Whether the start of an element is seen: not clipped, and not under another one."""

UNION: Final = "Out of stock / Order already paid"
PARAGRAPHS: Final = {404: "The customer has no order with this id;", 409: "A paid order can neither be changed"}
LINKS: Final = {404: "/problems/order-not-found", 409: "/problems/order-already-paid"}


@pytest.fixture(scope="module")
def address():
    """The address of the example, served with a page for each viewer."""
    app = create_app()
    app.mount("/node", StaticFiles(directory=NODE, check_dir=False))

    async def viewer(request):
        file, start = VIEWERS[request.path_params["name"]]
        style = '<link rel="stylesheet" href="/node/swagger-ui-dist/swagger-ui.css">' if "swagger" in file else ""
        body = f'<div id="viewer"></div><script src="/node/{file}"></script><script>{start}</script>'
        return HTMLResponse(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>{style}{body}')

    app.add_route("/viewers/{name}", viewer)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser():
    """A browser that resolves no name, so that a viewer gets nothing from elsewhere."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    flags = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=VIEWERS)
def response(request, address, browser):
    """A function from a status to the place where a viewer shows that response of an operation."""
    if not (NODE / VIEWERS[request.param][0]).exists():
        pytest.skip("needs npm install --no-package-lock --prefix tests/node")
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(60_000)
    anchor, place = PLACES[request.param]
    page.goto(f"{address}/viewers/{request.param}{anchor.format(operation='change_order')}")

    def find(status):
        found = page.locator(place.format(status=status, operation="change_order")).first
        found.wait_for()
        return found

    yield find
    page.close()


@pytest.mark.needs_browser
@pytest.mark.needs_node
@pytest.mark.parametrize("status", PARAGRAPHS)
class TestViewers:
    def test_the_title_is_seen_at_once(self, response, status):
        """
        The titles stand beside the status: of a union too, before anything is opened.
        """
        title = response(status).locator("p", has_text=UNION if status == 409 else "Order not found").first

        assert title.evaluate(IS_ON_TOP)

    def test_the_paragraph_and_the_link_are_seen(self, response, status):
        """
        The first paragraph of the docstring, and the link to the problem page, which is on this server.
        """
        found = response(status)
        if (closed := found.locator("[aria-expanded='false']").first).is_visible():
            closed.click()
        link = found.locator(f"a[href$='{LINKS[status]}']").first
        paragraph = found.locator("p", has_text=PARAGRAPHS[status]).first

        assert (True, True) == (paragraph.evaluate(IS_ON_TOP), link.evaluate(IS_ON_TOP))
