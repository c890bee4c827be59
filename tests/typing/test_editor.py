"""
What an editor shows of a problem class: members in completion, the signature of a raise site, and the docstring.

Asks a language server, as editors do: JSON messages with a length before each, on standard input and output.
"""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CODE: Final = '''\
from problems import Conflict, NotFound


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int
    reason: str = "sold"


ItemNotFound(item_id=7).
Conflict(
OutOfStock(
'''
"""A file that is being edited."""


class Editor:
    """A small client of a language server."""

    def __init__(self, folder):
        command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)  # noqa: S603 - of this environment
        self.ids = itertools.count(1)
        self.uri = (folder / "shop.py").as_uri()
        root = {"rootUri": folder.as_uri(), "workspaceFolders": [{"uri": folder.as_uri(), "name": "shop"}]}
        formats = {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}}
        capabilities = {
            "textDocument": {**formats, "hover": {"contentFormat": ["markdown"]}},
            "workspace": {"configuration": True},
        }
        self.ask("initialize", {"processId": None, "capabilities": capabilities, **root})
        self.send({"method": "initialized", "params": {}})
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": CODE}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def read(self):
        length = 0
        while (line := self.server.stdout.readline().strip()) or not length:
            assert line or self.server.poll() is None, "The language server has ended."
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self.server.stdout.read(length))

    def ask(self, method, params):
        """Return the result of a request; the server asks for settings meanwhile."""
        number = next(self.ids)
        self.send({"id": number, "method": method, "params": params})
        while (message := self.read()).get("id") != number or "method" in message:
            if "method" in message and "id" in message:
                items = (message.get("params") or {}).get("items", [])
                settings = [{"pythonPath": sys.executable} if it["section"] == "python" else None for it in items]
                self.send({"id": message["id"], "result": settings or None})
        return message["result"]

    def at(self, line, behind):
        """Return the place behind a text in the line that starts with it, or in another one."""
        lines = CODE.splitlines()
        number = next(number for number, it in enumerate(lines) if it.startswith(line))
        place = {"line": number, "character": lines[number].index(behind) + len(behind)}
        return {"textDocument": {"uri": self.uri}, "position": place}

    def completions(self, line):
        """Return the names that completion offers behind a line, in the order in which an editor shows them."""
        found = self.ask("textDocument/completion", self.at(line, line))
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in sorted(items, key=lambda it: it.get("sortText", it["label"]))]

    def signature(self, line):
        """Return the parameters of the call that a line begins, as they are shown."""
        [signature, *_] = self.ask("textDocument/signatureHelp", self.at(line, line))["signatures"]
        labels = [it["label"] for it in signature["parameters"]]
        return [it if isinstance(it, str) else signature["label"][it[0] : it[1]] for it in labels]

    def hover(self, line, word):
        """Return the hover text of a word."""
        return self.ask("textDocument/hover", self.at(line, word))["contents"]["value"]

    def close(self):
        self.ask("shutdown", None)
        self.send({"method": "exit"})
        self.server.communicate(timeout=20)


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """An editor with an open file."""
    pytest.importorskip("pyright.langserver", reason="needs pyright")
    folder = tmp_path_factory.mktemp("editor")
    config = {"extraPaths": [str(ROOT)], "include": ["shop.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), "utf-8")
    (folder / "shop.py").write_text(CODE, "utf-8")
    started = Editor(folder)
    yield started
    started.close()


class TestCompletion:
    def test_an_occurrence_has_its_members_and_the_attributes_of_every_problem(self, editor):
        """
        Completion on an occurrence offers its own members and what every problem has.
        """
        offered = editor.completions("ItemNotFound(item_id=7).")

        assert [] == [name for name in ("item_id", "problem_details", "status", "detail") if name not in offered]

    def test_public_names_come_before_private_ones(self, editor):
        """
        A reader sees what may be used first.
        """
        offered = editor.completions("ItemNotFound(item_id=7).")
        private = [number for number, name in enumerate(offered) if name.startswith("_")]

        assert offered.index("item_id") < min(private, default=len(offered))


class TestSignature:
    def test_a_ready_made_class_takes_a_detail_and_any_member(self, editor):
        """
        The parameters of a class of the catalog are shown while its call is typed.
        """
        shown = editor.signature("Conflict(")

        assert ('detail: str = ""', "**members: Any") == (shown[0], shown[-1])

    def test_a_declared_class_takes_its_members(self, editor):
        """
        Each member is shown with its type, and with its default if it has one.
        """
        shown = editor.signature("OutOfStock(")

        assert ["available: int", 'reason: str = "sold"'] == [
            it for it in shown if it.startswith(("available", "reason"))
        ]

    def test_completion_offers_the_members_first(self, editor):
        """
        The names of the parameters come before all other names of Python.
        """
        assert {"available=", "reason=", "detail=", "headers=", "instance="} == set(
            editor.completions("OutOfStock(")[:5]
        )


class TestHover:
    @pytest.mark.parametrize(
        ("line", "word", "text"),
        [
            pytest.param("OutOfStock(", "OutOfStock", "Fewer items are in stock than were ordered.", id="own class"),
            pytest.param("Conflict(", "Conflict", "resource", id="ready-made class"),
        ],
    )
    def test_the_docstring_is_shown(self, editor, line, word, text):
        """
        The pointer on a class shows what it means.
        """
        assert text in editor.hover(line, word[:-1])
