"""
Problem pages as an application to mount.

Passes path and header fields to `problems.documenting.pages` and sends what comes back; decides nothing else.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from problems.catalog import NotFound
from problems.documenting.pages import POLICY, Pages, Representation
from problems.errors import need
from problems.registry import Registry

__all__ = ["problem_pages"]

_HEADERS: Final = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def problem_pages(registry: Registry, *, heading: str = "Problem types") -> Starlette:
    """
    Return an application with the problem pages of *registry*: mount it where the type URIs lead to.

    An index and a page for each type, for people and, by negotiation, as JSON Schema, JSON and Markdown. Type URIs
    are those of the registry, wherever the pages are mounted.

    >>> from starlette.applications import Starlette
    >>> from problems import Registry
    >>> app = Starlette()
    >>> app.mount("/problems", problem_pages(Registry(base="https://shop.example/problems/")))

    Args:
        registry: The problem types.
        heading: What the index is called.
    """
    need(registry, Registry, "registry", "Write `problem_pages(registry)` with the registry of the problem types.")
    pages = Pages(registry, heading=heading)

    async def page(request: Request) -> Response:
        path: str = request.path_params["path"]
        accept = ", ".join(request.headers.getlist("accept"))
        found = pages.find(path, query=request.url.query, accept=accept)
        if found is None and path.removesuffix("/") in pages.paths:
            # The links of a page are relative: it has one address. So is this one, for whatever a proxy takes away.
            return RedirectResponse(f"../{path.removesuffix('/').rpartition('/')[2]}", 308)
        if found is None:
            raise NotFound("No problem type is documented at this address.")
        return _response(found, request)

    app = Starlette(routes=[Route("/{path:path}", page)])
    app.state.problem_pages = pages  # documents link to the pages
    return app


def _response(found: Representation, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": found.etag, **({"Vary": "Accept"} if found.negotiated else {})}
    if _is_known(found.etag, request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    response = Response(found.body, headers=headers, media_type=found.media_type)
    if request.method == "HEAD":
        response.body = b""  # the header fields stay those of the answer to GET (RFC 9110, section 9.3.2)
    return response


def _is_known(etag: str, lines: list[str]) -> bool:
    """Whether the client has this representation already (RFC 9110, section 13.1.2); the comparison is weak."""
    tags = [tag.strip().removeprefix("W/") for line in lines for tag in line.split(",")]
    return etag in tags or "*" in tags
