"""
Makes the pictures of README and tutorial: Swagger UI of the example shop, and the terminal of the demo, light and dark.

Needs Chromium and the npm package swagger-ui-dist in tests/node. No other files are loaded.
"""

import io
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, DIMMED_MONOKAI, TerminalTheme
from rich.text import Text
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ROOT: Final = Path(__file__).parents[1]
ASSETS: Final = ROOT / "docs" / "assets"
SWAGGER_UI: Final = ROOT / "tests" / "node" / "node_modules" / "swagger-ui-dist"
CHROMIUM: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PORT: Final = 8123
THEMES: Final = {"light": DEFAULT_TERMINAL_THEME, "dark": DIMMED_MONOKAI}
HEIGHT: Final = 1250
"""The pixels of Swagger UI that are shown: its first responses."""
FIRST_LINES: Final = 44
"""The first lines of the demo that fit beside Swagger UI."""

sys.path.insert(0, str(ROOT / "docs" / "examples"))


def application(scheme: str) -> FastAPI:
    """Return the example shop with Swagger UI from this machine."""
    from shop.server import create_app  # noqa: PLC0415 - the path to the example is set above

    app = create_app()
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != "/docs"]
    app.mount("/swagger-ui", StaticFiles(directory=SWAGGER_UI))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Shop",
            swagger_js_url="/swagger-ui/swagger-ui-bundle.js",
            swagger_css_url="/swagger-ui/swagger-ui.css",
            swagger_favicon_url="/swagger-ui/favicon-32x32.png",
        )
        dark = ' class="dark-mode"' if scheme == "dark" else ""
        return HTMLResponse(bytes(page.body).decode().replace("<html>", f"<html{dark}>"))

    return app


@contextmanager
def served(app: FastAPI) -> Generator[str]:
    """Serve an application, and yield its URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="warning"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{PORT}"
    finally:
        server.should_exit = True
        thread.join()


def swagger(browser: Browser, scheme: str) -> bytes:
    """Return a picture of the operation that orders an item, its responses open."""
    with served(application(scheme)) as url:
        page = browser.new_page(viewport={"width": 900, "height": 1400}, device_scale_factor=1.5)
        page.goto(f"{url}/docs")
        operation = page.locator(".opblock-post", has_text="/orders").first
        operation.locator(".opblock-summary").first.click()
        page.wait_for_timeout(500)
        responses = operation.locator(".responses-wrapper").first
        page.add_style_tag(content=f".responses-wrapper {{ max-height: {HEIGHT}px; overflow: hidden }}")
        picture = responses.screenshot()
        page.close()
    return picture


def terminal(theme: TerminalTheme) -> str:
    """Return the first lines of the demo as HTML."""
    environment = {**os.environ, "FORCE_COLOR": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'docs' / 'examples'}"}
    command = [sys.executable, "-m", "shop.demo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - the demo
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text.from_ansi("\n".join(done.stdout.splitlines()[:FIRST_LINES])))
    return console.export_html(theme=theme, inline_styles=True, code_format="<pre>{code}</pre>")


def composed(browser: Browser, scheme: str, picture: Path) -> bytes:
    """Return one picture: the terminal of the demo beside Swagger UI."""
    theme = THEMES[scheme]
    ground, text = (color.rgb for color in (theme.background_color, theme.foreground_color))
    style = (
        f"body {{ margin: 0; padding: 20px; background: {ground}; color: {text} }}"
        "body { display: flex; gap: 20px; width: 1500px }"
        "pre { font: 12.5px/1.45 'DejaVu Sans Mono', monospace; margin: 0; flex: none }"
        "img { width: 720px; align-self: flex-start; object-fit: cover; object-position: top; height: 800px }"
    )
    page = browser.new_page(viewport={"width": 1540, "height": 840}, device_scale_factor=1.5)
    html = ASSETS / f".composed-{scheme}.html"
    html.write_text(f"<meta charset=utf-8><style>{style}</style>{terminal(theme)}<img src={picture.name}>", "utf-8")
    try:
        page.goto(html.as_uri())
        return page.screenshot()
    finally:
        page.close()
        html.unlink()


def main() -> int:
    """Make all pictures; return the exit status."""
    ASSETS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for scheme in THEMES:
            picture = ASSETS / f"swagger-{scheme}.png"
            picture.write_bytes(swagger(browser, scheme))
            (ASSETS / f"readme-{scheme}.png").write_bytes(composed(browser, scheme, picture))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
