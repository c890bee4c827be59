import fcntl
import os
import pty
import re
import runpy
import struct
import subprocess
import sys
import termios
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def run(*args, **env):
    """Run `python -m problems` in a process of its own."""
    command = [sys.executable, "-m", "problems", *args]
    environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own


class TestProcess:
    def test_it_is_a_program(self):
        """
        The command runs as `python -m problems`, on any registry that can be imported.
        """
        done = run("lint", "shop_nowhere")

        assert (2, "Error: The module 'shop_nowhere' was not found.") == (done.returncode, done.stderr[:47])

    def test_it_helps(self):
        """
        The help names the commands and the exit statuses.
        """
        done = run("--help")

        assert "The exit status is 0 without findings, 1 with findings, and 2" in " ".join(done.stdout.split())

    def test_help_has_panels_and_whole_descriptions(self):
        """
        Commands are grouped by purpose, and no description is cut off.
        """
        text = run("--help").stdout

        assert [] == [it for it in ("Look at problem types", "Check an API", "Write for others") if it not in text]
        assert "..." not in text.replace("[ARGS]...", "")
        assert "…" not in text

    def test_help_fits_a_terminal(self):
        """
        No line of the help is longer than 80 columns.
        """
        assert 80 >= max(map(len, run("diff", "--help").stdout.splitlines()))

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_it_completes(self, shell):
        """
        The script for the completion of a shell is written on request.
        """
        done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")

        assert "complete" in done.stdout + done.stderr

    def test_without_the_extra_it_says_so(self, tmp_path):
        """
        Where typer is missing the command prints how to install it, without a traceback.
        """
        (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['typer'] = None")
        done = run("list", PYTHONPATH=os.pathsep.join(map(str, (tmp_path, ROOT))))

        message = "The command line is an extra. Install it: pip install 'typed-problems[cli]'.\n"
        assert (2, message) == (done.returncode, done.stderr)

    def test_it_is_a_module(self, monkeypatch, capsys):
        """
        What `python -m problems` runs is the command.
        """
        monkeypatch.setattr(sys, "argv", ["problems", "--help"])
        with pytest.raises(SystemExit):
            runpy.run_module("problems", run_name="__main__")

        assert "Look at, check and publish the problem types of an API." in capsys.readouterr().out

    def test_every_entry_point_leads_somewhere(self):
        """
        What the distribution promises to other programs can be loaded.
        """
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
        points = [EntryPoint(name, value, group) for group, its in groups.items() for name, value in its.items()]

        assert [] == [point.name for point in points if point.load() is None]


SHOP = """
from problems import Conflict, Registry

class OutOfStockAndNotOnOrder(Conflict, type="orders/out-of-stock-and-not-on-order", title="Out of stock"):
    very_long_name_of_a_member: int

registry = Registry(OutOfStockAndNotOnOrder, base="https://shop.example/documentation/problems/")
"""


def in_terminal(*args, folder, columns=80):
    """Run the command in a terminal of its own, and return the lines that appear on it."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "CI")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "problems", *args]
    process = subprocess.Popen(  # noqa: S603 - our own
        command, stdin=other, stdout=other, stderr=other, cwd=folder, env=environment
    )
    os.close(other)
    written = b""
    try:
        while part := os.read(main, 4096):
            written += part
    except OSError:  # on Linux, that the other side was closed
        pass
    finally:
        os.close(main)
        process.wait()
    return written.decode().replace("\r", "").splitlines()


class TestTerminal:
    @pytest.fixture
    def shop(self, tmp_path):
        """A folder with a vocabulary of long names."""
        (tmp_path / "shop_in_terminal.py").write_text(SHOP)
        return tmp_path

    @pytest.mark.parametrize("command", ["list", "lint"])
    def test_it_fits(self, shop, command):
        """
        In a terminal of 80 columns no line is longer, whatever the names are, and nothing is cut off.
        """
        lines = [ANSI.sub("", line) for line in in_terminal(command, "shop_in_terminal", folder=shop)]

        assert 80 >= max(map(len, lines))
        assert "…" not in "".join(lines).replace("(examples=[…])", "")

    def test_people_get_colours(self, shop):
        """
        Where a person reads a severity has its colour.
        """
        lines = in_terminal("lint", "shop_in_terminal", folder=shop)

        assert any("\x1b[33mwarning" in line for line in lines)

    def test_mistakes_are_told_in_colours(self, shop):
        """
        A mistake stands out, and is one sentence.
        """
        assert "\x1b[1;31mError: \x1b[0m'shop_in_terminal'" in in_terminal("list", "shop_in_terminal:x", folder=shop)[0]
