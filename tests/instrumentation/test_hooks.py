import logging

import pytest

from problems import Policy

BASE = "https://shop.example/problems/"


class TestHooks:
    def test_each_occurrence_is_seen(self, client):
        """
        A hook sees every answered problem with what was sent, crashes too.
        """
        seen = []
        served = client(Policy(hooks=(seen.append,)))
        sent = [served.get("/items/7"), served.post("/orders"), served.get("/maintenance"), served.get("/crash")]

        assert [(it.status_code, it.json()["type"], it.json()["instance"]) for it in sent] == [
            (it.status, it.type, it.instance) for it in seen
        ]

    def test_what_was_raised(self, client):
        """
        The occurrence has the exception, and records whether it was raised on purpose.
        """
        seen = []
        served = client(Policy(hooks=(seen.append,)))
        served.get("/maintenance")
        served.get("/crash")

        assert [("GET", "/maintenance", "Maintenance", True), ("GET", "/crash", "RuntimeError", False)] == [
            (it.method, it.path, type(it.exception).__name__, it.is_expected) for it in seen
        ]

    def test_order(self, client):
        """
        Hooks are called in order, plain and async ones alike.
        """
        seen = []

        async def second(occurrence):
            seen.append("second")

        hooks = (lambda _: seen.append("first"), second, lambda _: seen.append("third"))
        client(Policy(hooks=hooks)).get("/items/7")

        assert ["first", "second", "third"] == seen

    @pytest.mark.expects_failure
    def test_one_that_fails(self, client, caplog):
        """
        A hook that fails is logged and skipped; the client notices nothing.
        """
        seen = []

        async def failing(_):
            raise ValueError("broken")

        caplog.set_level(logging.WARNING, "problems")
        response = client(Policy(hooks=(lambda _: 1 / 0, failing, seen.append))).get("/items/7")

        assert (404, 1, ["ZeroDivisionError", "ValueError"]) == (
            response.status_code,
            len(seen),
            [record.exc_info[0].__name__ for record in caplog.records],
        )

    def test_logging_does_not_matter(self, client):
        """
        Hooks are called whatever the level of the logger.
        """
        seen = []
        logging.getLogger("problems").setLevel(logging.CRITICAL)
        try:
            client(Policy(hooks=(seen.append,))).get("/items/7")
        finally:
            logging.getLogger("problems").setLevel(logging.NOTSET)

        assert 1 == len(seen)

    @pytest.mark.expects_failure
    def test_before_and_after(self, client, caplog):
        """
        A hook with a method `before` is called before the answer is sent too; one that fails there is skipped.
        """

        class Hook:
            def __init__(self, failing):
                self.failing, self.seen = failing, []

            def before(self, occurrence):
                self.seen.append(("before", occurrence.status))
                if self.failing:
                    raise ValueError

            def __call__(self, occurrence):
                self.seen.append(("after", occurrence.status))

        hooks = (Hook(failing=True), Hook(failing=False))
        client(Policy(hooks=hooks)).get("/crash")

        assert [[("before", 500), ("after", 500)]] * 2 == [hook.seen for hook in hooks]
