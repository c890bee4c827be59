"""Problem pages as Markdown, for documentation sites and terminals. Does not know requests."""

from collections.abc import Iterable, Iterator, Sequence

from problems.documenting.pages._links import Links
from problems.documenting.pages._parts import Member, advice, members, message, nested, samples, status_line
from problems.documenting.pages._writing import cell, code_span, fenced, line, prose, table
from problems.documenting.vocabulary import DocumentedType

__all__ = ["index_markdown", "page_markdown", "type_cell"]


def page_markdown(documented: DocumentedType, level: int = 1, operations: Sequence[str] = ()) -> str:
    """Return the page of one problem type; its title is a heading of the given level."""
    mark = "#" * level
    facts = [f"- Status: {line(status_line(documented))}", f"- Type: {code_span(documented.type)}"]
    facts += [f"- Also known as: {code_span(alias)}" for alias in documented.aliases]
    parts = [f"{mark} {line(documented.title)}", "\n".join(facts), prose(documented.description)]
    parts += _members(f"{mark}# Members", members(documented))
    for name, inner in nested(documented):
        parts += _members(f"{mark}## {code_span(name)}", inner)
    parts += _headers(f"{mark}# Response header fields", documented)
    if operations:
        parts += [f"{mark}# Operations", "\n".join(f"- {code_span(operation)}" for operation in operations)]
    if documented.example is not None:
        parts += [f"{mark}# Example", fenced(message(documented), "http")]
    parts += [f"{mark}# How to handle it", *advice(documented)]
    for sample in samples(documented, operations):
        parts += [f"**{sample.name}**", fenced(sample.code, sample.language)]
    return "\n\n".join(filter(None, parts)) + "\n"


def index_markdown(types: Iterable[tuple[DocumentedType, str | None]], links: Links, heading: str) -> str:
    """Return the list of the problem types, each with a link to its page if it has one."""
    rows = [_index_row(documented, path and links.text(path)) for documented, path in types]
    return f"# {line(heading)}\n\n{table('Problem type', 'Status', 'Type', rows=rows)}\n"


def _index_row(documented: DocumentedType, href: str | None) -> tuple[str, ...]:
    title = cell(documented.title)
    return title if href is None else f"[{title}]({href})", cell(status_line(documented)), type_cell(documented)


def type_cell(documented: DocumentedType) -> str:
    """Return the type URI as a table cell."""
    return cell(code_span(documented.type))


def _members(heading: str, results: Iterable[Member]) -> Iterator[str]:
    rows = [_row(member) for member in results]
    if rows:
        yield heading
        yield table("Member", "Value", "", rows=rows)


def _row(member: Member) -> tuple[str, ...]:
    about = [member.text, f"{member.limits.capitalize()}." if member.limits else ""]
    about += [] if member.required else ["May be absent."]
    return cell(code_span(member.name)), cell(member.kind), cell(" ".join(filter(None, about)))


def _headers(heading: str, documented: DocumentedType) -> Iterator[str]:
    if documented.headers:
        yield heading
        rows = [(cell(code_span(header.name)), cell(header.description)) for header in documented.headers]
        yield table("Field", "", rows=rows)
