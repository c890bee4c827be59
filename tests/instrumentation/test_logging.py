import logging

import pytest

from problems import NotFound, Policy, Problem
from problems.answering.policy import RequestId
from problems.errors import SetupError

TYPES = "https://shop.example/problems/"


@pytest.fixture
def records(caplog):
    caplog.set_level(logging.INFO, "problems")
    return lambda: [record for record in caplog.records if record.name == "problems"]


class TestRecord:
    def test_a_mistake_of_the_client(self, client, records):
        """
        4xx: one line at INFO, without a traceback.
        """
        instance = client().get("/items/7").json()["instance"]

        assert [("INFO", f"GET /items/7 was answered with 404 Item not found (item_id=7) [{instance}]", None)] == [
            (record.levelname, record.getMessage(), record.exc_info) for record in records()
        ]

    def test_a_declared_problem_of_the_server(self, client, records):
        """
        5xx: one record at ERROR, with traceback and cause.
        """
        client(Policy(instance=None)).get("/maintenance")
        (record,) = records()

        assert ("ERROR", "GET /maintenance was answered with 503 Under maintenance", ConnectionError) == (
            record.levelname,
            record.getMessage(),
            type(record.exc_info[1].__cause__),
        )

    def test_an_unexpected_exception(self, client, records):
        """
        A crash is left to the server, which reports it.
        """
        client().get("/crash")

        assert [] == records()

    def test_facts(self, client, records):
        """
        The record is structured: type, status and instance equal the body.
        """
        body = client().get("/items/7").json()
        (record,) = records()

        assert (body["type"], body["status"], body["instance"]) == (
            record.problem_type,
            record.problem_status,
            record.problem_instance,
        )

    def test_one_id(self, client, records):
        """
        The id of the request is in the body, in the response header and in the record.
        """
        response = client(Policy(instance=RequestId())).get("/items/7", headers={"X-Request-ID": "7f3a-22"})
        (record,) = records()

        assert ["7f3a-22"] * 3 == [
            response.json()["instance"],
            response.headers["x-request-id"],
            record.problem_instance,
        ]

    def test_rejected_inputs(self, client, records):
        """
        The record of an invalid request contains places and causes, never inputs, even if the client gets them.
        """
        client(Policy(include_inputs=True, instance=None)).post("/orders", json={"amount": "secret"})
        client(Policy(instance=None)).get("/items/secret")

        assert [
            "POST /orders was answered with 422 (int_parsing at #/amount)",
            "GET /items/secret was answered with 422 (int_parsing in path item_id)",
        ] == [record.getMessage() for record in records()]

    def test_a_line_is_a_line(self, client, records):
        """
        A path with a line break forges no second line.
        """
        client().get("/nothing%0AERROR%20all%20is%20lost")

        assert 1 == len(records()[0].getMessage().splitlines())

    @pytest.mark.expects_failure
    def test_a_text_that_fails(self, client, records):
        """
        A problem that cannot say what it is was answered all the same, and the record says what is wrong with it.
        """
        response = client().get("/speechless")

        assert (404, [("A problem of the type about:blank could not be recorded.", AttributeError)]) == (
            response.status_code,
            [(record.getMessage(), record.exc_info[0]) for record in records()],
        )

    def test_a_filter_that_fails(self, client, caplog):
        """
        Logging that fails costs the client nothing, not even if it fails with every record.
        """
        logger = logging.getLogger("problems")
        caplog.set_level(logging.INFO, "problems")

        def failing(record):
            raise OSError("no room")

        logger.addFilter(failing)
        try:
            response = client().get("/items/7")
        finally:
            logger.removeFilter(failing)

        assert 404 == response.status_code

    def test_a_level_that_is_off(self, client, records):
        """
        Who wants errors only sets the level of the logger, as ever.
        """
        logging.getLogger("problems").setLevel(logging.ERROR)
        client().get("/items/7")

        assert [] == records()


class TestLevels:
    @pytest.mark.parametrize(
        ("path", "levels", "expected"),
        [
            pytest.param("/items/7", {NotFound: logging.WARNING}, ["WARNING"], id="a base"),
            pytest.param("/items/7", {Problem: logging.ERROR, NotFound: logging.WARNING}, ["WARNING"], id="specific"),
            pytest.param("/items/7", {NotFound: logging.DEBUG}, [], id="below what is recorded"),
            pytest.param("/maintenance", {NotFound: logging.DEBUG}, ["ERROR"], id="another class"),
        ],
    )
    def test_classes_have_levels(self, client, records, path, levels, expected):
        """
        The most specific class that has a level counts; the others have the level of their status.
        """
        client(Policy(log_levels=levels)).get(path)

        assert expected == [record.levelname for record in records()]

    @pytest.mark.parametrize("levels", ["DEBUG", {KeyError: 10}, {NotFound: "DEBUG"}], ids=str)
    def test_others_are_refused(self, levels):
        """
        The sentence names the option.
        """
        with pytest.raises(SetupError, match="log_levels"):
            Policy(log_levels=levels)
