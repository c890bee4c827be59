"""Problem pages as Markdown, for documentation sites and for terminals; knows no request."""

from collections.abc import Iterable, Iterator

from problems.documenting.pages._links import Links
from problems.documenting.pages._markdown import to_markdown
from problems.documenting.pages._parts import Member, advice, code, members, message, nested, status_line
from problems.documenting.vocabulary import DocumentedType

__all__ = ["index_markdown", "page_markdown"]


def page_markdown(documented: DocumentedType) -> str:
    """Return the page of one problem type."""
    lines = [
        f"# {to_markdown(documented.title)}",
        "",
        f"- Status: {status_line(documented)}",
        f"- Type: `{documented.type}`",
    ]
    lines += [f"- Also known as: `{alias}`" for alias in documented.aliases]
    parts = ["\n".join(lines), to_markdown(documented.description), *_members("## Members", members(documented))]
    for name, inner in nested(documented):
        parts += _members(f"### `{name}`", inner)
    parts += _headers(documented)
    if documented.example is not None:
        parts += ["## Example", f"```http\n{message(documented)}\n```"]
    parts += ["## How to handle it", *advice(documented), f"```py\n{code(documented)}\n```"]
    return "\n\n".join(filter(None, parts)) + "\n"


def index_markdown(types: Iterable[tuple[DocumentedType, str | None]], links: Links, heading: str) -> str:
    """Return the list of the problem types, each with the path of its page if it has one."""
    rows = [f"# {heading}", "", "| Problem type | Status | Type |", "|---|---|---|"]
    for documented, path in types:
        title = _cell(documented.title)
        title = title if path is None else f"[{title}]({links.text(path)})"
        rows.append(f"| {title} | {status_line(documented)} | `{documented.type}` |")
    return "\n".join(rows) + "\n"


def _members(heading: str, found: Iterable[Member]) -> Iterator[str]:
    rows = [_row(member) for member in found]
    if rows:
        yield heading
        yield "\n".join(["| Member | Value | |", "|---|---|---|", *rows])


def _row(member: Member) -> str:
    about = [member.text, f"{member.limits.capitalize()}." if member.limits else ""]
    about += [] if member.required else ["May be absent."]
    return f"| `{member.name}` | {_cell(member.kind)} | {_cell(' '.join(filter(None, about)))} |"


def _headers(documented: DocumentedType) -> Iterator[str]:
    if documented.headers:
        yield "## Response header fields"
        rows = [f"| `{it.name}` | {_cell(it.description)} |" for it in documented.headers]
        yield "\n".join(["| Field | |", "|---|---|", *rows])


def _cell(text: str) -> str:
    return " ".join(to_markdown(text).replace("|", "\\|").split())
