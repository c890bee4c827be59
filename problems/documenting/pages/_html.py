"""
Problem pages for people: one HTML document, style sheet included, without scripts.

Everything that comes from classes is escaped here. Knows no request.
"""

from collections.abc import Iterable, Iterator
from html import escape

from problems.documenting.pages._links import Links
from problems.documenting.pages._markdown import inline, to_html
from problems.documenting.pages._parts import Member, advice, code, members, message, nested, status_line
from problems.documenting.pages._style import STYLE
from problems.documenting.vocabulary import DocumentedHeader, DocumentedType

__all__ = ["index_html", "page_html"]


def page_html(documented: DocumentedType, links: Links, heading: str) -> str:
    """Return the page of one problem type; *heading* is what the index is called."""
    sections = [
        f"<h1>{escape(documented.title)}</h1>",
        f'<dl class="facts">{"".join(_facts(documented))}</dl>',
        to_html(documented.description),
        *_section("Members", _members(members(documented))),
        *(part for name, inner in nested(documented) if inner for part in _object(name, inner)),
        *_section("Response header fields", _headers(documented)),
        *_section("Example", _pre(message(documented)) if documented.example else ""),
        *_section("How to handle it", "".join(f"<p>{inline(it)}</p>" for it in advice(documented))),
        _pre(code(documented)),
    ]
    top = f'<header><nav aria-label="Breadcrumb"><a href="{escape(links.index)}">{escape(heading)}</a></nav></header>'
    return _document(f"{documented.title} · {heading}", top, "\n".join(sections), links)


def index_html(types: Iterable[tuple[DocumentedType, str | None]], links: Links, heading: str) -> str:
    """Return the page that lists the problem types, each with the path of its page if it has one."""
    rows = list(types)
    own = [_row(it, links.page(path), path) for it, path in rows if path is not None]
    plain = [f"<li>{escape(status_line(it))}</li>" for it, path in rows if path is None]
    parts = [
        f"<h1>{escape(heading)}</h1>",
        "<p>The kinds of errors this API answers with, as problem details (RFC 9457).</p>",
        f'<ul class="types">{"".join(own)}</ul>' if own else "",
        *_section("Without a type of their own", f"<ul>{''.join(plain)}</ul>" if plain else ""),
    ]
    return _document(heading, "", "\n".join(parts), links)


def _document(title: str, top: str, body: str, links: Links) -> str:
    alternates = links.alternates()
    heads = [f'<link rel="alternate" type="{escape(it.media_type)}" href="{escape(it.href)}">' for it in alternates]
    feet = [f'<a href="{escape(it.href)}">{escape(it.name)}</a>' for it in alternates]
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{"".join(heads)}
<style>{STYLE}</style>
</head>
<body>
{top}
<main>
{body}
</main>
<footer>Also as {", ".join(feet)}.</footer>
</body>
</html>
"""


def _facts(documented: DocumentedType) -> Iterator[str]:
    yield f"<dt>Status</dt><dd>{escape(status_line(documented))}</dd>"
    yield f"<dt>Type</dt><dd><code>{escape(documented.type)}</code></dd>"
    for alias in documented.aliases:
        yield f"<dt>Also known as</dt><dd><code>{escape(alias)}</code></dd>"


def _section(title: str, content: str) -> list[str]:
    return [f"<h2>{escape(title)}</h2>", content] if content else []


def _object(name: str, inner: Iterable[Member]) -> list[str]:
    return [f"<h3><code>{escape(name)}</code></h3>", _members(inner)]


def _members(found: Iterable[Member]) -> str:
    rows = "".join(_member(it) for it in found)
    return f"<dl>{rows}</dl>" if rows else ""


def _member(member: Member) -> str:
    presence = "" if member.required else ", may be absent"
    about = [inline(member.text)] if member.text else []
    about += [f'<span class="soft">{escape(member.limits.capitalize())}.</span>'] if member.limits else []
    term = f'<dt><code>{escape(member.name)}</code> <span class="soft">{escape(member.kind)}{presence}</span></dt>'
    return term + (f"<dd>{'<br>'.join(about)}</dd>" if about else "<dd></dd>")


def _headers(documented: DocumentedType) -> str:
    rows = [_header(it) for it in documented.headers]
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def _header(header: DocumentedHeader) -> str:
    presence = "" if header.required else ' <span class="soft">may be absent</span>'
    return f"<dt><code>{escape(header.name)}</code>{presence}</dt><dd>{inline(header.description)}</dd>"


def _pre(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def _row(documented: DocumentedType, href: str, path: str) -> str:
    first = documented.description.partition("\n\n")[0]
    about = f"<p>{inline(first)}</p>" if first else ""
    status = f'<span class="status">{escape(status_line(documented))}</span>'
    return f'<li id="{escape(path)}"><a href="{escape(href)}">{escape(documented.title)}</a> {status}{about}</li>'
