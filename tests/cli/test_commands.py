import json
import sys

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from problems.cli._commands import app
from scripts._schemas import FOLDER

SHOP = '''
from fastapi import FastAPI
from problems import Conflict, NotFound, Registry, raises
from problems.fastapi import add_problems

class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int

class OutOfStock(Conflict, type="orders/out-of-stock", title="Out of stock"):
    available: int

registry = Registry(ItemNotFound, OutOfStock, base="https://shop.example/problems/")
clean = Registry(ItemNotFound, base="https://shop.example/problems/")
app = FastAPI()
add_problems(app, registry)

@app.get("/items/{item_id}")
@raises(ItemNotFound)
async def item(item_id: int) -> int: ...

def make_app(fail=False):
    return app

def fail():
    raise ValueError("no database")
'''

ONE = "from shop_of_tests import registry"
NONE = "nothing = 1"
BROKEN = "import json\n1 / 0\n"
NEEDY = "import no_such_module_anywhere"
ENDING = "import sys\nsys.exit(3)\n"
WRONG = 'from problems import Conflict\n\nclass Bad(Conflict, title="Bad"): ...\n'
SILENT = "class E(Exception):\n    def __str__(self):\n        raise ValueError\n\n\nraise E\n"
MORE = {"ending_of_tests": ENDING, "wrong_of_tests": WRONG, "silent_of_tests": SILENT}


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    """A folder with modules to name; what is imported from it is forgotten again."""
    modules = {"shop_of_tests": SHOP, "one_of_tests": ONE, "none_of_tests": NONE}
    for name, text in {**modules, "broken_of_tests": BROKEN, "needy_of_tests": NEEDY, **MORE}.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    yield tmp_path
    for name in [name for name in sys.modules if name.endswith("_of_tests")]:
        del sys.modules[name]


def run(*args, status=0, **options):
    """Run the command, and return its standard output."""
    result = CliRunner().invoke(app, args, **options)
    assert (status, None) == (result.exit_code, result.exception if status == 0 else None)
    return result.stdout


def mistake(*args):
    """Run the command wrongly, and return its standard error, as one line."""
    result = CliRunner().invoke(app, args)
    assert 2 == result.exit_code
    return " ".join(result.stderr.split())


class TestTarget:
    @pytest.mark.parametrize(
        "target",
        [
            pytest.param("shop_of_tests:registry", id="registry"),
            pytest.param("shop_of_tests:app", id="application"),
            pytest.param("one_of_tests", id="module with one"),
            pytest.param("shop_of_tests:make_app()", id="function"),
        ],
    )
    def test_it_names_a_registry(self, target):
        """
        A target is what uvicorn takes; the module suffices if it has only one registry, and a function is called.
        """
        assert "OutOfStock" in run("list", target)

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            pytest.param(
                "no_shop:x", "was not found. It must be in the current folder or in the packages", id="no module"
            ),
            pytest.param(
                "shop_of_tests.errors:x", "The module 'shop_of_tests.errors' was not found.", id="no submodule"
            ),
            pytest.param("shop_of_tests:regstry", "no attribute 'regstry'. Did you mean 'registry'?", id="misspelt"),
            pytest.param("shop_of_tests:zzz", "no attribute 'zzz'. Write `module:attribute`.", id="no attribute"),
            pytest.param("shop_of_tests:", "'shop_of_tests:' is not a target.", id="no name"),
            pytest.param("shop_of_tests", "has 2 registries. Name one of them: `shop_of_tests:registry`", id="two"),
            pytest.param("none_of_tests", "'none_of_tests' has no registry.", id="none"),
            pytest.param(
                "none_of_tests:nothing", "is not a registry; got an object of type 'int'.", id="something else"
            ),
            pytest.param(
                "shop_of_tests:make_app", "is a function. To call it write `shop_of_tests:make_app()`.", id="uncalled"
            ),
            pytest.param("shop_of_tests:fail()", "'shop_of_tests:fail()' fails: ValueError: no database", id="fails"),
            pytest.param("shop_of_tests:app.title()", "'shop_of_tests:app.title' is not a function.", id="no function"),
            pytest.param("broken_of_tests", "cannot be imported: ZeroDivisionError: division by zero", id="broken"),
            pytest.param("shop_of_tests.registry", "Did you mean `shop_of_tests:registry`?", id="dot for colon"),
            pytest.param("shop_of_tests.py", "Did you mean `shop_of_tests:registry`?", id="file"),
            pytest.param("./shop_of_tests.py", "Did you mean `shop_of_tests:registry`?", id="path"),
            pytest.param("ending_of_tests", "'ending_of_tests' cannot be imported: SystemExit: 3", id="script"),
            pytest.param("silent_of_tests", "'silent_of_tests' cannot be imported: E", id="error without text"),
            pytest.param("needy_of_tests", "No module named 'no_such_module_anywhere'", id="missing dependency"),
        ],
    )
    def test_a_mistake_is_a_sentence(self, target, message):
        """
        What is wrong with a target is said in one sentence, without a traceback.
        """
        told = mistake("list", target)

        assert (True, False) == (message in told, "Traceback" in told)

    def test_a_broken_module_is_shown(self):
        """
        An exception at import is reported with its place.
        """
        assert "broken_of_tests.py:2:1/0" in mistake("list", "broken_of_tests").replace(" ", "")

    def test_a_class_that_cannot_be_is_shown(self):
        """
        The message contains the place in the module of the user, not in this package.
        """
        assert "wrong_of_tests.py:3:classBad" in mistake("list", "wrong_of_tests").replace(" ", "")


