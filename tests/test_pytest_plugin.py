import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from problems import NotFound
from problems.pytest_plugin import Report

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]

SHOP = """
from problems import Conflict, NotFound, Registry
from problems.starlette import add_problems
from starlette.applications import Starlette
from starlette.routing import Route

class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int

class Sold(Conflict, type="sold", title="Sold"):
    "Sold out."

registry = Registry(ItemNotFound, Sold, base="https://shop.example/problems/")

async def item(request):
    raise ItemNotFound(item_id=7)

async def crash(request):
    raise RuntimeError("crash")

def make_app():
    app = Starlette(routes=[Route("/item", item), Route("/crash", crash)])
    add_problems(app, registry)
    return app
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a test module, in an environment that has the entry point of the plugin."""
    metadata = pytester.mkdir("typed_problems_entry-0.dist-info")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: typed-problems-entry\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nproblems = typed_problems.pytest_entry\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (pytester.path, ROOT))))
    monkeypatch.syspath_prepend(pytester.path)
    pytester.makepyfile(stall=SHOP)

    def run(test, *options, process=False):
        pytester.makepyfile(test_it=test)
        start = pytester.runpytest_subprocess if process else pytester.runpytest_inprocess
        return start("-p", "no:cacheprovider", *options)

    return run


class TestEntry:
    def test_it_loads_nothing_of_ours(self, run):
        """
        A run that uses neither the option nor a fixture does not import the package.
        """
        test = "import sys\ndef test(): assert not {'problems', 'pydantic'} & set(sys.modules)"

        run(test, process=True).assert_outcomes(passed=1)

    def test_it_is_there(self, run):
        """
        The option is documented beside pytest's options.
        """
        run("", "--help").stdout.fnmatch_lines(["*--problems-report=MODULE:ATTRIBUTE*"])


class TestProblemClient:
    def test_it_gets_the_answer_to_a_crash(self, run):
        """
        The client sees what every client sees, not the exception in the server.
        """
        run("""
            from stall import make_app

            def test(problem_client):
                assert 500 == problem_client(make_app()).get("/crash").json()["status"]
        """).assert_outcomes(passed=1)

    def test_it_runs_the_lifespan(self, run):
        """
        The application is started before the first request, and stopped when the test ends.
        """
        run("""
            from contextlib import asynccontextmanager
            from starlette.applications import Starlette

            events = []

            @asynccontextmanager
            async def lifespan(app):
                events.append("start")
                yield
                events.append("stop")

            def test_start(problem_client):
                problem_client(Starlette(lifespan=lifespan))
                assert ["start"] == events

            def test_stop():
                assert ["start", "stop"] == events
        """).assert_outcomes(passed=2)


class TestStrictProblems:
    TEST = """
        import pytest
        from problems.errors import UndeclaredProblem
        from stall import make_app
        from starlette.testclient import TestClient

        def test():
            with pytest.raises(UndeclaredProblem, match="ItemNotFound"):
                TestClient(make_app()).get("/item")
    """

    def test_it_fails_on_what_is_not_declared(self, run):
        """
        A problem that the operation does not declare reaches the test as a mistake of the application.
        """
        test = self.TEST.replace("def test()", "def test(strict_problems)")

        run(test).assert_outcomes(passed=1)

    def test_it_is_a_choice(self, run):
        """
        Without the fixture the application answers as it does.
        """
        run(self.TEST).assert_outcomes(failed=1)

    def test_a_project_may_use_it_everywhere(self, run, pytester):
        """
        In the configuration of pytest the fixture applies to every test.
        """
        pytester.makeini("[pytest]\nusefixtures = strict_problems")

        run(self.TEST).assert_outcomes(passed=1)


class TestReport:
    TEST = """
        from problems.testing import assert_problem
        from stall import ItemNotFound, make_app, registry

        def test(problem_client):
            assert_problem(problem_client(make_app()).get("/item"), ItemNotFound, registry, item_id=7)
    """

    def test_it_tells_what_was_never_seen(self, run):
        """
        The types that no test has met are named, with their type URIs.
        """
        run(self.TEST, "--problems-report=stall:registry").stdout.fnmatch_lines(
            [
                "*= problem types of stall:registry =*",
                "1 of 3 seen",
                "never seen: Sold <https://shop.example/problems/sold>",
                "never seen: ValidationProblem <https://shop.example/problems/validation-problem>",
            ]
        )

    def test_it_takes_an_application(self, run):
        """
        The registry may come from an application.
        """
        test = self.TEST + "\n        import stall; stall.app = make_app()"
        (result := run(test, "--problems-report=stall:registry")).assert_outcomes(passed=1)

        assert "1 of 3 seen" in result.stdout.str()

    @pytest.mark.parametrize(
        "test",
        [
            pytest.param(
                """
                    import httpx2, pytest
                    from problems.httpx import raise_problems
                    from stall import Sold, registry

                    def answer(request):
                        headers = {"Content-Type": "application/problem+json"}
                        return httpx2.Response(409, headers=headers, json={"type": registry.uri(Sold)})

                    def test():
                        client = raise_problems(httpx2.Client(transport=httpx2.MockTransport(answer)), registry)
                        with pytest.raises(Sold):
                            client.get("https://shop.example/")
                """,
                id="received by a client",
            ),
            pytest.param(
                """
                    import httpx2
                    from problems.testing import assert_problem
                    from stall import Sold, registry

                    def test():
                        headers = {"Content-Type": "application/problem+json"}
                        answer = httpx2.Response(409, headers=headers, json={"type": registry.uri(Sold)})
                        assert_problem(answer, Sold)
                """,
                id="asserted",
            ),
        ],
    )
    def test_it_notes_what_comes_from_elsewhere(self, run, test):
        """
        A problem of a server outside the run counts where it arrives.
        """
        result = run(test, "--problems-report=stall:registry")

        assert "never seen: Sold" not in result.stdout.str()

    def test_it_takes_over_what_other_processes_saw(self):
        """
        With pytest-xdist the tests run elsewhere: each process reports its problem types.
        """
        config = SimpleNamespace(getoption=lambda _: "stall:registry", workeroutput={})
        one, other = Report(config), Report(config)
        one.note(NotFound())
        one.pytest_sessionfinish(SimpleNamespace(config=config))
        other.pytest_testnodedown(SimpleNamespace(workeroutput=config.workeroutput))

        assert {"problems.catalog.client:NotFound"} == other.seen

    def test_a_wrong_target_is_a_usage_error(self, run):
        """
        A mistake is reported in a sentence, before any test runs.
        """
        result = run(self.TEST, "--problems-report=stall:registy")

        assert pytest.ExitCode.USAGE_ERROR == result.ret
        result.stderr.fnmatch_lines(
            ["*--problems-report: 'stall' has no attribute 'registy'. Did you mean 'registry'?*"]
        )
