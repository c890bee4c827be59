"""`problems migrate`, on applications that are written to a folder and imported from it."""

import ast
import importlib
import json
import linecache
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.contract import check
from problems.errors import SetupError
from problems.tools.migrate import Options, migrate, write
from problems.tools.migrate._details import Unclear, Values, literal, read_detail
from problems.tools.migrate._names import class_name, kebab, title_of

HEAD: Final = """\
from fastapi import Depends, FastAPI, HTTPException, status
from pydantic import BaseModel
from problems.fastapi import add_problems

app = FastAPI()
add_problems(app)
"""


class Project:
    """An application in a folder of its own."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.chdir(folder)

    def write(self, body, head=HEAD, name="shop_app.py"):
        (self.folder / name).write_text(head + body, encoding="utf-8")
        return self

    def apply(self):
        """Migrate and write."""
        write(self.migrate(), allow_dirty=True)

    def load(self):
        """Import the application anew."""
        for name in ("errors", "shop_app", "shop_parts"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        linecache.checkcache()
        return importlib.import_module("shop_app").app

    def migrate(self, **options):
        return migrate(self.load(), Options("shop_app:app", **options))

    def migrated(self, **options):
        """Migrate, write, and return the new application and the source of its module and of the new types."""
        found = self.migrate(**options)
        write(found, allow_dirty=True)
        errors = self.folder / "errors.py"
        source = (self.folder / "shop_app.py").read_text("utf-8")
        return self.load(), source, errors.read_text("utf-8") if errors.exists() else ""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project."""
    yield Project(tmp_path, monkeypatch)
    for name in ("errors", "shop_app", "shop_parts"):
        sys.modules.pop(name, None)


def body_of(app, path="/"):
    return TestClient(app, raise_server_exceptions=False).get(path)


KINDS: Final = {
    "text": ('HTTPException(404, "Item not found")', "ItemNotFound"),
    "keywords": ('HTTPException(detail="Item not found", status_code=404)', "ItemNotFound"),
    "constant of the framework": ('HTTPException(status.HTTP_409_CONFLICT, "Already taken")', "AlreadyTaken"),
    "f-string": ('HTTPException(404, f"No item has the id {item_id}.")', "NoItemId"),
    "percent": ('HTTPException(404, "No item %d here" % item_id)', "NoItem"),
    "format": ('HTTPException(404, "No item {} here".format(item_id))', "NoItem"),
    "format by name": ('HTTPException(404, "No item {it} here".format(it=item_id))', "NoItem"),
    "dictionary": ('HTTPException(400, {"message": "Bad voucher", "code": 7, "item": item_id})', "BadVoucher"),
    "without detail": ("HTTPException(410)", "Gone"),
    "challenge": ('HTTPException(401, "Log in", headers={"WWW-Authenticate": "Bearer"})', "LogIn"),
    "401 without challenge": ('HTTPException(401, "Log in")', "LogIn"),
    "retry after": ('HTTPException(429, "Slow down", headers={"Retry-After": "30", "X-A": "b"})', "SlowDown"),
    "unregistered status": ('HTTPException(499, "Closed early")', "ClosedEarly"),
    "braces and quotes": ("HTTPException(400, 'A {brace} and a \"quote\"')", "BraceAndQuote"),
}


