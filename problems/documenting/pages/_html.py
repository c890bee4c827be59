"""
Problem pages as HTML: one document each, with its style sheet and without scripts.

Escapes everything that comes from classes. Does not know requests.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from html import escape
from itertools import groupby
from typing import Final

from problems.documenting.pages._links import Links
from problems.documenting.pages._markdown import inline, to_html
from problems.documenting.pages._parts import Member, advice, members, message, nested, samples, status_line
from problems.documenting.vocabulary import DocumentedHeader, DocumentedType

__all__ = ["POLICY", "index_html", "page_html"]


STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff; --tint: #f3f5f7;
  --link: #0757b5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb8; --line: #3b434d; --paper: #14171b;
  --tint: #1f242a; --link: #86bbff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 1rem 1.25rem; overflow-wrap: anywhere; }
header { padding-bottom: 0; }
footer { border-top: 1px solid var(--line); color: var(--soft); margin-top: 2rem; padding-bottom: 3rem; }
main > p, main > ul, main > ol, main > dl { max-width: 46rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.2rem); line-height: 1.2; margin: .25rem 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
code { background: var(--tint); border-radius: .25rem; padding: .1em .3em; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem;
  overflow-x: auto; overflow-wrap: normal; }
pre code { background: none; padding: 0; }
dl { margin: 0; }
dt { margin-top: .9rem; }
dt + dd, dd { margin: .15rem 0 0 1.25rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
.facts dt, .facts dd { margin: 0; }
.facts dt, .soft { color: var(--soft); }
.types { list-style: none; padding: 0; }
.types li { border-top: 1px solid var(--line); padding: .8rem 0; }
.types li:target { background: var(--tint); outline: .5rem solid var(--tint); }
.types a { font-weight: 600; }
.types p { margin: .15rem 0 0; }
.types { margin: 0; max-width: 46rem; }
.filter ul { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; }
.filter li { border: 1px solid var(--line); border-radius: 2rem; padding: .1rem .8rem; }
main:has(> section:target) > section:not(:target) { display: none; }
.samples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 0 1rem; }
.samples section { min-width: 0; }
.samples pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 30rem) { .facts { display: block; } .facts dd { margin: 0 0 .5rem; } }
@media print { body { background: #fff; color: #000; } }
"""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The policy forbids loading and running anything except the style sheet in the page."""


def page_html(documented: DocumentedType, links: Links, heading: str, operations: Sequence[str] = ()) -> str:
    """
    Return the page of one problem type.

    Args:
        documented: The problem type.
        links: The links of the page.
        heading: The title of the index.
        operations: The operations that can respond with the type, by method and path.
    """
    sections = [
        f"<h1>{escape(documented.title)}</h1>",
        f'<dl class="facts">{"".join(_facts(documented))}</dl>',
        to_html(documented.description),
        *_section("Members", _members(members(documented))),
        *(part for name, inner in nested(documented) if inner for part in _object(name, inner)),
        *_section("Response header fields", _headers(documented)),
        *_section("Operations", _operations(operations)),
        *_section("Example", _pre(message(documented)) if documented.example else ""),
        *_section("How to handle it", "".join(f"<p>{inline(note)}</p>" for note in advice(documented))),
        '<div class="samples">',
        *(
            f"<section><h3>{escape(sample.name)}</h3>{_pre(sample.code)}</section>"
            for sample in samples(documented, operations)
        ),
        "</div>",
    ]
    top = f'<header><nav aria-label="Breadcrumb"><a href="{escape(links.index)}">{escape(heading)}</a></nav></header>'
    return _document(f"{documented.title} · {heading}", top, "\n".join(sections), links)


def index_html(types: Iterable[tuple[DocumentedType, str | None]], links: Links, heading: str) -> str:
    """Return the page that lists the problem types by status, each with a link to its page if it has one."""
    rows = sorted(types, key=lambda row: row[0].status)
    groups = {line: list(group) for line, group in groupby(rows, key=lambda row: status_line(row[0]))}
    parts = [
        f"<h1>{escape(heading)}</h1>",
        "<p>The kinds of errors this API answers with, as problem details (RFC 9457).</p>",
        _filter(groups) if len(groups) > 1 else "",
        *(_group(line, group, links) for line, group in groups.items()),
    ]
    return _document(heading, "", "\n".join(parts), links)


def _filter(groups: Mapping[str, Sized]) -> str:
    """Return links that filter the page by status: the style sheet does it by the fragment, without a script."""
    shown = [
        f'<a href="#{_anchor(line)}">{escape(line)}</a> <span class="soft">{len(group)}</span>'
        for line, group in groups.items()
    ]
    every = f'<a href="#">All</a> <span class="soft">{sum(map(len, groups.values()))}</span>'
    links = "".join(f"<li>{link}</li>" for link in (every, *shown))
    return f'<nav class="filter" aria-label="Status"><ul>{links}</ul></nav>'


def _group(line: str, group: Iterable[tuple[DocumentedType, str | None]], links: Links) -> str:
    rows = [
        _row(item, links.page(path), path) if path is not None else f"<li>{escape(line)}</li>" for item, path in group
    ]
    return f'<section id="{_anchor(line)}"><h2>{escape(line)}</h2><ul class="types">{"".join(rows)}</ul></section>'


def _anchor(line: str) -> str:
    """Return the fragment of a status, which differs from every path of a page."""
    return f"/status/{line.partition(' ')[0]}"


def _operations(operations: Iterable[str]) -> str:
    rows = "".join(f"<li><code>{escape(operation)}</code></li>" for operation in operations)
    return f"<ul>{rows}</ul>" if rows else ""


def _document(title: str, top: str, body: str, links: Links) -> str:
    alternates = links.alternates()
    heads = [
        f'<link rel="alternate" type="{escape(alternate.media_type)}" href="{escape(alternate.href)}">'
        for alternate in alternates
    ]
    feet = [f'<a href="{escape(alternate.href)}">{escape(alternate.name)}</a>' for alternate in alternates]
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


def _members(members: Iterable[Member]) -> str:
    rows = "".join(_member(member) for member in members)
    return f"<dl>{rows}</dl>" if rows else ""


def _member(member: Member) -> str:
    presence = "" if member.required else ", may be absent"
    about = [inline(member.text)] if member.text else []
    about += [f'<span class="soft">{escape(member.limits.capitalize())}.</span>'] if member.limits else []
    term = f'<dt><code>{escape(member.name)}</code> <span class="soft">{escape(member.kind)}{presence}</span></dt>'
    return term + (f"<dd>{'<br>'.join(about)}</dd>" if about else "<dd></dd>")


def _headers(documented: DocumentedType) -> str:
    rows = [_header(header) for header in documented.headers]
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def _header(header: DocumentedHeader) -> str:
    presence = "" if header.required else ' <span class="soft">may be absent</span>'
    return f"<dt><code>{escape(header.name)}</code>{presence}</dt><dd>{inline(header.description)}</dd>"


def _pre(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def _row(documented: DocumentedType, href: str, path: str) -> str:
    first = documented.description.partition("\n\n")[0]
    about = f"<p>{inline(first)}</p>" if first else ""
    return f'<li id="{escape(path)}"><a href="{escape(href)}">{escape(documented.title)}</a>{about}</li>'
