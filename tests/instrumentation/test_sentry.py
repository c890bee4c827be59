import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sentry_sdk", reason="needs sentry-sdk")

PROGRAM = Path(__file__).with_name("sentry_events.py")
EXPECTED = [
    pytest.param("GET /items/7", [], id="404"),
    pytest.param("GET /nothing", [], id="404 of the router"),
    pytest.param("POST /orders", [], id="422"),
    pytest.param("GET /maintenance", [["Maintenance", True]], id="503"),
    pytest.param("GET /crash", [["RuntimeError", False]], id="crash"),
]


@pytest.fixture(scope="module")
def events():
    """Return the events of each request, with everything that Sentry does by default."""
    requests = [param.values[0] for param in EXPECTED]
    done = subprocess.run([sys.executable, PROGRAM, *requests], capture_output=True, check=True, cwd=PROGRAM.parents[2])  # noqa: S603 - our own code
    return json.loads(done.stdout)


class TestSentry:
    @pytest.mark.parametrize(("request_line", "expected"), EXPECTED)
    def test_events(self, events, request_line, expected):
        """
        A mistake of the client is not an event; a declared 5xx is one, handled; a crash is one, unhandled.
        """
        assert expected == events[request_line]
