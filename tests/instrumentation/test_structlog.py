import io
import json
import logging

import pytest

structlog = pytest.importorskip("structlog", reason="needs structlog")


@pytest.fixture
def lines():
    """Return the JSON lines that structlog makes of records of the standard library."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logger = logging.getLogger("problems")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


class TestStructlog:
    def test_the_facts_are_keys(self, client, lines):
        """
        A record becomes one line whose keys are the facts of the problem.
        """
        body = client().get("/items/7").json()

        assert [
            {
                "event": f"GET /items/7 was answered with 404 Item not found (item_id=7) [{body['instance']}]",
                "level": "info",
                "problem_type": body["type"],
                "problem_status": 404,
                "problem_instance": body["instance"],
            }
        ] == lines()

    def test_the_traceback(self, client, lines):
        """
        A declared 5xx brings its traceback and cause.
        """
        client().get("/maintenance")
        (line,) = lines()

        assert ("error", True, True) == (
            line["level"],
            "ConnectionError: no database" in line["exception"],
            "Maintenance: 503 Under maintenance" in line["exception"],
        )
