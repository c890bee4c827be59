"""`problems migrate`, on generated applications: random texts, shapes of raises, layouts and encodings."""

import ast
import importlib
import itertools
import keyword
import linecache
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from problems import Problem, Registry
from problems.contract import check
from problems.tools.migrate import Options, migrate, write

_numbers = itertools.count()

HEADS: Final = (
    "from fastapi import APIRouter, Depends, FastAPI, HTTPException, status\n",
    "from fastapi import (\n    APIRouter,\n    Depends,\n    FastAPI,\n    HTTPException,\n    status,\n)\n",
    "import fastapi\nfrom fastapi import APIRouter, Depends, FastAPI, status\n",
    "from fastapi import APIRouter, Depends, FastAPI, status\nfrom fastapi import HTTPException as H\n",
    "from fastapi import APIRouter, Depends, FastAPI, status\nfrom starlette.exceptions import HTTPException\n",
)
NAMES: Final = ("HTTPException", "HTTPException", "fastapi.HTTPException", "H", "HTTPException")
STATUSES: Final = ("404", "409", "400", "status.HTTP_403_FORBIDDEN", "422", "410", "418", "429", "401", "499")
LETTERS: Final = "abcXYZ 019.,:;!?'\"{}%\\()[]äßñ→漢\n\t_-/#"

WORDS: Final = st.sampled_from(
    [
        "Item not found", "Not found", "not found", "class", "import", "Füße fehlen", "Элемент не найден", "!!!", "",
        "404 is the status", "A {brace}", "100% sure", "Detail is missing", "Problem", "Registry", "Timeout error",
        "x" * 300, "It's 'quoted' \"twice\"", "None", "raises", "back\\slash", "two\nlines", "Log in", "app",
        "HTTPException", "errors", "The item has no status.", "a" + " b" * 40,
    ]
)  # fmt: skip
TEXTS: Final = WORDS | st.text(LETTERS, max_size=25)
FIELDS: Final = st.sampled_from(
    [
        "number", "word", "status_", "detail", "headers", "instance", "model_id", "retry_after", "type", "item.name",
        "item.amount", "flags[0]", "len(word)", "word.upper()", "number!r", "word!r", "word!r:>10", "number:05d",
        "price:.2f", "price", "maybe", "word if number else 1", "{1: word}[1]",
    ]
)  # fmt: skip
PARAMETERS: Final = (
    "number: int = 7, word: str = 'wo\"rd', status_: str = 's', detail: str = 'd', headers: int = 1, "
    "instance: str = 'i', model_id: int = 2, retry_after: int = 3, type: str = 't', "
    "price: float = 2.5, maybe: int | None = None"
)
LOCALS: Final = ("item = Item()", "flags = ['f']")


def literal(text):
    return ascii(text)


@st.composite
def details(draw):
    """Draw the source of a `detail`."""
    kind = draw(st.sampled_from(["text", "text", "f", "f", "percent", "format", "dict", "list", "plus", "none", "str"]))
    text, field = draw(TEXTS), draw(FIELDS)
    plain = re.split("[!:]", field)[0] if "{1" not in field else "word"
    escaped = text.replace("{", "{{").replace("}", "}}")
    simple = escaped.replace("\\", "").replace("\n", " ").replace('"', "'").replace("\t", " ")
    safe = "".join(it for it in simple if it.isascii())
    return {
        "text": literal(text),
        "f": f'f"{safe} {{ {field} }}"' if field[0] == "{" else f'f"{safe}{{{field}}} it"',
        "percent": f"{literal(text.replace('%', '%%') + ' %s')} % ({plain},)",
        "format": f"{literal(escaped + ' {}')}.format({plain})",
        "dict": f'{{"message": {literal(text)}, "code": {literal(text[:5])}, "count": number}}',
        "list": f"[{literal(text)}, 7]",
        "plus": f"{literal(text)} + str({plain})",
        "none": "None",
        "str": f"str({plain})",
    }[kind]


