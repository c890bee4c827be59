"""
Runs the suites of Starlette and FastAPI with `add_problems` in every application, and compares what was sent.

    scripts/upstream                                    # both suites: about half an hour on two cores
    scripts/upstream --sample                           # about 400 tests, in about two minutes; more the first time
    scripts/upstream starlette tests/test_routing.py    # one suite, some of its paths

The suites run unmodified, once without problems and once with `add_problems(app)` *early* (when the constructor returns)
and *late* (before the first request). The exit status is 1 if anything differs that `allowed.py` does not list with
its reason: a success response, a status, a lost header, OpenAPI outside of error responses, an exception that reaches the
test client, a handler of the application that is not called, the text or place of an error, a refused installation,
a test that fails with the same exchanges.

Tests in subprocesses do not load `plugin.py` and are not covered. A failed test is compared up to its failed assertion.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

from tests.upstream.compare import compare, read

GROUPS = {"starlette": "dev", "fastapi": "tests"}  # the dependency groups with their test requirements
OPTIONS = {"starlette": "", "fastapi": "--ignore-glob=*benchmarks* --inline-snapshot=disable -o timeout=120"}
SAMPLE = {  # about 400 tests, where an error toolkit can do harm
    "starlette": "test_exceptions.py middleware/test_errors.py middleware/test_base.py test_applications.py test_websockets.py",
    "fastapi": "test_exception_handlers.py test_ws_router.py test_custom_middleware_exception.py test_multi_query_errors.py "
    "test_dependency_after_yield_*.py test_dependency_contextmanager.py test_tuples.py test_openapi_*.py "
    "test_additional_responses_*.py test_tutorial/test_handling_errors/test_*.py test_tutorial/test_websockets/test_*.py "
    "test_tutorial/test_body_nested_models/test_*9.py test_tutorial/test_bigger_applications/test_*.py",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Run the suites of Starlette and FastAPI with problems in every application."
    )
    parser.add_argument("suite", nargs="?", choices=sorted(GROUPS), help="only this suite (default: both)")
    parser.add_argument("path", nargs="*", help="only these test paths of the suite, e.g. tests/test_routing.py")
    parser.add_argument("--sample", action="store_true", help="a sample of about 400 tests")
    parser.add_argument(
        "--work", type=Path, default=Path(".upstream"), help="folder for sources, environment and records"
    )
    options = parser.parse_args()
    work, failures = options.work.resolve(), 0
    try:
        python = prepare(work)
    except subprocess.CalledProcessError as error:
        print(f"Skipped: the suites cannot be prepared, `{' '.join(map(str, error.cmd))}` failed.")
        return int(os.environ.get("PROBLEMS_NO_SKIPS") == "1")
    for suite in [options.suite] if options.suite else ["starlette", "fastapi"]:
        source = next((work / "src").glob(f"{suite}-*"))
        sample = [
            str(path.relative_to(source))
            for name in SAMPLE[suite].split()
            for path in sorted(source.glob(f"tests/{name}"))
        ]
        tests = options.path or (sample if options.sample else ["tests"])
        run(python, source, "never", work / f"{suite}-never", tests)
        for when in ("early", "late"):
            run(python, source, when, work / f"{suite}-{when}", tests)
            failures += report(python, source, when, work / suite)
    return int(failures > 0)


def prepare(work: Path) -> Path:
    """Download the source distributions, which contain the tests, and install their test requirements, once."""
    python, checkout = work / "venv/bin/python", Path(os.environ.get("PROBLEMS_CHECKOUT", ".")).resolve()

    def pip(*arguments: str) -> None:
        subprocess.run([python, "-m", "pip", "-qq", "--disable-pip-version-check", *arguments], check=True)

    if not (work / "ready").exists():
        venv.create(work / "venv", with_pip=True, clear=True)
        pip("install", "--upgrade", "pip>=25.1")
        for suite, group in GROUPS.items():
            if not list((work / "sdist").glob(f"{suite}-*")):
                pip("download", "--no-binary", ":all:", "--no-deps", "--dest", str(work / "sdist"), suite)
            archive = next((work / "sdist").glob(f"{suite}-*.tar.gz"))
            with tarfile.open(archive) as file:
                file.extractall(work / "src", filter="data")
            source = work / "src" / archive.name.removesuffix(".tar.gz")
            version = source.name.removeprefix(f"{suite}-")
            pip("install", "--group", f"{source}/pyproject.toml:{group}", f"{suite}=={version}")
            (source / suite).rename(source / f"_{suite}")  # so that the tests import the installed package
        pip("install", "fastapi[all]", "httpx", "pytest-xdist", f"{checkout}[fastapi,httpx]")
        (work / "ready").touch()
    pip("install", "--force-reinstall", "--no-deps", str(checkout))
    return python


def run(python: Path, source: Path, when: str, record: Path, tests: list[str]) -> None:
    suite = source.name.partition("-")[0]
    record.mkdir(parents=True, exist_ok=True)
    for path in record.glob("*.jsonl"):
        path.unlink()
    command = [
        str(python),
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:problems",
        "-p",
        "plugin",
    ]
    command += [f"--add-problems={when}", f"--record={record}", *OPTIONS[suite].split(), *tests]
    if not any("::" in test for test in tests):
        command += ["-n", str(min(os.cpu_count() or 1, 8))]
    path = os.pathsep.join([str(Path(__file__).resolve().parent), str(source)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    (record / "output.txt").write_text(result.stdout + result.stderr)
    print(f"{record.name}: {(result.stdout.strip().splitlines() or ['no output'])[-1]}", flush=True)
    if result.returncode not in (0, 1):
        sys.exit(f"pytest ended with {result.returncode}; see {record / 'output.txt'}")


def report(python: Path, source: Path, when: str, records: Path) -> int:
    """Print what differs, and return the number of differences that are not allowed."""
    before, after = read(Path(f"{records}-never")), read(Path(f"{records}-{when}"))
    found = list(dict.fromkeys(compare(before, after)))
    suspects = sorted({each.test for each in found if each.reason is None} & before.tests.keys())
    for _ in range(2 if 0 < len(suspects) <= 500 else 0):  # what differs without problems too is not caused by them
        run(python, source, "never", again := Path(f"{records}-again"), suspects)
        unstable = {each.test for each in compare(before, read(again)) if each.test in suspects}
        found = [each for each in found if each.test not in unstable]
    (text := Path(f"{records}-{when}.txt")).write_text(
        "\n".join(f"{each}\n  {each.reason or 'FAILED'}" for each in found)
    )
    failures = [each for each in found if each.reason is None]
    for kind in dict.fromkeys(each.kind for each in failures):
        examples = [each for each in failures if each.kind == kind]
        print(f"  FAILED {len(examples)} x {kind}")
        print(*(f"    {each.test}\n      {each.text[:500]}" for each in examples[:3]), sep="\n")
    print(
        f"{records.name}, {when}: {len(before.exchanges)} exchanges compared, {len(failures)} differences not allowed: {text}"
    )
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
