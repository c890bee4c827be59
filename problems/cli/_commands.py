"""
The commands: each loads what its arguments name, calls one function, and prints the result.

This is one thing, because the commands share their arguments, their exit statuses and the form of their reports.
"""

import json
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperGroup

from problems import tools
from problems.cli._fetch import statuses_of
from problems.cli._formatting import formatted
from problems.cli._output import annotation, fail, named, say, say_markdown, say_table, styled, write, write_files
from problems.cli._sources import Places, files_beside, openapi_in, vocabulary_of
from problems.contract import Certainty, check, finish
from problems.contract import Finding as Breach
from problems.declaring.problem import Problem
from problems.documenting.pages import Pages, page_markdown
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.errors import ProblemsError
from problems.registry import Registry
from problems.tools._targets import TargetError, load, load_registry, registry_of
from problems.tools.diff import Change, compare
from problems.tools.export import FORMATS, Format
from problems.tools.generate import generate, generate_from_openapi
from problems.tools.lint import (
    CODES,
    Finding,
    Findings,
    Severity,
    dead_types,
    lint,
    page_addresses,
    unregistered,
    unregistered_in,
)

__all__ = ["app"]

_SEVERITIES: Final[dict[Certainty, Severity]] = {"certain": "error", "likely": "warning", "possible": "info"}
_HARMLESS: Final = frozenset({"never raised", "unregistered", "unsent"})
_LOOK: Final = "Look at problem types"
_CHECK: Final = "Check an API"
_WRITE: Final = "Write for others"


