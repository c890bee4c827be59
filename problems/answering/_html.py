"""
Problem details as a page for people, with the document inside for programs (RFC 9457, appendix C).

No script, nothing loaded, no text of its own. Knows neither requests nor problem classes.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Final

from problems._wire.details import ProblemDetails
from problems._wire.json import encode, is_array, is_object
from problems._wire.media_types import HTML as HTML_TYPE
from problems._wire.media_types import PROBLEM_JSON
from problems._wire.problem_type import ABOUT_BLANK
from problems.answering.representations import Render, Representation

__all__ = ["HTML", "embedded", "html", "render_html"]

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1d21; --paper: #fff; --soft: #595f69; --line: #d8dbe0; --link: #0b57b0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef1; --paper: #16181c; --soft: #a9b0bb; --line: #383d46; --link: #8ab8ff }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 12vh 1.5rem 3rem }
.status { margin: 0; color: var(--soft); font-variant-numeric: tabular-nums; letter-spacing: .08em }
h1 { margin: .25rem 0 1rem; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.2 }
h1, p, dd { overflow-wrap: anywhere }
.detail { margin: 0 0 2rem; font-size: 1.125rem; white-space: pre-line }
dl { margin: 0 }
main > dl { border-top: 1px solid var(--line); padding-top: 1rem }
dt { color: var(--soft); font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
dd { margin: 0 0 1rem; white-space: pre-line }
dd > dl, li > dl { padding-inline-start: 1rem; border-inline-start: 2px solid var(--line) }
ol { margin: .25rem 0 0; padding: 0; list-style: none }
li { margin: 0 0 .5rem }
a { color: var(--link) }
"""

_SHA256: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_LINKED: Final = ("https://", "http://")
_SHOWN_ABOVE: Final = ("title", "status", "detail")

# RFC 8259, section 7: any character of a string may be written so. Without these, no end tag, no comment and no
# line separator of JavaScript can stand in it.
_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render_html(details: ProblemDetails, language: str | None = None) -> str:
    """
    Return *details* as a page that shows every member and has the document in a `script` element.

    >>> "Out of &lt;stock&gt;</h1>" in render_html(ProblemDetails(title="Out of <stock>"))
    True
    """
    members = details.model_dump(mode="json")
    title = escape(details.title or details.type)
    status = members.get("status", "")
    shown = {name: value for name, value in members.items() if name not in _SHOWN_ABOVE}
    if details.type == ABOUT_BLANK:  # it says no more than the status does
        del shown["type"]
    return "".join(
        (
            f'<!doctype html>\n<html lang="{escape(language or "en")}">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="robots" content="noindex">\n',
            f"<title>{status} {title}</title>\n<style>{_STYLE}</style>\n{embedded(details)}\n</head>\n<body>\n<main>\n",
            f'<p class="status">{status}</p>\n<h1 dir="auto">{title}</h1>\n',
            f'<p class="detail" dir="auto">{escape(details.detail)}</p>\n' if details.detail else "",
            *(_value(shown) if shown else ()),
            "\n</main>\n</body>\n</html>\n",
        )
    )


def embedded(details: ProblemDetails) -> str:
    r"""
    Return *details* as JSON in a `script` element, out of which nothing in them can break; for pages of your own.

    >>> embedded(ProblemDetails(title="</script>"))
    '<script type="application/problem+json">{"type":"about:blank","title":"\\u003c/script\\u003e"}</script>'
    """
    document = encode(details.model_dump(mode="json")).decode().translate(_ESCAPES)
    return f'<script type="{PROBLEM_JSON}">{document}</script>'


def _value(value: object) -> Iterator[str]:
    if is_object(value) and value:
        yield "<dl>"
        for name, member in value.items():
            yield f"<dt>{escape(name)}</dt><dd>"
            yield from _value(member)
            yield "</dd>"
        yield "</dl>"
    elif is_array(value) and value:
        yield "<ol>"
        for item in value:
            yield "<li>"
            yield from _value(item)
            yield "</li>"
        yield "</ol>"
    else:
        yield _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return escape(encode(value).decode())
    text = escape(value)
    is_link = value.startswith(_LINKED) and not any(char.isspace() for char in value)
    return f'<a href="{text}" rel="noreferrer">{text}</a>' if is_link else f"<bdi>{text}</bdi>"


def html(template: Render, *, content_security_policy: str = "") -> Representation:
    """
    Return the representation that *template* writes, for `Policy(representations=…)`.

    The template must escape what it shows: `detail` and members can hold what a client sent. Should it fail, the
    problem is sent as JSON.

    >>> from html import escape
    >>> def page(details: ProblemDetails, language: str | None) -> str:
    ...     return f"<!doctype html><title>Sorry</title><h1>{escape(details.title or '')}</h1>{embedded(details)}"
    >>> html(page).media_type
    'text/html; charset=utf-8'

    Args:
        template: Returns the page for some problem details and the tag of their language, if that is known.
        content_security_policy: What the page may load and run. By default styles, images and fonts of your own
            site and styles in the page; no script, and no frame around it.
    """
    return Representation(f"{HTML_TYPE}; charset=utf-8", template, _headers(content_security_policy or _OWN_SITE))


def _headers(policy: str) -> Mapping[str, str]:
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


_NOTHING_ELSE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STRICT: Final = f"default-src 'none'; style-src 'sha256-{_SHA256}'; {_NOTHING_ELSE}"
_OWN_SITE: Final = (
    f"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; {_NOTHING_ELSE}"
)

HTML: Final = html(render_html, content_security_policy=_STRICT)
"""`text/html`, a page for people, for `Policy(representations=…)`."""
