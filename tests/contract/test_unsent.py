"""Texts that are meant for a client and are not sent: what `check` finds about them."""

import pytest
from fastapi import FastAPI, HTTPException

from problems import Policy, Registry, ServiceUnavailable, raises
from problems.contract import check
from problems.fastapi import add_problems


def found(function, *, policy=Policy()):
    """Return the findings of `check` about the texts of an application with one endpoint."""
    app = FastAPI()
    add_problems(app, Registry(), policy=policy)
    app.get("/x")(raises(ServiceUnavailable)(function))
    return [it for it in check(app) if it.kind == "unsent"]


def busy():
    raise HTTPException(503, "Come back at noon.")


def by_name():
    raise HTTPException(status_code=503, detail="Come back at noon.")


def helper():
    raise HTTPException(502, "The bank does not answer.")


def through_a_helper():
    helper()


def without_a_text():
    raise HTTPException(503)


def of_the_client():
    raise HTTPException(409, "It is sold.")


def as_a_problem():
    raise ServiceUnavailable("Come back at noon.")


@pytest.mark.parametrize(
    ("function", "line"),
    [
        pytest.param(busy, "Write `raise ServiceUnavailable('Come back at noon.')`", id="text"),
        pytest.param(by_name, "Write `raise ServiceUnavailable('Come back at noon.')`", id="by name"),
        pytest.param(through_a_helper, "Write `raise BadGateway('The bank does not answer.')`", id="in a helper"),
    ],
)
def test_a_text_that_is_hidden_is_a_finding(function, line):
    """
    Statuses from 500 on hide the text of an `HTTPException`; the finding has the line to write.
    """
    (finding,) = found(function)

    assert (True, "certain") == (finding.fix.startswith(line), finding.certainty)
    assert "is not sent" in str(finding)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(without_a_text, id="no text"),
        pytest.param(of_the_client, id="client error"),
        pytest.param(as_a_problem, id="problem"),
    ],
)
def test_other_texts_are_no_finding(function):
    """
    They are sent, or the list is empty.
    """
    assert [] == found(function)


def test_a_policy_that_sends_them():
    """
    With `expose_server_detail` the text is sent.
    """
    assert [] == found(busy, policy=Policy(expose_server_detail=True))


def test_a_translation_decides():
    """
    What the policy translates is answered with the problem that it makes.
    """
    assert [] == found(busy, policy=Policy(translate={HTTPException: ServiceUnavailable}))


@pytest.mark.parametrize("key", [HTTPException, 503])
def test_a_handler_of_the_application_decides(key):
    """
    It may send what it likes.
    """
    app = FastAPI(exception_handlers={key: lambda request, error: None})
    add_problems(app, Registry())
    app.get("/x")(raises(ServiceUnavailable)(busy))

    assert [] == [it for it in check(app) if it.kind == "unsent"]