class TestVersion:
    def test_it_is_that_of_the_distribution(self, shop, monkeypatch):
        """
        What a bug report begins with.
        """
        metadata = shop / "typed_problems-9.8.7.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: typed-problems\nVersion: 9.8.7\n")
        monkeypatch.syspath_prepend(str(shop))

        assert "typed-problems 9.8.7\n" == run("--version")

    def test_a_source_tree_has_none(self, monkeypatch):
        """
        What is not installed has no metadata.
        """
        monkeypatch.setattr("problems.cli._commands._DISTRIBUTION", "no-such-distribution")

        assert "no-such-distribution (not installed)\n" == run("--version")


class TestList:
    def test_it_is_a_table(self):
        """
        For people: the base once, and then status, class, title and type.
        """
        lines = run("list", "shop_of_tests:registry").splitlines()

        assert ["Base: https://shop.example/problems/", ""] == lines[:2]
        assert ["404", "ItemNotFound", "item-not-found"] == lines[3].split()

    def test_no_line_is_longer_than_the_terminal(self):
        """
        Long type URIs are folded, not cut off.
        """
        assert 80 >= max(map(len, run("list", "shop_of_tests:registry").splitlines()))

    def test_it_is_json(self):
        """
        For machines: the vocabulary.
        """
        document = json.loads(run("list", "shop_of_tests:registry", "--format", "json"))

        assert ["ItemNotFound", "OutOfStock", "ValidationProblem"] == [it["name"] for it in document["types"]]


class TestShow:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("OutOfStock", id="class"),
            pytest.param("https://shop.example/problems/orders/out-of-stock", id="type URI"),
            pytest.param("orders/out-of-stock", id="as written"),
            pytest.param("out-of-stock", id="end"),
        ],
    )
    def test_a_type_has_several_names(self, name):
        """
        A type is found by its class, its type URI, or the end of that.
        """
        assert "409 Conflict" in run("show", "shop_of_tests:registry", name)

    @pytest.mark.parametrize(
        ("form", "beginning"),
        [
            pytest.param("markdown", "# Out of stock\n", id="Markdown"),
            pytest.param("json", '{\n  "type": "https://shop.example/problems/orders/out-of-stock"', id="JSON"),
            pytest.param("schema", "{\n", id="JSON Schema"),
        ],
    )
    def test_it_has_several_forms(self, form, beginning):
        """
        The output equals the problem page.
        """
        assert run("show", "shop_of_tests:registry", "OutOfStock", "--format", form).startswith(beginning)

    def test_an_unknown_type_is_a_mistake(self):
        """
        The message lists the existing names.
        """
        assert "Write one of: ItemNotFound, OutOfStock, ValidationProblem." in mistake(
            "show", "shop_of_tests:app", "Gone"
        )

    def test_a_name_of_two_classes_is_a_mistake(self, shop):
        """
        The type URIs distinguish them.
        """
        document = json.loads(run("export", "shop_of_tests:registry"))
        document["types"][1]["name"] = "ItemNotFound"
        (shop / "two.json").write_text(json.dumps(document))
        uris = [f"https://shop.example/problems/{it}" for it in ("item-not-found", "orders/out-of-stock")]

        assert f"'ItemNotFound' matches 2 types. Write the type URI of one: {', '.join(uris)}." in mistake(
            "show", "two.json", "ItemNotFound"
        )

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("ItemNotFuond", "Did you mean `ItemNotFound`?"),
            ("item-not-fuond", "Did you mean `item-not-found`?"),
            ("zzz", "Write one of: ItemNotFound, OutOfStock"),
        ],
        ids=["class", "type", "unlike any"],
    )
    def test_a_misspelt_type_has_a_suggestion(self, name, hint):
        """
        The message contains the most similar name, or all names.
        """
        assert f"{name!r} is not a problem type. {hint}" in mistake("show", "shop_of_tests:registry", name)

    def test_an_ambiguous_type_is_a_mistake(self):
        """
        The common end of several type URIs is ambiguous.
        """
        told = mistake("show", "shop_of_tests:registry", "")

        assert "matches 3 types. Write the type URI of one: https://shop.example/problems/item-not-found," in told


