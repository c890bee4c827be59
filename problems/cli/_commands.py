"""
The commands: each loads its arguments, calls one function, and prints the result.

This is one thing, because the commands share their arguments, their exit statuses and the format of their reports.
"""

import json
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from inspect import isfunction
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperGroup

from problems import tools
from problems._wire.text import nearest, path_from_here
from problems.cli._fetch import statuses_of
from problems.cli._formatting import formatted, laid_out, sorted_imports
from problems.cli._output import (
    annotation,
    fail,
    named,
    say,
    say_diff,
    say_markdown,
    say_table,
    styled,
    write,
    write_files,
)
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
    """The commands of `problems`; prints the package's own errors as sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the requested command."""
        try:
            return super().invoke(ctx)
        except ProblemsError as error:
            fail(str(error))
            raise typer.Exit(2) from None
        except RecursionError:  # from deeply nested schemas
            fail("The document is nested too deeply. Remove levels of nesting from it.")
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Look at, check and publish the problem types of an API.\n\n"
        "A TARGET is `module:attribute`, as uvicorn takes it: a registry, an application with a registry, or just "
        "a module with one; `module:function()` is the result of the function.\n\n"
        "A SOURCE is a target, or a JSON file: an export, or an OpenAPI document.\n\n"
        "The exit status is 0 without findings, 1 with findings, and 2 for a usage error."
    ),
)

Target = Annotated[str, typer.Argument(help="The registry or application, such as shop.errors:registry.")]
Source = Annotated[str, typer.Argument(help="A target, or a JSON file; - for standard input.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file to write to instead of standard output.")]
Tabular = Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="For people, or for machines.")]
Form = Literal["table", "json", "github"]
Reported = Annotated[
    Form,
    typer.Option("--format", "-f", help="For people, for machines, or as annotations for GitHub Actions."),
]

Threshold = Literal["error", "warning", "info", "never"]
FailOn = Annotated[Threshold, typer.Option(help="The lowest severity that exits with 1.")]
_DISTRIBUTION: Final = "typed-problems"
_LEVELS: Final[tuple[Threshold, ...]] = ("error", "warning", "info", "never")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        try:
            installed = version(_DISTRIBUTION)
        except PackageNotFoundError:  # a source tree on the path
            installed = "(not installed)"
        write(f"{_DISTRIBUTION} {installed}\n", None)
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
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
    rows = [(str(cls.status), named(cls.name, cls.title), cls.type.removeprefix(base)) for cls in vocabulary.types]
    say_table("Status", "Class and title", "Type", rows=rows)


def _base(vocabulary: Vocabulary) -> str:
    """Return the base that most type URIs start with, or an empty text."""
    result = Counter(cls.type.removesuffix(cls.reference) for cls in vocabulary.types if cls.reference is not None)
    return max(result, key=result.__getitem__, default="")


