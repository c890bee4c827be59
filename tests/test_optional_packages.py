"""What modules report if a package that they need is not installed."""

import subprocess
import sys

import pytest

from problems._wire.later import missing, require


def run(program, *absent):
    """Run a program in a fresh interpreter that has none of the *absent* packages."""
    source = f"import sys\nfor name in {absent!r}: sys.modules[name] = None\n{program}"
    command = [sys.executable, "-c", source]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own


class TestRequire:
    def test_an_installed_library_is_not_imported(self):
        """
        Only its place is looked up.
        """
        done = run("from problems._wire.later import require; require('wave', 'm', 'x'); print('wave' in sys.modules)")

        assert "False\n" == done.stdout

    @pytest.mark.parametrize("name", ["no_such_library", "no.such.library"])
    def test_a_missing_library_is_an_error_with_the_command(self, name):
        """
        The message can be pasted into a shell.
        """
        with pytest.raises(ModuleNotFoundError) as caught:
            require(name, "problems.example", "'typed-problems[example]'")

        assert str(missing(name, "problems.example", "'typed-problems[example]'")) == str(caught.value)
        assert name == caught.value.name


class TestModules:
    @pytest.mark.parametrize(
        ("module", "library", "command"),
        [
            pytest.param("problems.fastapi", "fastapi", "pip install 'typed-problems[fastapi]'", id="fastapi"),
            pytest.param("problems.requests", "requests", "pip install requests", id="requests"),
            pytest.param("problems.aiohttp", "aiohttp", "pip install aiohttp", id="aiohttp"),
        ],
    )
    def test_a_module_names_the_package_to_install(self, module, library, command):
        """
        Importing the module without its library raises with the command to run.
        """
        done = run(f"import {module}", library)

        assert f"`{module}` needs the package `{library}`, which is not installed. Run `{command}`." in done.stderr

    def test_a_library_that_fastapi_needs_is_named_itself(self):
        """
        Another extra would not help.
        """
        done = run("import problems.fastapi", "annotated_doc")

        assert "annotated_doc" in done.stderr.strip().splitlines()[-1]
        assert "typed-problems" not in done.stderr.strip().splitlines()[-1]