class TestLint:
    def test_findings_exit_with_1(self):
        """
        A finding has its code and its fix.
        """
        told = " ".join(run("lint", "shop_of_tests:registry", status=1).split())

        assert "warning no-description shop_of_tests.py:11 OutOfStock: The class has no docstring" in told

    def test_nothing_exits_with_0(self):
        """
        A clean vocabulary passes.
        """
        assert "No findings.\n" == run("lint", "shop_of_tests:clean")

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param(["--ignore", "no-description"], id="ignored"),
            pytest.param(["--fail-on", "error"], id="not bad enough"),
            pytest.param(["--fail-on", "never"], id="never"),
        ],
    )
    def test_what_fails_is_a_choice(self, options):
        """
        A project decides what it gates on.
        """
        assert run("lint", "shop_of_tests:registry", *options)

    def test_an_unknown_code_is_a_mistake(self):
        """
        A misspelt code would ignore nothing.
        """
        assert "'docstring' is not a lint code. Write one of: blank-with-members," in mistake(
            "lint", "shop_of_tests:registry", "--ignore", "docstring"
        )

    def test_it_annotates(self):
        """
        In GitHub Actions a finding is shown at its line.
        """
        told = run("lint", "shop_of_tests:registry", "--format", "github", status=1)

        assert told.startswith(
            "::warning title=no-description,file=shop_of_tests.py,line=11::OutOfStock: The class has no docstring"
        )

    def test_it_is_json(self):
        """
        The report for machines follows the schema.
        """
        document = json.loads(run("lint", "shop_of_tests:registry", "--format", "json", status=1))
        schema = json.loads((FOLDER / "lint-findings.json").read_text())

        assert Draft202012Validator(schema).is_valid(document)
        assert ["no-description"] == [it["code"] for it in document["findings"]]

    def test_type_uris_are_fetched_if_asked(self, monkeypatch):
        """
        Only `--check-uris` opens connections.
        """
        monkeypatch.setattr("problems.cli._commands.statuses_of", lambda uris: dict.fromkeys(uris, 404))

        assert "dead-type" in run("lint", "shop_of_tests:clean", "--check-uris", status=1)


class TestExport:
    @pytest.mark.parametrize(
        ("form", "beginning"),
        [
            pytest.param("json", '{\n  "version": 1', id="JSON"),
            pytest.param("typescript", "// Written by `problems export", id="TypeScript"),
            pytest.param("markdown", "# Problem types\n", id="Markdown"),
        ],
    )
    def test_it_has_several_formats(self, form, beginning):
        """
        Each format is written to standard output as it is.
        """
        assert run("export", "shop_of_tests:registry", "-f", form).startswith(beginning)

    def test_it_writes_a_file(self, shop):
        """
        With `--output` standard output is empty; standard error names the file.
        """
        result = CliRunner().invoke(app, ["export", "shop_of_tests:registry", "-o", "made/shop.json"])

        assert ("", "Wrote made/shop.json.\n") == (result.stdout, result.stderr)
        assert (shop / "made" / "shop.json").read_text() == run("export", "shop_of_tests:registry")

    def test_an_export_is_a_source(self, shop):
        """
        What was exported can be looked at without the classes.
        """
        run("export", "shop_of_tests:registry", "-o", "shop.json")

        assert run("list", "shop_of_tests:registry") == run("list", "shop.json")

    def test_standard_input_is_a_source(self):
        """
        A dash reads what another program writes.
        """
        assert "OutOfStock" in run("list", "-", input=run("export", "shop_of_tests:registry"))

    def test_a_file_that_cannot_be_written_is_a_mistake(self, shop):
        """
        Not being able to write is reported in a sentence.
        """
        assert "'.' cannot be written: Is a directory." in mistake("export", "shop_of_tests:registry", "-o", ".")