@app.command(rich_help_panel=_LOOK)
def show(
    source: Source,
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The class, its type URI, or the end of its type URI.")],
    *,
    form: Annotated[
        Literal["text", "json", "markdown", "schema"], typer.Option("--format", "-f", help="The format of the output.")
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
    results = [cls for cls in vocabulary.types if name in (cls.name, cls.type, cls.reference)]
    results = results or [cls for cls in vocabulary.types if cls.type.endswith(name)]
    if len(results) == 1:
        return results[0]
    if results:
        uris = ", ".join(result.type for result in results)
        raise TargetError(f"{name!r} matches {len(results)} types. Write the type URI of one: {uris}.")
    names = ", ".join(cls.name for cls in vocabulary.types)
    near = nearest(name, [word for cls in vocabulary.types for word in (cls.name, cls.reference) if word])
    hint = f"Did you mean `{near}`?" if near else f"Write one of: {names}."
    raise TargetError(f"{name!r} is not a problem type. {hint}")


@app.command("lint", rich_help_panel=_CHECK)
def lint_(
    target: Target,
    *,
    form: Reported = "table",
    ignore: Annotated[list[str] | None, typer.Option(help="A code to leave out; may be repeated.")] = None,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"], typer.Option(help="The lowest severity that exits with 1.")
    ] = "warning",
    check_uris: Annotated[bool, typer.Option("--check-uris", help="Report type URIs without a page.")] = False,
) -> None:
    """Report problem types that should change before clients depend on them."""
    if unknown := sorted(set(ignore or ()) - CODES.keys()):
        raise TargetError(f"{unknown[0]!r} is not a lint code. Write one of: {', '.join(sorted(CODES))}.")
    registry = load_registry(target)
    results = unregistered_in(application) if hasattr(application := load(target), "routes") else []
    known = {(result.code, result.type) for result in results}
    results = (
        lint(registry) + results + [item for item in unregistered(registry) if (item.code, item.type) not in known]
    )
    if check_uris:
        results += dead_types(registry, statuses_of(page_addresses(registry)).get)
    results = [finding for finding in results if finding.code not in (ignore or ())]
    _report(results, form, fail_on)


def _report(reported: Iterable[Finding], form: Form, fail_on: Threshold) -> None:
    findings = tuple(reported)
    if form == "json":
        write(Findings(findings=findings).model_dump_json(indent=2, exclude_none=True) + "\n", None)
    elif form == "github":
        for finding in findings:
            line = annotation(
                finding.severity,
                finding.code,
                f"{finding.name}: {finding.message} {finding.fix}",
                file=finding.file,
                line=finding.line,
            )
            write(f"{line}\n", None)
    elif findings:
        rows = [
            (
                styled(finding.severity),
                finding.code,
                f"{_place(finding)}{finding.name}: {finding.message} {finding.fix}",
            )
            for finding in findings
        ]
        say_table("Severity", "Code", "Problem type and finding", rows=rows)
    else:
        say("No findings.")
    if any(_LEVELS.index(finding.severity) <= _LEVELS.index(fail_on) for finding in findings if fail_on != "never"):
        raise typer.Exit(1)


def _place(finding: Finding) -> str:
    """Return the file and line of a finding, in the form that editors and terminals recognise, on a separate line."""
    line = "" if finding.line is None else f":{finding.line}"
    return "" if finding.file is None else f"{finding.file}{line}\n"


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
    before: Annotated[str, typer.Argument(help="The version that clients were built with: a JSON file, or a target.")],
    after: Annotated[str, typer.Argument(help="The current version: a target, or a JSON file.")],
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
        for change in report.changes:
            file, line = next((result for place in places if (result := place.of(change.type))[0]), (None, None))
            write(
                annotation(_impact(change), change.code, f"{change.type}: {change.message}", file=file, line=line)
                + "\n",
                None,
            )
    elif report.changes:
        rows = [(styled(_impact(change)), change.code, f"{change.type}\n{change.message}") for change in report.changes]
        say_table("Impact", "Change", "Problem type and consequence", rows=rows)
    else:
        say("No changes.")
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


def _application(target: str) -> object:
    """Return the application that a target names."""
    application = load(target)
    if hasattr(application, "routes"):
        return application
    line = f"`{target}()`, the result of the function" if isfunction(application) else "`module:app`"
    raise TargetError(f"{target!r} is not an application. Name a Starlette or FastAPI application: {line}.")


@app.command("check", rich_help_panel=_CHECK)
def check_(target: Target, *, form: Reported = "table", fail_on: FailOn = "warning") -> None:
    """Report problems that an application raises and does not declare, or declares and never raises."""
    registry = registry_of(application := _application(target)) or Registry()
    _report([_breach(item, registry) for item in check(application)], form, fail_on)


def _breach(breach: Breach, registry: Registry) -> Finding:
    """Return a breach as a finding: more severe if it is more certain; a type that is never raised breaks no client."""
    severity = _SEVERITIES[breach.certainty]
    return Finding(
        code=breach.kind.replace(" ", "-"),
        severity="warning" if breach.kind in _HARMLESS and severity == "error" else severity,
        type=_uri(breach, registry),
        name=breach.problem.__qualname__,
        message=f"{breach.where} {breach.message} ({breach.certainty})",
        fix=breach.fix,
        file=path_from_here(Path(breach.file)) if breach.file else None,
        line=breach.line or None,
    )


def _uri(breach: Breach, registry: Registry) -> str:
    is_unresolved = breach.kind in ("unregistered", "relative") or breach.problem is Problem
    return breach.problem.problem_type.uri if is_unresolved else registry.uri(breach.problem)


@app.command(rich_help_panel=_WRITE)
def openapi(target: Target, *, output: Output = None) -> None:
    """Write the OpenAPI document of a FastAPI application."""
    application: Any = load(target)
    finish(application)
    make = getattr(application, "openapi", None)
    if not callable(make):
        raise TargetError(f"{target!r} has no OpenAPI document. Name a FastAPI application: `module:app`.")
    write(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", output)


pages = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Write the problem pages as files.")
app.add_typer(pages, name="pages", rich_help_panel=_WRITE)


@pages.command()
def build(
    target: Target,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")],
    heading: Annotated[str, typer.Option(help="The title of the index.")] = "Problem types",
    form: Annotated[
        Literal["all", "markdown"], typer.Option("--format", "-f", help="A complete site, or only Markdown files.")
    ] = "all",
) -> None:
    """Write the problem pages as the files of a static site."""
    site = Pages(load_registry(target), heading=heading)
    files = {output / name: content.decode() for name, content in site.files() if form == "all" or name.endswith(".md")}
    write_files(output, files)


@app.command(rich_help_panel=_WRITE)
def migrate(
    target: Annotated[str, typer.Argument(help="The application, such as shop.server:app.")],
    *,
    write_files_: Annotated[
        bool, typer.Option("--write", help="Change the files. Without it, the command only shows the diff.")
    ] = False,
    only: Annotated[Path | None, typer.Option(help="The file or folder to change. By default, all files.")] = None,
    base: Annotated[str, typer.Option(help="The base URI of the new types.")] = "https://api.example/problems/",
    errors_module: Annotated[
        str | None, typer.Option(help="The module for the new types, such as shop.errors.")
    ] = None,
    responses: Annotated[
        bool, typer.Option("--responses", help="Remove entries of `responses=` that only document the old format.")
    ] = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Write even if the git tree has uncommitted changes.")
    ] = False,
) -> None:
    """
    Replace `raise HTTPException` statements in an application with problem types.

    Shows a diff, and lists each place that it leaves alone with the reason. `--write` changes the files.
    """
    application = _application(target)
    options = tools.migrate.Options(target, only, base, errors_module, responses, laid_out, sorted_imports)
    migration = tools.migrate.migrate(application, options)
    for change in migration.changes:
        say_diff(change.diff())
    for left in migration.left:
        say(str(left))
    say(migration.summary())
    if write_files_:
        tools.migrate.write(migration, allow_dirty=allow_dirty)