class TestOneRaise:
    @pytest.mark.parametrize(("code", "name"), KINDS.values(), ids=KINDS)
    def test_its_response_stays(self, project, code, name):
        """
        Status, detail, members and header fields are what they were.
        """
        body = f'\n\n@app.get("/")\nasync def read(item_id: int = 7) -> None:\n    raise {code}\n'
        before = body_of(project.write(body).load())
        app, source, _ = project.migrated()
        after = body_of(app)
        kept = ("status", "detail", "code", "item")

        assert [before.status_code, *(before.json().get(key) for key in kept)] == [
            after.status_code,
            *(after.json().get(key) for key in kept),
        ]
        assert {key: before.headers.get(key) for key in ("www-authenticate", "retry-after", "x-a")} == {
            key: after.headers.get(key) for key in ("www-authenticate", "retry-after", "x-a")
        }
        assert f"raise {name}" in source

    @pytest.mark.parametrize("code", [code for code, _ in KINDS.values()], ids=KINDS)
    def test_its_contract_is_clean(self, project, code):
        """
        What was in reach is declared afterwards.
        """
        body = f'\n\n@app.get("/")\nasync def read(item_id: int = 7) -> None:\n    raise {code}\n'
        app, _, _ = project.write(body).migrated()

        assert [] == check(app)

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            pytest.param("HTTPException(item_id, 'No')", "its status is not a number", id="status"),
            pytest.param("HTTPException(404, load(item_id))", "its detail is not a text", id="detail"),
            pytest.param("HTTPException(503, 'Broken')", "the text of a 503 is not sent", id="server error"),
            pytest.param("HTTPException(*[404, 'No'])", "unpacked", id="starred"),
            pytest.param("HTTPException(400, {'detail': 'No', 'status': 7})", "'status'", id="reserved member"),
            pytest.param("HTTPException(400, {load(1): 'No'})", "whose keys", id="keys"),
        ],
    )
    def test_what_cannot_be_read_is_left_alone(self, project, code, reason):
        """
        The source stays, and the list has file, line and reason.
        """
        body = (
            "\n\ndef load(item_id: int) -> str:\n    return str(item_id)\n"
            f'\n\n@app.get("/")\nasync def read(item_id: int = 404) -> None:\n    raise {code}\n'
        )
        project.write(body)
        found = project.migrate()
        _, source, _ = project.migrated()
        line = next(n for n, text in enumerate((HEAD + body).splitlines(), 1) if "    raise" in text)

        assert f"raise {code}" in source
        assert [f"shop_app.py:{line}"] == [str(it).rpartition(": ")[0] for it in found.left if reason in it.reason]


FIELDS: Final = {
    401: ("WWW-Authenticate", 'Bearer realm="shop"'),
    405: ("Allow", "GET, PUT"),
    407: ("Proxy-Authenticate", "Basic"),
    413: ("Retry-After", "30"),
    416: ("Content-Range", "bytes */10"),
    426: ("Upgrade", "HTTP/3.0"),
    429: ("Retry-After", "30"),
    451: ("Link", '<https://shop.example/law>; rel="blocked-by"'),
    503: ("Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT"),
}
"""A header field that HTTP ties to a status."""


class TestFields:
    @pytest.mark.parametrize("form", ["literal", "parameter", "absent", "name in lower case", "empty"])
    @pytest.mark.parametrize("status", FIELDS)
    def test_fields_of_a_status_stay(self, project, status, form):
        """
        Status, detail and header fields are the same after the migration, whatever the field of the status is.
        """
        name, value = FIELDS[status]
        forms = {
            "literal": f", headers={{{name!r}: {value!r}}}",
            "parameter": f", headers={{{name!r}: value}}",
            "absent": "",
            "name in lower case": f", headers={{{name.lower()!r}: {value!r}}}",
            "empty": f", headers={{{name!r}: ''}}",
        }
        body = (
            f'\n\n@app.get("/")\nasync def read(value: str = {value!r}) -> None:\n'
            f'    raise HTTPException({status}, "It does not work"{forms[form]})\n'
        )
        project.write(
            body,
            HEAD.replace("add_problems(app)", "", 1).replace("from problems.fastapi import add_problems\n", ""),
        )
        before = body_of(project.load())
        found = project.migrated()[0]
        after = body_of(found)

        assert [] == check(found)
        assert (before.status_code, before.headers.get(name) or None) == (
            after.status_code,
            after.headers.get(name) or None,
        )