class TestDiff:
    @pytest.fixture(autouse=True)
    def before(self, shop):
        """An export of before: of the registry, with another type URI."""
        text = run("export", "shop_of_tests:registry").replace("orders/out-of-stock", "sold-out")
        (shop / "before.json").write_text(text)

    def test_a_breaking_change_exits_with_1(self):
        """
        A gate for CI: what breaks clients fails.
        """
        told = " ".join(run("diff", "before.json", "shop_of_tests:registry", status=1).split())

        assert "breaking type-renamed https://shop.example/problems/sold-out The type URI is now" in told

    def test_it_may_only_tell(self):
        """
        With `--no-fail` the report is all there is.
        """
        assert "type-renamed" in run("diff", "before.json", "shop_of_tests:registry", "--no-fail")

    def test_no_change_exits_with_0(self):
        """
        Two targets may be compared, too.
        """
        assert "No changes.\n" == run("diff", "shop_of_tests:registry", "shop_of_tests:app")

    def test_it_annotates(self):
        """
        In GitHub Actions a breaking change is an error.
        """
        told = run("diff", "before.json", "shop_of_tests:registry", "-f", "github", status=1)

        assert told.startswith(
            "::error title=type-renamed,file=before.json,line=58::https://shop.example/problems/sold-out: "
        )

    def test_it_is_json(self):
        """
        The report for machines follows the schema.
        """
        document = json.loads(run("diff", "before.json", "shop_of_tests:registry", "-f", "json", status=1))
        schema = json.loads((FOLDER / "diff-report.json").read_text())

        assert Draft202012Validator(schema).is_valid(document)
        assert document["breaking"]

    def test_openapi_documents_are_compared(self):
        """
        Two OpenAPI documents are compared, whichever tool wrote them.
        """
        run("openapi", "shop_of_tests:app", "-o", "openapi.json")

        assert "No changes.\n" == run("diff", "openapi.json", "openapi.json")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param("[]", "'x.json' does not contain a JSON object. It must be an export", id="array"),
            pytest.param("{", "'x.json' is not valid JSON:", id="no JSON"),
            pytest.param(
                '{"a": 1}', "'x.json' does not contain a vocabulary: types: Field required.", id="something else"
            ),
            pytest.param(None, "'x.json' cannot be read: No such file or directory.", id="no file"),
        ],
    )
    def test_another_file_is_a_mistake(self, shop, text, message):
        """
        The message names the expected contents of a file.
        """
        if text is not None:
            (shop / "x.json").write_text(text)

        assert message in mistake("diff", "x.json", "before.json")


LATE = """
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from problems import Gone, raises
from problems.fastapi import add_problems

app = FastAPI()
add_problems(app)

@app.get("/old")
@raises(Gone)
def old(): ...

app.openapi = lambda: get_openapi(title="Late", version="1", routes=app.routes)
"""


class TestOpenApi:
    def test_it_writes_the_document(self):
        """
        The document of an application, with its problems.
        """
        assert "ItemNotFound" in json.loads(run("openapi", "shop_of_tests:app"))["components"]["schemas"]

    def test_an_openapi_that_was_set_later(self, shop):
        """
        An `openapi` that is set after `add_problems` is extended.
        """
        (shop / "late_of_tests.py").write_text(LATE)

        assert "Gone" in json.loads(run("openapi", "late_of_tests:app"))["components"]["schemas"]

    def test_what_has_none_is_a_mistake(self):
        """
        A registry has no document.
        """
        assert "has no OpenAPI document. Name a FastAPI application: `module:app`." in mistake(
            "openapi", "shop_of_tests:registry"
        )


class TestPages:
    def test_it_builds_a_site(self, shop):
        """
        The pages are files that any server of static files serves at the type URIs.
        """
        result = CliRunner().invoke(app, ["pages", "build", "shop_of_tests:registry", "-o", "site"])

        assert ("", "Wrote 16 files to site.\n") == (result.stdout, result.stderr)
        assert "<h1>Out of stock</h1>" in (shop / "site" / "orders" / "out-of-stock" / "index.html").read_text()

    def test_it_builds_markdown(self, shop):
        """
        For the site of another documentation tool only the Markdown is written.
        """
        run("pages", "build", "shop_of_tests:registry", "-o", "docs", "--format", "markdown", "--heading", "Errors")

        assert "# Errors\n" in (shop / "docs" / "index.md").read_text()
        assert [] == list((shop / "docs").rglob("*.html"))


class TestGenerate:
    def test_it_writes_a_module(self, shop):
        """
        An export becomes classes again, in a project that has nothing else of the server.
        """
        run("export", "shop_of_tests:registry", "-o", "shop.json")
        run("generate", "shop.json", "-o", "generated_of_tests.py")

        listed = run("list", "generated_of_tests:registry", "--format", "json")
        assert [it["type"] for it in json.loads(run("list", "shop.json", "--format", "json"))["types"]] == [
            it["type"] for it in json.loads(listed)["types"]
        ]

    def test_it_reads_an_openapi_document(self):
        """
        The classes of an API that is described, in whatever language it is written.
        """
        document = run("openapi", "shop_of_tests:app")

        assert "class ItemNotFound(\n    catalog.NotFound," in run("generate", "-", input=document)


