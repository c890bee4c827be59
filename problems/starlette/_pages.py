"""
Problem pages as an application to mount.

Passes path and header fields to `problems.documenting.pages` and sends the page that it returns.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from problems._wire.arguments import explained
from problems.catalog import NotFound
from problems.contract._operations import operations
from problems.declaring._applications import inner_application, places_in
from problems.documenting.pages import POLICY, Pages, Representation
from problems.errors import need
from problems.registry import Registry

__all__ = ["problem_pages"]

_OUTER: Final = "problems.mounted_in"
_HEADERS: Final = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@explained
def problem_pages(registry: Registry, *, heading: str = "Problem types") -> Starlette:
    """
    Return an application with the problem pages of *registry*: mount it where the type URIs lead to.

    An index and a page for each type, for people and, by negotiation, as JSON Schema, JSON and Markdown. Type URIs
    come from the registry, wherever the pages are mounted. Mounted in an application, each page lists the documented
    operations that answer with the type.

    >>> from starlette.applications import Starlette
    >>> from problems import Registry
    >>> app = Starlette()
    >>> app.mount("/problems", problem_pages(Registry(base="https://shop.example/problems/")))

    Args:
        registry: The problem types.
        heading: The heading of the index.
    """
    need(registry, Registry, "registry", "Write `problem_pages(registry)` with the registry of the problem types.")
    pages_of: dict[object, Pages] = {None: Pages(registry, heading=heading)}

    async def page(request: Request) -> Response:
        outer: object = request.scope.get(_OUTER)
        if outer not in pages_of:
            pages_of[outer] = Pages(registry, heading=heading, operations=_answering(outer, registry))
        pages = pages_of[outer]
        path: str = request.path_params["path"]
        accept = ", ".join(request.headers.getlist("accept"))
        result = pages.find(path, query=request.url.query, accept=accept)
        if result is None and path.removesuffix("/") in pages.paths:
            # The links of a page are relative: it has one address. So is this one, for whatever a proxy takes away.
            return RedirectResponse(f"../{path.removesuffix('/').rpartition('/')[2]}", 308)
        if result is None:
            raise NotFound("No problem type is documented at this address.")
        return _response(result, request)

    app = _Pages(routes=[Route("/{path:path}", page)])
    app.state.problem_pages = pages_of[None]  # documents link to the pages
    return app


class _Pages(Starlette):
    """The application of the pages; notes in which application it is mounted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_OUTER] = scope.get("app")
        await super().__call__(scope, receive, send)


def _answering(app: object, registry: Registry) -> Mapping[str, Sequence[str]]:
    """Return the documented operations of an application by the type URIs that they answer with."""
    if app is None or getattr(app, "openapi_url", "") is None:  # what an application does not document stays unknown
        return {}
    shown = frozenset(_documented_paths(app, ""))
    results: dict[str, list[str]] = {}
    for operation in operations(app):
        if operation.name.partition(" ")[2] in shown:
            for uri in dict.fromkeys(registry.uri(cls) for cls in operation.declares if cls not in operation.handled):
                results.setdefault(uri, []).append(operation.name)
    return results


def _documented_paths(app: object, prefix: str) -> Iterator[str]:
    for place in places_in(getattr(app, "routes", ()), prefix):
        if (inner := inner_application(place.route)) is not None:
            yield from _documented_paths(inner, place.path)
        elif getattr(place.route, "include_in_schema", False):
            yield place.path


def _response(results: Representation, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": results.etag, **({"Vary": "Accept"} if results.negotiated else {})}
    if _is_known(results.etag, request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    response = Response(results.body, headers=headers, media_type=results.media_type)
    if request.method == "HEAD":
        response.body = b""  # the header fields stay as in the response to GET (RFC 9110, section 9.3.2)
    return response


def _is_known(etag: str, lines: list[str]) -> bool:
    """Whether the client has this representation already (RFC 9110, section 13.1.2); the comparison is weak."""
    tags = [tag.strip().removeprefix("W/") for line in lines for tag in line.split(",")]
    return etag in tags or "*" in tags