class TestShapes:
    def test_a_cause_stays(self, project):
        """
        `raise … from` keeps its cause.
        """
        body = (
            '\n\n@app.get("/")\nasync def read() -> None:\n    try:\n        {}["a"]\n    except KeyError as error:\n'
            '        raise HTTPException(404, "Item not found") from error\n'
        )
        _, source, _ = project.write(body).migrated()

        assert "raise ItemNotFound from error" in source

    def test_both_branches_of_a_conditional_raise(self, project):
        """
        Each call in the statement is replaced.
        """
        body = (
            '\n\n@app.get("/")\nasync def read(old: bool = False) -> None:\n'
            '    raise HTTPException(410, "Was sold") if old else HTTPException(404, "Item not found")\n'
        )
        app, source, _ = project.write(body).migrated()

        assert re.search(r"raise Sold(\(\))? if old else ItemNotFound", source)
        assert (410, 404) == (body_of(app, "/?old=true").status_code, body_of(app).status_code)

    def test_a_module_constant(self, project):
        """
        An exception that is kept in a constant is replaced where it is made.
        """
        body = (
            '\nMISSING = HTTPException(404, "Item not found")\n\n\n'
            '@app.get("/")\nasync def read() -> None:\n    raise MISSING\n'
        )
        app, source, _ = project.write(body).migrated()

        assert "MISSING = ItemNotFound()" in source
        assert "Item not found" == body_of(app).json()["detail"]

    def test_a_dependency_and_a_helper(self, project):
        """
        `@raises` is on the function that raises, and on the endpoint or dependency that calls it.
        """
        body = (
            '\n\ndef fail() -> None:\n    raise HTTPException(409, "Already taken")\n'
            '\n\ndef load(item_id: int = 7) -> int:\n    raise HTTPException(404, "Item not found")\n'
            '\n\n@app.get("/")\nasync def read(item: int = Depends(load)) -> None:\n    fail()\n'
        )
        app, source, _ = project.write(body).migrated()

        assert re.search(r"@raises\(AlreadyTaken\)\ndef fail", source)
        assert re.search(r"@raises\(ItemNotFound\)\ndef load", source)
        assert re.search(r"@raises\(AlreadyTaken\)\nasync def read", source)
        assert [] == check(app)

    def test_an_existing_declaration_is_extended(self, project):
        """
        A function that has `@raises` keeps what it declares.
        """
        body = (
            "\nfrom problems import Gone, raises\n"
            '\n\n@app.get("/")\n@raises(Gone)\nasync def read(old: bool = False) -> None:\n'
            '    if old:\n        raise Gone("Sold.")\n    raise HTTPException(404, "Item not found")\n'
        )
        _, source, _ = project.write(body).migrated()

        assert "@raises(Gone, ItemNotFound)" in source

    def test_members_come_from_annotations_and_models(self, project):
        """
        Parameters and the fields of models are typed members.
        """
        body = (
            "\n\nclass Item(BaseModel):\n    name: str\n    amount: int\n"
            '\n\n@app.post("/")\nasync def add(item: Item, page: int = 1) -> None:\n'
            '    raise HTTPException(409, f"{item.name} is sold, see page {page}.")\n'
        )
        _, source, errors = project.write(body).migrated()

        assert "item_name=item.name, page=page" in source
        assert "    item_name: str\n    page: int\n" in errors

    def test_a_text_that_a_template_would_change_is_passed(self, project):
        """
        A formatted number looks otherwise in a template, so the text is made where the problem is raised.
        """
        body = (
            '\n\n@app.get("/")\nasync def read(price: float = 2.5) -> None:\n'
            '    raise HTTPException(402, f"It costs {price:.2f} euros.")\n'
        )
        app, source, errors = project.write(body).migrated()

        assert 'f"It costs {price:.2f} euros.", price=price' in source
        assert "    price: float\n" in errors
        assert ("It costs 2.50 euros.", 2.5) == (body_of(app).json()["detail"], body_of(app).json()["price"])

    def test_equal_errors_are_one_type(self, project):
        """
        The same status and text is one class, wherever it is raised.
        """
        body = "".join(
            f'\n\n@app.get("/{number}")\nasync def read{number}() -> None:\n'
            '    raise HTTPException(404, "Item not found")\n'
            for number in range(3)
        )
        found = project.write(body).migrate()

        assert (3, ["ItemNotFound"]) == (found.replaced, [it.name for it in found.types])

    def test_an_application_without_problems_gets_them(self, project):
        """
        `add_problems` is written after the application, with the old detail for its clients.
        """
        head = "from fastapi import FastAPI, HTTPException\n\napp = FastAPI()\n"
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        app, source, _ = project.write(body, head).migrated()

        assert "app = FastAPI()\nadd_problems(app, registry, policy=Policy(legacy_detail=True))\n" in source
        assert "https://api.example/problems/item-not-found" == body_of(app).json()["type"]


