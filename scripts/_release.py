"""
Prepares a release: version and changelog, wheel and sdist, and the tests run against the wheel.

The version and the address of the repository are in pyproject.toml only.
Publishing is left to `.github/workflows/release.yml`, which the tag starts.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DIST: Final = ROOT / "dist"
PLACEHOLDER: Final = "repository.example"
VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
UNRELEASED: Final = "## [Unreleased]\n"
OF_THE_REPOSITORY: Final = ("architecture", "distribution", "site", "release", "schemas", "prose", "owners")
"""Tests of the repository, not of the installed package."""


class Refused(Exception):
    """The release cannot be made; the message says what to change."""


def check_version(version: str) -> None:
    """
    Refuse a version that is not `MAJOR.MINOR.PATCH`, optionally followed by `a1`, `b1` or `rc1`.

    >>> check_version("1.2.0rc1")
    """
    if not VERSION.fullmatch(version):
        raise Refused(f"A version must look like 0.2.0 or 0.2.0rc1; got {version!r}.")


def check_repository(pyproject: str) -> None:
    """Refuse while the address of the repository is the placeholder."""
    address = tomllib.loads(pyproject)["project"]["urls"]["Source"]
    if PLACEHOLDER in address:
        raise Refused(
            f"The address of the repository is still the placeholder {address!r}. "
            "Set the addresses in [project.urls] of pyproject.toml."
        )


def with_version(pyproject: str, version: str) -> str:
    """Return pyproject.toml with another version of the project."""
    changed, count = re.subn(r'(?m)^version = "[^"]*"$', f'version = "{version}"', pyproject, count=1)
    if not count:
        raise Refused('pyproject.toml must have a line `version = "…"` in [project]; found none.')
    return changed


def with_section(changelog: str, version: str, date: str) -> str:
    r"""
    Return the changelog with its unreleased changes under the heading of *version*.

    >>> print(with_section("# Changelog\n\n## [Unreleased]\n\n- One.\n", "0.2.0", "2026-12-01"))
    # Changelog
    <BLANKLINE>
    ## [Unreleased]
    <BLANKLINE>
    ## [0.2.0] - 2026-12-01
    <BLANKLINE>
    - One.
    <BLANKLINE>
    """
    before, heading, after = changelog.partition(UNRELEASED)
    if not heading:
        raise Refused(f"CHANGELOG.md must have the heading {UNRELEASED.strip()!r}; found none.")
    if not after.partition("\n## ")[0].strip():
        raise Refused("CHANGELOG.md has no unreleased changes. Describe what changes for a user first.")
    if f"## [{version}]" in changelog:
        raise Refused(f"CHANGELOG.md already has a section for {version}. Choose another version.")
    return f"{before}{UNRELEASED}\n## [{version}] - {date}\n{after}"


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command; its failure ends the release."""
    print("$", " ".join(command), flush=True)
    subprocess.run(command, cwd=cwd, check=True)  # noqa: S603 - our own commands


def check_clean() -> None:
    """Refuse while the work tree has changes."""
    command = ["git", "status", "--porcelain"]
    changes = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - git
    if changes:
        raise Refused(f"The work tree has changes. Commit them first:\n{changes}")


def prepare(version: str) -> None:
    """Write the new version and the changelog section."""
    check_version(version)
    check_clean()
    pyproject, changelog = ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"
    check_repository(pyproject.read_text(encoding="utf-8"))
    new_changelog = with_section(changelog.read_text(encoding="utf-8"), version, datetime.now(UTC).date().isoformat())
    pyproject.write_text(with_version(pyproject.read_text(encoding="utf-8"), version), encoding="utf-8")
    changelog.write_text(new_changelog, encoding="utf-8")


def build() -> Path:
    """Build sdist and wheel into dist/; return the path of the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "--directory", str(DIST))
    return next(DIST.glob("*.whl"))


def check_wheel(wheel: Path) -> None:
    """Run the tests of the sdist against the installed wheel, in a folder that has no package beside them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(next(DIST.glob("*.tar.gz"))) as sdist:
            sdist.extractall(folder, filter="data")
        source = next(path for path in folder.iterdir() if path.is_dir())
        shutil.rmtree(source / "problems")
        run(sys.executable, "-m", "venv", str(folder / "venv"))
        python = str(folder / "venv" / "bin" / "python")
        constraints = str(ROOT / "constraints.txt")
        run(python, "-m", "pip", "install", "-qq", "--constraint", constraints, "pip>=25.1")
        run(
            python,
            "-m",
            "pip",
            "install",
            "-qq",
            "--constraint",
            constraints,
            f"{wheel}[all]",
            "--group",
            "test",
            cwd=source,
        )
        ignored = [f"--ignore-glob=tests/*{word}*" for word in OF_THE_REPOSITORY]
        run(python, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "tests", *ignored, cwd=source)


def main() -> int:
    """Prepare the release; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", nargs="?", help="the new version, such as 0.2.0")
    parser.add_argument("--build", action="store_true", help="only build and test what is there")
    options = parser.parse_args()
    try:
        if options.build:
            check_repository((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        elif options.version:
            prepare(options.version)
        else:
            parser.error("give a version, such as `scripts/release 0.2.0`, or --build")
        check_wheel(build())
    except (Refused, subprocess.CalledProcessError) as reason:
        print(reason, file=sys.stderr)
        return 1
    if options.version:
        print(f"Next: git commit -am 'Release {options.version}' && git tag v{options.version} && git push --tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