HEADERS: Final = st.sampled_from(
    ["", "", "", ', headers={"X-Hint": "one"}', ', headers={"WWW-Authenticate": "Bearer"}',
     ', headers={"Retry-After": "30"}', ', headers={"retry-after": word}', ", headers=HEADERS", ", headers=None"]
)  # fmt: skip

SHAPES: Final = {
    "plain": "@app.get('/{n}')\nasync def read_{n}({p}) -> None:\n\t{l}\n\traise {e}\n",
    "from": (
        "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\ttry:\n\t\t{{}}['a']\n"
        "\texcept KeyError as error:\n\t\traise {e} from error  # because\n"
    ),
    "conditional": "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\traise {e} if number == 7 else {o}\n",
    "one line": "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\tif number: raise {e}\n",
    "helper": (
        "def fail_{n}({p}) -> None:\n\t{l}\n\traise {e}\n\n\n@app.get('/{n}')\ndef read_{n}() -> None:\n\tfail_{n}()\n"
    ),
    "dependency": (
        "def load_{n}({p}) -> int:\n\t{l}\n\traise {e}\n\n\n@app.get('/{n}')\n"
        "def read_{n}(found: int = Depends(load_{n})) -> None: ...\n"
    ),
    "generator": (
        "async def open_{n}({p}):\n\t{l}\n\tif number:\n\t\traise {e}\n\tyield 1\n\n\n@app.get('/{n}')\n"
        "def read_{n}(found: int = Depends(open_{n})) -> None: ...\n"
    ),
    "constant": "WRONG_{n} = {c}\n\n\n@app.get('/{n}')\ndef read_{n}() -> None:\n\traise WRONG_{n}\n",
    "variable": "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\twrong = {e}\n\traise wrong\n",
    "walrus": "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\traise (wrong := {e})\n",
    "caught": (
        "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\ttry:\n\t\traise {e}\n\texcept {x}:\n\t\traise\n"
        "\texcept Exception:\n\t\treturn None\n"
    ),
    "class": (
        "class View{n}:\n\tdef __call__(self, {p}) -> None:\n\t\t{l}\n\t\traise {e}\n\n\n"
        "app.add_api_route('/{n}', View{n}().__call__)\n"
    ),
    "subclass": (
        "class Own{n}({x}):\n\tdef __init__(self) -> None:\n\t\tsuper().__init__(404, 'Own')\n\n\n"
        "@app.get('/{n}')\ndef read_{n}() -> None:\n\traise Own{n}()\n"
    ),
    "nested": (
        "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\tdef inner() -> None:\n\t\traise {e}\n\tinner()\n"
    ),
    "multi-line": (
        "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\traise {x}(  # first\n\t\tstatus_code={s},\n"
        "\t\tdetail={d},  # second\n\t)\n"
    ),
    "group": (
        "@app.get('/{n}')\ndef read_{n}({p}) -> None:\n\t{l}\n\ttry:\n\t\traise ExceptionGroup('g', [KeyError(1)])\n"
        "\texcept* KeyError:\n\t\tfound = 1\n\traise {e}\n"
    ),
}


@st.composite
def applications(draw):
    """Draw the bytes of a module with an application, and its number of routes."""
    style = draw(st.integers(0, len(HEADS) - 1))
    cls = NAMES[style]
    parts = [HEADS[style], "from pydantic import BaseModel\n\n\n"]
    parts.append("class Item(BaseModel):\n\tname: str = 'n'\n\tamount: int = 3\n\n\napp = FastAPI()\n")
    parts.append("HEADERS = {'X-Common': 'c'}\nodd   =  [1,2 ,3]\n")
    shapes = draw(st.lists(st.sampled_from(sorted(SHAPES)), min_size=1, max_size=5))
    for number, shape in enumerate(shapes):
        code, detail = draw(st.sampled_from(STATUSES)), draw(details())
        call = f"{cls}({code}, {detail}{draw(HEADERS)})"
        constant = f"{cls}({code}, detail={literal(draw(TEXTS))})"
        words = {"n": number, "p": PARAMETERS, "l": "; ".join(LOCALS), "e": call, "c": constant, "x": cls, "s": code}
        other = f"{cls}(404, 'Other')"
        parts.append("\n\n" + draw(st.sampled_from(["", "\f\n", "# A comment.\n"])))
        parts.append(SHAPES[shape].format(**words, d=detail, o=other))
    text = "".join(parts).replace("\t", draw(st.sampled_from(["\t", "    ", "  "])))
    text = text if draw(st.booleans()) else text.rstrip("\n")
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))
    cookie, encoding = draw(
        st.sampled_from([("", "utf-8"), ("", "utf-8-sig"), ("# coding: latin-1\n# Größe\n", "latin-1")])
    )
    return (cookie + text).encode(encoding), len(shapes)