class TestRunningItAgain:
    def test_nothing_changes(self, project):
        """
        The result of a migration has nothing to migrate.
        """
        body = '\n\n@app.get("/")\nasync def read(x: int = 1) -> None:\n    raise HTTPException(404, f"No {x} here")\n'
        project.write(body).migrated()

        assert () == project.migrate().changes

    def test_later_types_join_the_module(self, project):
        """
        What is raised later is added to the module of problem types, and to its registry.
        """
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        _, source, _ = project.write(body).migrated()
        more = '\n\n@app.get("/b")\nasync def other() -> None:\n    raise HTTPException(409, "Already taken")\n'
        project.write(source + more, "from fastapi import HTTPException\n")
        app, _, _ = project.migrated()

        assert ["item-not-found", "already-taken"] == [
            body_of(app, path).json()["type"].rpartition("/")[2] for path in ("/", "/b")
        ]


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
    def test_other_bytes_stay(self, project, encoding, end):
        """
        Encoding, line ends, comments and odd formatting outside of the changed lines stay.
        """
        text = (
            f"# -*- coding: {encoding} -*-\n{HEAD}# Füße\nodd   =  [1,2 ,3]\n"
            '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")  # why\n'
        )
        content = text.replace("\n", end).encode(encoding)
        (project.folder / "shop_app.py").write_bytes(content)
        project.apply()
        after = (project.folder / "shop_app.py").read_bytes()

        assert [] == [line for line in _untouched(content) if line not in after.splitlines(keepends=True)]
        assert (b"\r\n" in after) == (end == "\r\n")

    def test_comments_inside_a_call_stay(self, project):
        """
        A comment between arguments stands above the statement.
        """
        body = (
            '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(\n'
            '        404,  # as the old API had it\n        "Item not found",\n    )\n'
        )
        _, source, _ = project.write(body).migrated()

        assert "    # as the old API had it\n    raise ItemNotFound\n" in source

    def test_only_one_file(self, project):
        """
        `only` leaves other files alone.
        """
        body = '\nfrom shop_parts import fail\n\n\n@app.get("/")\nasync def read() -> None:\n    fail()\n'
        part = 'from fastapi import HTTPException\n\n\ndef fail() -> None:\n    raise HTTPException(404, "No")\n'
        project.write(body).write(part, "", "shop_parts.py")
        found = project.migrate(only=project.folder / "shop_app.py")

        assert [] == [it.path.name for it in found.changes if it.path.name == "shop_parts.py"]

    def test_uncommitted_changes_are_refused(self, project):
        """
        A file that git would lose changes of is not written.
        """
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        project.write(body)
        for command in (["init", "-q"], ["add", "."]):
            subprocess.run(["git", *command], cwd=project.folder, check=True)  # noqa: S603, S607 - git
        with pytest.raises(SetupError, match=r"uncommitted changes.*--allow-dirty"):
            write(project.migrate())

    def test_a_foreign_errors_module_is_not_overwritten(self, project):
        """
        The message names the option for another module.
        """
        (project.folder / "errors.py").write_text("class Mine(Exception): ...\n")
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        with pytest.raises(SetupError, match=r"--errors-module"):
            project.write(body).migrate()

    def test_handlers_that_would_not_see_problems_are_changed(self, project):
        """
        FastAPI's `HTTPException` is not a base of problems.
        """
        body = (
            '\n\n@app.get("/")\nasync def read() -> None:\n    try:\n'
            '        raise HTTPException(404, "Item not found")\n'
            "    except HTTPException:\n        raise\n"
        )
        app, source, _ = project.write(body).migrated()

        assert "    except StarletteHTTPException:\n" in source
        assert (404, "Item not found") == (body_of(app).status_code, body_of(app).json()["detail"])

    def test_handlers_outside_of_only_are_listed(self, project):
        """
        A file that may not be changed has file, line and reason.
        """
        part = (
            "from fastapi import HTTPException\n\n\ndef guarded(call) -> None:\n    try:\n        call()\n"
            "    except HTTPException:\n        raise\n"
        )
        body = (
            "\nfrom shop_parts import guarded\n\n\ndef fail() -> None:\n"
            '    raise HTTPException(404, "Item not found")\n\n\n@app.get("/")\ndef read() -> None:\n'
            "    guarded(fail)\n"
        )
        project.write(body).write(part, "", "shop_parts.py")
        found = project.migrate(only=project.folder / "shop_app.py")

        assert ["catch `starlette.exceptions.HTTPException`"] == [it.reason.rpartition("; ")[2] for it in found.left]


