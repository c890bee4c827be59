import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built with installed packages only."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own build back end
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


class TestWheel:
    def test_it_holds_the_package_and_its_metadata_only(self, wheel):
        """
        Tests, documentation and scripts stay in the repository.
        """
        folders = {name.split("/")[0].split("-")[0] for name in wheel.namelist()}

        assert {"problems", "typed_problems"} == folders

    def test_it_is_typed(self, wheel):
        """
        Type checkers read the annotations of an installed package only beside the marker of PEP 561.
        """
        assert "problems/py.typed" in wheel.namelist()

    def test_it_ships_the_json_schemas(self, wheel):
        """
        Every schema of the repository is installed with the package.
        """
        schemas = {f"problems/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}

        assert schemas
        assert schemas == {name for name in wheel.namelist() if name.endswith(".json")}

    def test_it_needs_only_pydantic_and_starlette(self, wheel):
        """
        Whatever else a module needs is an extra.
        """
        metadata = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
        needs = Parser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist")

        assert ["pydantic", "starlette"] == [need.split(">")[0] for need in needs if "extra ==" not in need]