CHECKED = '''
from fastapi import FastAPI
from problems import Conflict, NotFound, Registry, raises
from problems.fastapi import add_problems

class Gone(NotFound, type="gone", title="Gone"):
    """Gone."""

class Sold(Conflict, type="sold", title="Sold"):
    """Sold."""

app = FastAPI()
add_problems(app, Registry(Gone, Sold, base="https://shop.example/problems/"))

@app.get("/items")
@raises(Sold)
async def items() -> int:
    raise Gone
'''


class TestCheck:
    @pytest.fixture(autouse=True)
    def checked(self, shop):
        """An application that does not keep its contract."""
        (shop / "checked_of_tests.py").write_text(CHECKED)

    @pytest.mark.parametrize(
        ("target", "line"),
        [("shop_of_tests:registry", "`module:app`"), ("shop_of_tests:make_app", "`shop_of_tests:make_app()`")],
        ids=["registry", "function"],
    )
    @pytest.mark.parametrize("command", ["check", "migrate"])
    def test_it_needs_an_application(self, command, target, line):
        """
        The message contains the target to write.
        """
        assert f"Name a Starlette or FastAPI application: {line}" in mistake(command, target)

    def test_a_breach_exits_with_1(self):
        """
        What is raised and not declared is an error, what is declared and not raised a warning.
        """
        told = " ".join(run("check", "checked_of_tests:app", status=1).split())

        assert (
            "error undeclared checked_of_tests.py:18 Gone: "
            "GET /items raises Gone (404), which is not declared. (certain)" in told
        )
        assert (
            "warning never-raised checked_of_tests.py:15 Sold: GET /items declares Sold (409), which is never raised."
            in told
        )

    def test_it_annotates(self):
        """
        In GitHub Actions a breach is shown at its line.
        """
        told = run("check", "checked_of_tests:app", "-f", "github", status=1)

        assert told.startswith(
            "::error title=undeclared,file=checked_of_tests.py,line=18::Gone: GET /items raises Gone (404)"
        )

    def test_it_is_json(self):
        """
        The report for machines has the form of the `lint` report.
        """
        document = json.loads(run("check", "checked_of_tests:app", "-f", "json", status=1))

        assert Draft202012Validator(json.loads((FOLDER / "lint-findings.json").read_text())).is_valid(document)

    def test_what_fails_is_a_choice(self):
        """
        A project that begins can look without failing.
        """
        assert run("check", "checked_of_tests:app", "--fail-on", "never")

    def test_a_registry_is_a_mistake(self):
        """
        Only an application has operations.
        """
        assert "is not an application. Name a Starlette or FastAPI application" in mistake(
            "check", "shop_of_tests:registry"
        )


class TestDiffForGitHub:
    """Annotations of `problems diff` stand at a line."""

    AFTER = SHOP.replace("item_id: int\n", "item_id: str\n").replace("orders/out-of-stock", "orders/sold")

    @pytest.fixture
    def sources(self, shop):
        """A registry that has changed since its export."""
        (shop / "after_of_tests.py").write_text(self.AFTER)
        run("export", "shop_of_tests:registry", "-o", "before.json")

    def test_a_change_is_at_its_class(self, sources):
        """
        The class of now, if there is one.
        """
        line = self.AFTER.splitlines().index(
            'class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):'
        )
        out = run("diff", "before.json", "after_of_tests:registry", "-f", "github", status=1)

        assert f"::error title=member-changed,file=after_of_tests.py,line={line + 1}::" in out

    def test_a_change_of_a_file_is_at_its_type_uri(self, sources, shop):
        """
        A type that is gone is at its line in the file that still has it.
        """
        lines = (shop / "before.json").read_text().splitlines()
        line = lines.index('      "type": "https://shop.example/problems/orders/out-of-stock",') + 1
        (shop / "empty.json").write_text('{"version": 1, "types": []}')
        out = run("diff", "before.json", "empty.json", "-f", "github", status=1)

        assert f"::error title=type-removed,file=before.json,line={line}::" in out

    def test_standard_input_has_no_lines(self, sources, shop):
        """
        Without a file there is no annotation at a line.
        """
        out = CliRunner().invoke(app, ["diff", "-", "-", "-f", "github"], input='{"version": 1, "types": []}').stdout

        assert "file=" not in out