class TestOptions:
    """Options that cannot be used raise an error before a file is written."""

    @pytest.mark.parametrize(
        ("base", "line"),
        [
            pytest.param("https://shop.example/problems", "--base https://shop.example/problems/`", id="no slash"),
            pytest.param("/problems/", "--base https://api.example/problems/`", id="relative"),
            pytest.param("", "--base https://api.example/problems/`", id="empty"),
            pytest.param("a base", "--base https://api.example/problems/`", id="not a URI"),
            pytest.param('https://shop.example/"/', "--base https://api.example/problems/`", id="quote"),
        ],
    )
    def test_a_base_that_is_not_one(self, base, line):
        """
        The base is checked as a registry checks it.
        """
        with pytest.raises(SetupError, match=f"is not a base URI: .* Write `{re.escape(line)}"):
            Options("shop_app:app", base=base)

    def test_a_base(self, project):
        """
        The new registry has the base, and so have the types on the wire.
        """
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        app, _, _ = project.write(body).migrated(base="https://shop.example/p#")

        assert "https://shop.example/p#item-not-found" == body_of(app).json()["type"]

    @pytest.mark.parametrize(
        "name", ["class", "my-errors", "errors.py", "", "shop.", ".errors", "shop..errors", "a b", "1"]
    )
    def test_a_name_that_no_module_has(self, name):
        """
        The name of the new module is one that can be imported.
        """
        with pytest.raises(SetupError, match=r"is not the name of a module.*--errors-module shop\.errors`"):
            Options("shop_app:app", errors_module=name)

    @pytest.mark.parametrize("name", ["json", "sys", "fastapi", "starlette.more"])
    def test_a_name_that_is_taken(self, project, name):
        """
        A new module never hides one that is installed.
        """
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        with pytest.raises(SetupError, match=r"would hide an installed module.*--errors-module problem_types`"):
            project.write(body).migrate(errors_module=name)

    @pytest.mark.parametrize("name", ["problem_types", "shop_kit.problem_types", "shop_kit_2.errors"])
    def test_another_module(self, project, name):
        """
        The types are written into the module that is named, in an existing or a new folder.
        """
        (project.folder / "shop_kit").mkdir()
        body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
        app, source, _ = project.write(body).migrated(errors_module=name)

        assert f"from {name} import ItemNotFound" in source
        assert "item-not-found" == body_of(app).json()["type"].rpartition("/")[2]

    def test_a_path_that_does_not_exist(self, project):
        """
        A path with a typing error is not taken for one without raises.
        """
        with pytest.raises(SetupError, match=r"`--only .*shop_ap\.py` does not exist"):
            Options("shop_app:app", only=project.folder / "shop_ap.py")


class TestOldDocumentation:
    BODY = (
        "\n\nclass Old(BaseModel):\n    detail: str\n"
        '\n\n@app.get("/", responses={404: {"model": Old}, 200: {"description": "Fine."}})\n'
        'async def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
    )

    def test_it_is_listed(self, project):
        """
        The list names the option that removes it.
        """
        found = project.write(self.BODY).migrate()

        assert ["remove it with `--responses`"] == [it.reason.rpartition("; ")[2] for it in found.left]

    def test_it_is_removed_when_asked(self, project):
        """
        Other entries stay, and the document has the schema of the problem.
        """
        app, source, _ = project.write(self.BODY).migrated(responses=True)
        document = app.openapi()

        assert 'responses={200: {"description": "Fine."}}' in source
        assert "404" in document["paths"]["/"]["get"]["responses"]
        assert {"ItemNotFound"} == {"ItemNotFound", "Old"} & set(document["components"]["schemas"])