class Application:
    """A module in a folder of its own, under a name that no other example has."""

    def __init__(self, folder, content):
        self.folder, self.name = folder, f"generated_{next(_numbers)}"
        self.errors = f"{self.name}_errors"
        self.path = folder / f"{self.name}.py"
        self.path.write_bytes(content)

    def load(self):
        """Import the module anew."""
        for name in (self.name, self.errors):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        linecache.checkcache()
        return importlib.import_module(self.name).app

    def migrated(self):
        found = migrate(self.load(), Options(f"{self.name}:app", errors_module=self.errors))
        write(found, allow_dirty=True)
        return found


def responses(app, count):
    """Return status, detail and the header fields of the application for each route."""
    client = TestClient(app, raise_server_exceptions=False)
    found = []
    for number in range(count):
        response = client.get(f"/{number}")
        own = {key: response.headers.get(key) for key in ("www-authenticate", "retry-after", "x-hint", "x-common")}
        found.append(
            (response.status_code, response.json().get("detail") if response.content != b"null" else None, own)
        )
    return found


def untouched(content):
    """Return the lines that no migration has a reason to change."""
    marks = (
        b"HTTPException",
        b"H(",
        b"status",
        b"import",
        b"raise",
        b"detail",
        b"app = ",
        b"except",
        b"fastapi",
        b" H",
        b"# first",
        b"# second",
    )
    lines = [line for line in content.splitlines(keepends=True) if line.strip() and not any(it in line for it in marks)]
    return [line for line in lines if line.strip() not in {b")", b"("}]


@pytest.fixture(scope="module")
def folder():
    """A folder that modules are imported from."""
    with tempfile.TemporaryDirectory() as name:
        sys.path.insert(0, name)
        yield Path(name)
        sys.path.remove(name)
        for module in [it for it in sys.modules if it.startswith("generated_")]:
            del sys.modules[module]


class TestGeneratedApplications:
    @given(applications())
    @settings(
        max_examples=25,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def test_clients_and_authors_keep_what_they_have(self, folder, drawn):
        """
        Responses with the old detail, other bytes, and a second run.
        """
        content, count = drawn
        application = Application(folder, content)
        before = responses(application.load(), count)
        found = application.migrated()
        app = application.load()
        after = application.path.read_bytes()

        assert before == responses(app, count)
        assert _is_within(untouched(content), after.splitlines(keepends=True))
        assert [] == [it for it in check(app) if it.problem.__name__ != "ClientProblem"]  # a 418 has no class
        assert () == migrate(app, Options(f"{application.name}:app", errors_module=application.errors)).changes
        names = [it.name for it in found.types]
        assert len(set(names)) == len(names)
        assert all(it.isidentifier() and not keyword.iskeyword(it) for it in names)
        assert _is_registered(application, names)


def _is_within(lines, every):
    found = iter(every)
    return all(any(line.rstrip(b"\r\n") == other.rstrip(b"\r\n") for other in found) for line in lines)


def _is_registered(application, names):
    if not names:
        return True
    module = importlib.import_module(application.errors)
    registry = module.registry
    assert isinstance(registry, Registry)
    ast.parse(Path(module.__file__).read_bytes())
    titles = [cls.problem_type.title for cls in registry]
    assert len(set(titles)) == len(titles)
    return all(issubclass(getattr(module, name), Problem) for name in names)