class Commands(TyperGroup):
    """The commands of `problems`; an error of this package becomes a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ProblemsError as error:
            fail(str(error))
            raise typer.Exit(2) from None
        except RecursionError:  # of schemas within schemas; a document is not read to any depth
            fail("A document is nested too deeply to be read. Give one of fewer levels.")
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Look at, check and publish the problem types of an API.\n\n"
        "A TARGET is `module:attribute`, as uvicorn takes it: a registry, an application that was given one, or just "
        "a module that has one; `module:function()` is what the function returns.\n\n"
        "A SOURCE is a target, or a JSON file: an export, or an OpenAPI document.\n\n"
        "The exit status is 0 if all is well, 1 if something was found, 2 if the command was used wrongly."
    ),
)

Target = Annotated[str, typer.Argument(help="The registry or application, such as shop.errors:registry.")]
Source = Annotated[str, typer.Argument(help="A target, or a JSON file; - for standard input.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file to write to, not standard output.")]
Tabular = Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="For people, or for machines.")]
Form = Literal["table", "json", "github"]
Reported = Annotated[
    Form,
    typer.Option("--format", "-f", help="For people, for machines, or as annotations of GitHub Actions."),
]

Threshold = Literal["error", "warning", "info", "never"]
FailOn = Annotated[Threshold, typer.Option(help="The least severity that exits with 1.")]
_DISTRIBUTION: Final = "typed-problems"
_LEVELS: Final[tuple[Threshold, ...]] = ("error", "warning", "info", "never")


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        try:
            told = version(_DISTRIBUTION)
        except PackageNotFoundError:  # a source tree on the path
            told = "(not installed)"
        write(f"{_DISTRIBUTION} {told}\n", None)
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


@app.command("list", rich_help_panel=_LOOK)
def list_(source: Source, *, form: Tabular = "table") -> None:
    """List the problem types."""
    vocabulary = vocabulary_of(source)
    if form == "json":
        write(vocabulary.to_json(), None)
        return
    base = _base(vocabulary)
    if base:
        say(f"Base: {base}\n")
    rows = [(str(it.status), named(it.name, it.title), it.type.removeprefix(base)) for it in vocabulary.types]
    say_table("Status", "Class and title", "Type", rows=rows)


def _base(vocabulary: Vocabulary) -> str:
    """Return the base that most type URIs begin with, or an empty text."""
    found = Counter(it.type.removesuffix(it.reference) for it in vocabulary.types if it.reference is not None)
    return max(found, key=found.__getitem__, default="")


@app.command(rich_help_panel=_LOOK)
def show(
    source: Source,
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The class, its type URI, or the end of that.")],
    *,
    form: Annotated[
        Literal["text", "json", "markdown", "schema"], typer.Option("--format", "-f", help="How to show it.")
    ] = "text",
) -> None:
    """Show one problem type: what it means, its members, an example, and how to handle it."""
    documented = _one(vocabulary_of(source), name)
    if form == "json":
        write(documented.to_json(), None)
    elif form == "schema":
        write(json.dumps(documented.document, indent=2, ensure_ascii=False) + "\n", None)
    elif form == "markdown":
        write(page_markdown(documented), None)
    else:
        say_markdown(page_markdown(documented))


def _one(vocabulary: Vocabulary, name: str) -> DocumentedType:
    found = [it for it in vocabulary.types if name in (it.name, it.type, it.reference)]
    found = found or [it for it in vocabulary.types if it.type.endswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        uris = ", ".join(it.type for it in found)
        raise TargetError(f"{name!r} names {len(found)} types. Give the type URI of one: {uris}.")
    names = ", ".join(it.name for it in vocabulary.types)
    raise TargetError(f"There is no problem type {name!r}. There are: {names}.")


@app.command("lint", rich_help_panel=_CHECK)
def lint_(
    target: Target,
    *,
    form: Reported = "table",
    ignore: Annotated[list[str] | None, typer.Option(help="A code to leave out; may be repeated.")] = None,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"], typer.Option(help="What exits with 1.")
    ] = "warning",
    check_uris: Annotated[bool, typer.Option("--check-uris", help="Get each type URI: is there a page?")] = False,
) -> None:
    """Report problem types that should change before clients depend on them."""
    if unknown := sorted(set(ignore or ()) - CODES.keys()):
        raise TargetError(f"There is no code {unknown[0]!r}. There are: {', '.join(sorted(CODES))}.")
    registry = load_registry(target)
    found = unregistered_in(application) if hasattr(application := load(target), "routes") else []
    known = {(it.code, it.type) for it in found}
    found = lint(registry) + found + [it for it in unregistered(registry) if (it.code, it.type) not in known]
    if check_uris:
        found += dead_types(registry, statuses_of(page_addresses(registry)).get)
    found = [finding for finding in found if finding.code not in (ignore or ())]
    _report(found, form, fail_on)


def _report(found: Iterable[Finding], form: Form, fail_on: Threshold) -> None:
    findings = tuple(found)
    if form == "json":
        write(Findings(findings=findings).model_dump_json(indent=2, exclude_none=True) + "\n", None)
    elif form == "github":
        for it in findings:
            told = annotation(it.severity, it.code, f"{it.name}: {it.message} {it.fix}", file=it.file, line=it.line)
            write(f"{told}\n", None)
    elif findings:
        rows = [(styled(it.severity), it.code, f"{_place(it)}{it.name}: {it.message} {it.fix}") for it in findings]
        say_table("Severity", "Code", "What, and what to do", rows=rows)
    else:
        say("Nothing was found.")
    if any(_LEVELS.index(it.severity) <= _LEVELS.index(fail_on) for it in findings if fail_on != "never"):
        raise typer.Exit(1)


def _place(found: Finding) -> str:
    """Return where something was found, as editors and terminals read it, on a line of its own."""
    line = "" if found.line is None else f":{found.line}"
    return "" if found.file is None else f"{found.file}{line}\n"


@app.command(rich_help_panel=_WRITE)
def export(
    source: Source,
    *,
    form: Annotated[Format, typer.Option("--format", "-f", help="The format.")] = "json",
    output: Output = None,
) -> None:
    """Write the problem types for other programs: as JSON, TypeScript or Markdown."""
    write(FORMATS[form](vocabulary_of(source)), output)


@app.command(rich_help_panel=_CHECK)
def diff(
    before: Annotated[str, typer.Argument(help="What clients were built with: a JSON file, or a target.")],
    after: Annotated[str, typer.Argument(help="What there is now: a target, or a JSON file.")],
    *,
    form: Reported = "table",
    fail: Annotated[bool, typer.Option("--fail/--no-fail", help="Exit with 1 if a change breaks clients.")] = True,
) -> None:
    """Report what changed between two versions, and which changes break clients."""
    report = compare(vocabulary_of(before), vocabulary_of(after))
    if form == "json":
        write(report.model_dump_json(indent=2, exclude_none=True) + "\n", None)
    elif form == "github":
        places = Places(after), Places(before)
        for it in report.changes:
            file, line = next((found for place in places if (found := place.of(it.type))[0]), (None, None))
            write(annotation(_impact(it), it.code, f"{it.type}: {it.message}", file=file, line=line) + "\n", None)
    elif report.changes:
        rows = [(styled(_impact(it)), it.code, f"{it.type}\n{it.message}") for it in report.changes]
        say_table("Impact", "Change", "Where, and what it means", rows=rows)
    else:
        say("Nothing has changed.")
    if fail and report.breaking:
        raise typer.Exit(1)


def _impact(change: Change) -> str:
    return "breaking" if change.breaking else "compatible"


@app.command("generate", rich_help_panel=_WRITE)
def generate_(source: Source, *, output: Output = None) -> None:
    """Write a Python module with the classes of an API, from an export or an OpenAPI document."""
    document, vocabulary = openapi_in(source)
    if vocabulary is None:
        text = generate_from_openapi(document or {}, read=files_beside(source))
    else:
        text = generate(vocabulary)
    write(formatted(text, output), output)


@app.command("check", rich_help_panel=_CHECK)
def check_(target: Target, *, form: Reported = "table", fail_on: FailOn = "warning") -> None:
    """Report problems that an application raises and does not declare, or declares and never raises."""
    registry = registry_of(application := load(target)) or Registry()
    if not hasattr(application, "routes"):
        raise TargetError(f"{target!r} is no application. Name one of Starlette or FastAPI.")
    _report([_breach(it, registry) for it in check(application)], form, fail_on)


def _breach(found: Breach, registry: Registry) -> Finding:
    """Return a breach as a finding: the surer it is, the more severe; a type that is never raised breaks nothing."""
    severity = _SEVERITIES[found.certainty]
    return Finding(
        code=found.kind.replace(" ", "-"),
        severity="warning" if found.kind in _HARMLESS and severity == "error" else severity,
        type=_uri(found, registry),
        name=found.problem.__qualname__,
        message=f"{found.where} {found.message} ({found.certainty})",
        fix=found.fix,
        file=_relative(found.file) if found.file else None,
        line=found.line or None,
    )


def _uri(found: Breach, registry: Registry) -> str:
    is_unresolved = found.kind in ("unregistered", "relative") or found.problem is Problem
    return found.problem.problem_type.uri if is_unresolved else registry.uri(found.problem)


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@app.command(rich_help_panel=_WRITE)
def openapi(target: Target, *, output: Output = None) -> None:
    """Write the OpenAPI document of a FastAPI application."""
    found: Any = load(target)
    finish(found)
    make = getattr(found, "openapi", None)
    if not callable(make):
        raise TargetError(f"{target!r} has no OpenAPI document. Name a FastAPI application.")
    write(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", output)


pages = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Write the problem pages as files.")
app.add_typer(pages, name="pages", rich_help_panel=_WRITE)


@pages.command()
def build(
    target: Target,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")],
    heading: Annotated[str, typer.Option(help="What the index is called.")] = "Problem types",
    form: Annotated[
        Literal["all", "markdown"], typer.Option("--format", "-f", help="A site, or Markdown for one.")
    ] = "all",
) -> None:
    """Write the problem pages as the files of a static site."""
    made = Pages(load_registry(target), heading=heading)
    found = {output / name: content.decode() for name, content in made.files() if form == "all" or name.endswith(".md")}
    write_files(output, found)


@app.command(rich_help_panel=_WRITE)
def migrate(
    target: Annotated[str, typer.Argument(help="The application, such as shop.server:app.")],
    *,
    write_files_: Annotated[
        bool, typer.Option("--write", help="Change the files; without it, only show the diff.")
    ] = False,
    only: Annotated[Path | None, typer.Option(help="The file or folder to change, not everything in reach.")] = None,
    base: Annotated[str, typer.Option(help="The base URI of the new types.")] = "https://api.example/problems/",
    errors_module: Annotated[
        str | None, typer.Option(help="The module for the new types, such as shop.errors.")
    ] = None,
    responses: Annotated[
        bool, typer.Option("--responses", help="Remove `responses=` that only document the old form.")
    ] = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Write even if git has uncommitted changes.")
    ] = False,
) -> None:
    """Replace the raises of `HTTPException` in an application by problem types."""
    application = load(target)
    if not hasattr(application, "routes"):
        raise TargetError(f"{target!r} is not an application. Name one of Starlette or FastAPI: `module:app`.")
    options = tools.migrate.Options(target, only, base, errors_module, responses, formatted)
    found = tools.migrate.migrate(application, options)
    for change in found.changes:
        write(change.diff(), None)
    for left in found.left:
        write(f"{left}\n", None)
    write(f"{found.summary()}\n", None)
    if write_files_:
        tools.migrate.write(found, allow_dirty=allow_dirty)