DOMAIN: Final = """\
class Gone(Exception): ...
class Taken(Exception): ...
class Busy(Exception): ...


class Teapot(Exception):
    def __init__(self, text: str) -> None:
        self.text = text
"""
HANDLERS: Final = """

class OrderGone(LookupError):
    order_id: int

    def __init__(self, order_id: int) -> None:
        super().__init__(f"order {order_id} is gone")
        self.order_id = order_id


async def gone(request: Request, exc: Gone) -> JSONResponse:
    # It was deleted.
    return JSONResponse(status_code=410, content={"detail": str(exc)})


def busy(_: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The shop is busy"}, 503, {"Retry-After": "5"})


app = FastAPI(exception_handlers={Gone: gone, Busy: busy})
ADDED

# Orders leave.
@app.exception_handler(OrderGone)
async def order_gone(request: Request, exc: OrderGone) -> JSONResponse:
    \"\"\"Answer a missing order.\"\"\"
    return JSONResponse(status_code=404, content={"detail": f"Order {exc.order_id} is gone"})


@app.exception_handler(Taken)
def taken(request: Request, exc: Taken):
    raise HTTPException(409, "Already taken")


@app.exception_handler(KeyError)
def missing(request: Request, exc: KeyError) -> JSONResponse:
    print("missing")
    return JSONResponse({"detail": "Missing"}, 404)


async def teapot(request: Request, exc: Teapot) -> JSONResponse:
    return JSONResponse({"detail": exc.text}, status_code=418)


app.add_exception_handler(Teapot, teapot)


@app.get("/{kind}")
def read(kind: str) -> None:
    if kind == "gone":
        raise Gone("went")
    if kind == "order":
        raise OrderGone(7)
    if kind == "taken":
        raise Taken
    if kind == "tea":
        raise Teapot("short")
    if kind == "busy":
        raise Busy
    raise KeyError(kind)
"""
IMPORTS: Final = (
    "from fastapi import FastAPI, HTTPException, Request\nfrom fastapi.responses import JSONResponse\n"
    "from problems import Policy\nfrom problems.fastapi import add_problems\n\n"
    "from shop_parts import Busy, Gone, Taken, Teapot\n"
)


class TestExceptionHandlers:
    """Handlers of domain exceptions that only answer with a `detail`."""

    PATHS = ("/gone", "/order", "/taken", "/tea", "/busy", "/key")

    def answers(self, app):
        found = [body_of(app, path) for path in self.PATHS]
        return [(it.status_code, it.headers.get("retry-after"), it.json()["detail"]) for it in found]

    @pytest.fixture(
        params=["", "add_problems(app, policy=Policy(legacy_detail=True))\n"], ids=["without problems", "with problems"]
    )
    def shop(self, request, project):
        project.write(DOMAIN, "", "shop_parts.py")
        return project.write(HANDLERS.replace("ADDED\n", request.param), IMPORTS)

    def test_they_become_translations_with_the_same_responses(self, shop):
        """
        Status, `detail` and header fields stay, wherever `add_problems` is called.
        """
        before = self.answers(shop.load())
        found = shop.migrate()
        app, source, _ = shop.migrated()

        assert before == self.answers(app)
        assert found.translated == len(app.problems_installed.setup.policy.translate)
        assert "exception_handlers" not in source

    def test_the_contract_is_clean(self, shop):
        """
        Endpoints declare what their domain exceptions become, and a second run changes nothing.
        """
        app, _, _ = shop.migrated()

        assert [] == [it for it in check(app) if it.problem.__module__ == "errors"]
        assert () == shop.migrate().changes

    def test_comments_and_docstrings_stay(self, shop):
        """
        A handler becomes a typed function of the exception.
        """
        _, source, errors = shop.migrated()

        assert "# Orders leave.\ndef order_gone(exc: OrderGone) -> OrderGoneNotFound:\n" in source
        assert '"""Answer a missing order."""\n    return OrderGoneNotFound(order_id=exc.order_id)\n' in source
        assert "    # It was deleted.\n    return GoneProblem(str(exc))\n" in source
        assert "Taken: AlreadyTaken" in source
        assert "    order_id: int\n" in errors

    def test_a_handler_that_does_more_is_listed(self, shop):
        """
        It stays, with the reason.
        """
        found = shop.migrate()

        assert any("does more than answer" in it.reason for it in found.left)

    @pytest.mark.parametrize(
        ("key", "body", "reason"),
        [
            pytest.param("404", 'return JSONResponse({"detail": "x"}, 404)', "answers itself", id="status"),
            pytest.param("HTTPException", 'return JSONResponse({"detail": "x"}, 404)', "remove it", id="framework"),
            pytest.param(
                "KeyError", 'return JSONResponse({"error": "x"}, 404)', "another document", id="other document"
            ),
            pytest.param("KeyError", 'return JSONResponse({"detail": str(request.url)}, 404)', "request", id="request"),
            pytest.param("KeyError", 'return JSONResponse({"detail": str(exc)}, 500)', "500", id="text of a crash"),
        ],
    )
    def test_what_is_not_of_that_form_is_listed(self, project, key, body, reason):
        """
        The handler stays as it is.
        """
        code = (
            "from fastapi.responses import JSONResponse\n\n\n"
            f"@app.exception_handler({key})\ndef handle(request, exc):\n    {body}\n"
        )
        project.write(code)
        found = project.migrate()

        assert () == found.changes
        assert [True] == [reason in it.reason for it in found.left]


def _untouched(content):
    lines = content.splitlines(keepends=True)
    return [
        line for line in lines if not line.startswith((b"from ", b"import ", b"add_problems")) and b"raise " not in line
    ]


TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


class TestNames:
    @given(TEXTS, st.integers(400, 499))
    @settings(max_examples=200)
    def test_any_text_gives_a_class_that_can_be_defined(self, text, status):
        """
        Class name, type and title of any text are accepted where a class is defined.
        """
        name = class_name(text, "Fallback", lambda it: it in {"NotFound", "Conflict"})
        title = title_of(name, text, text)

        assert name.isidentifier()
        assert title
        assert title != text
        assert not {"{", "}"} & set(title)
        assert re.fullmatch(r"[a-z0-9-]+", kebab(name)) or not name.isascii()

    @given(TEXTS)
    def test_a_literal_is_its_text(self, text):
        """
        The source of a text is that text.
        """
        assert text == ast.literal_eval(literal(text))

    @given(
        st.recursive(TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))
    )
    def test_any_detail_is_read_or_has_a_reason(self, value):
        """
        No expression makes the reader fail.
        """
        try:
            found = read_detail(
                ast.parse(repr(value), mode="eval").body, "Not Found", Values(lambda _: None, lambda _: ())
            )
        except Unclear as reason:
            found = reason

        assert str(found)


class TestTutorial:
    """The page shows what the command does."""

    PAGE = (Path(__file__).parents[1] / "docs" / "migrate-tutorial.md").read_text("utf-8")

    def block(self, start):
        return self.PAGE.partition(start)[2].partition("\n")[2].partition("\n```")[0] + "\n"

    def before(self):
        """Return the application before the migration: what the diff of the page takes away."""
        part = self.block("```diff").partition("+++ shop.py\n")[2].partition("\nshop.py:")[0]
        after = self.block('title="shop.py"').splitlines()
        lines, position = [], 0
        for header, *hunk in (it.splitlines() for it in re.split(r"(?m)^(?=@@ )", part) if it):
            start = int(re.search(r"\+(\d+)", header)[1]) - 1
            lines += [*after[position:start], *(line[1:] for line in hunk if line[:1] in {" ", "-"})]
            position = start + sum(line[:1] in {" ", "+"} for line in hunk)
        return "\n".join([*lines, *after[position:]]) + "\n"

    def test_its_output_is_what_the_command_prints(self, project):
        """
        The diff, the list and the last sentence.
        """
        (project.folder / "shop.py").write_text(self.before(), "utf-8")
        command = [sys.executable, "-m", "problems", "migrate", "shop:app"]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours

        assert self.block("```diff") == done.stdout

    def test_its_files_are_what_the_command_writes(self, project):
        """
        The executed files of the page are the migrated ones.
        """
        (project.folder / "shop.py").write_text(self.before(), "utf-8")
        command = [sys.executable, "-m", "problems", "migrate", "shop:app", "--write", "--allow-dirty"]
        subprocess.run(command, cwd=project.folder, capture_output=True, check=True)  # noqa: S603 - ours
        written = [(project.folder / name).read_text("utf-8") for name in ("errors.py", "shop.py")]

        assert [self.block(f'title="{name}"') for name in ("errors.py", "shop.py")] == written


def test_it_is_a_command(project):
    """
    The command shows the diff, the list of places that are left alone, and one sentence.
    """
    body = '\n\n@app.get("/")\nasync def read() -> None:\n    raise HTTPException(404, "Item not found")\n'
    project.write(body)
    command = [sys.executable, "-m", "problems", "migrate", "shop_app:app"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    assert (0, "") == (done.returncode, done.stderr)
    assert "1 raise becomes 1 new problem type, in 2 files. Left alone: 0." in done.stdout
    assert json.dumps("Item not found") in done.stdout
