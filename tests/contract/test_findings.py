"""The findings of the check: statuses, texts, context managers, interfaces, views and returned problems."""

import contextlib
import inspect
from http import HTTPStatus
from typing import Annotated, Protocol

import pytest
from fastapi import Depends, FastAPI, HTTPException, status
from pydantic import BaseModel
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Policy, Problem, Registry, raises
from problems.contract import check, raise_sites
from problems.errors import UndeclaredProblem
from problems.fastapi import add_problems

BASE = "https://shop.example/problems/"


class Gone(NotFound, type="gone-away", title="Gone away"):
    """It was removed."""


class Busy(Conflict, type="busy", title="Busy"):
    """It is busy."""


class Order(BaseModel):
    """A body."""

    amount: int = 1


def application(*endpoints, registry=None, policy=Policy()):
    app = FastAPI()
    for endpoint in endpoints:
        app.post(f"/{endpoint.__name__}", response_model=None)(endpoint)
    add_problems(app, registry if registry is not None else Registry(Gone, Busy, base=BASE), policy=policy)
    return app


def fail(code, text="x"):
    raise HTTPException(code, text)


def by_keyword():
    fail(code=HTTPStatus.GONE)


def by_a_deprecated_name():
    raise HTTPException(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)


def by_alternatives(late: int = 0):
    raise HTTPException(404 if late else 409)


def by_an_own_class():
    class Refused(HTTPException):
        def __init__(self):
            super().__init__(403, "no")

    raise Refused


def from_the_request(code: int):
    raise HTTPException(code, "as you like")


class Closed(HTTPException):
    """An exception of the application."""

    def __init__(self, name):
        super().__init__(status_code=423, detail=f"{name} is closed")


def by_a_subclass():
    raise Closed("the till")


class TestStatus:
    @pytest.mark.parametrize(
        ("endpoint", "expected"),
        [
            pytest.param(by_keyword, {410}, id="parameter"),
            pytest.param(by_a_deprecated_name, {413}, id="deprecated name"),
            pytest.param(by_alternatives, {404, 409}, id="alternatives"),
            pytest.param(by_a_subclass, {423}, id="subclass"),
        ],
    )
    def test_it_is_read(self, endpoint, expected):
        """
        Every status that an expression can have is found.
        """
        assert expected == {it.problem.problem_type.status for it in check(application(endpoint))}

    def test_it_cannot_be_read(self):
        """
        A status that is not known is a possible finding of its own.
        """
        (finding,) = check(application(from_the_request))

        assert (Problem, "possible", True) == (
            finding.problem,
            finding.certainty,
            "status could not be read" in str(finding),
        )


class Shim:
    """A compatibility module that looks names up among several."""

    def __getattr__(self, name):
        for known, code in {"HTTP_413": 413, "HTTP_422": 422}.items():
            if name.startswith(known):
                return code
        raise AttributeError(name)


shim = Shim()


def by_a_shim():
    raise HTTPException(shim.HTTP_422_UNPROCESSABLE_ENTITY)


class TestShim:
    def test_the_number_in_the_name_counts(self):
        """
        Whatever serves `HTTP_422_…`, its number is the status, and no other.
        """
        assert [422] == [it.problem.problem_type.status for it in check(application(by_a_shim))]


class TestText:
    def test_the_text_is_shown(self):
        """
        A finding shows the class and the text of an `HTTPException`.
        """
        (finding,) = check(application(by_a_subclass))

        assert "Closed, '{name} is closed', answered as" in str(finding).replace("the till", "{name}")

    def test_many_operations(self):
        """
        Of many operations the number and the first three are shown.
        """
        app = application(by_keyword)
        for number in range(9):
            app.get(f"/{number}")(by_keyword)
        (finding,) = check(app)

        assert finding.where.startswith("10 operations (POST /by_keyword, GET /0, GET /1, …)")

    def test_sites(self):
        """
        Each statement that raises is a site, with its function, statuses and texts.
        """
        (site,) = raise_sites(application(by_keyword))

        assert (f"{__name__}.fail", (410,), ("x",)) == (site.function, site.statuses, site.texts)


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True


@contextlib.contextmanager
def replacing():
    try:
        yield
    except Gone:
        raise Busy from None


def swallowed():
    with Swallows():
        raise Gone


def replaced():
    with replacing():
        raise Gone


def stacked():
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(Gone))
        raise Gone


class TestContextManager:
    @pytest.mark.parametrize("endpoint", [swallowed, replaced, stacked], ids=lambda it: it.__name__)
    def test_what_it_swallows_is_not_found(self, endpoint):
        """
        An exception that a context manager swallows does not leave the block.
        """
        assert Gone not in {it.problem for it in check(application(endpoint))}

    def test_what_it_raises_is_found(self):
        """
        An exception that a context manager raises instead is found.
        """
        assert [(Busy, "certain")] == [(it.problem, it.certainty) for it in check(application(replaced))]


class Port(Protocol):
    def load_parcel(self) -> int: ...


class Store:
    def load_parcel(self) -> int:
        raise Gone


def a_port() -> Port:
    return globals()["Store"]()


def behind_a_protocol(port: Annotated[Port, Depends(a_port)]):
    return port.load_parcel()


class TestInterface:
    def test_an_implementation_is_likely(self):
        """
        A receiver that is a protocol stands for its implementations among the loaded modules.
        """
        assert [(Gone, "likely")] == [(it.problem, it.certainty) for it in check(application(behind_a_protocol))]


class View:
    def __init__(self, store: Annotated[Store, Depends(Store)]):
        self.store = store

    def read(self):
        return self.store.load_parcel()


class TestView:
    def test_the_effective_signature_counts(self):
        """
        Class-based views give `self` a dependency in `__signature__`.
        """

        def read(self):
            return View.read(self)

        parameter = inspect.Parameter("self", inspect.Parameter.KEYWORD_ONLY, default=Depends(View))
        read.__signature__ = inspect.Signature([parameter])

        assert [Gone] == [it.problem for it in check(application(read))]


class TestImplied:
    def test_a_raise_of_the_application_is_found(self):
        """
        The 400 that a body implies does not declare the application's own.
        """

        def create(order: Order):
            raise HTTPException(400, "The cart is empty")

        assert [400] == [it.problem.problem_type.status for it in check(application(create))]

    def test_it_is_noticed_at_run_time(self):
        """
        `Policy(undeclared=…)` asks who raised.
        """

        def create(order: Order):
            raise HTTPException(400, "The cart is empty")

        client = TestClient(application(create, policy=Policy(undeclared="raise")))

        with pytest.raises(UndeclaredProblem):
            client.post("/create", json={})


class TestOtherKinds:
    def test_a_returned_problem(self):
        """
        A problem that an endpoint returns is a finding, declared or not.
        """

        @raises(Gone)
        def endpoint():
            return Gone()

        assert [("returned", "Write `raise Gone(…)`.")] == [(it.kind, it.fix) for it in check(application(endpoint))]

    def test_an_unregistered_class(self):
        """
        A class that the registry does not contain is a finding.
        """

        @raises(Gone)
        def endpoint():
            raise Gone

        app = application(endpoint, registry=Registry(Busy, base=BASE))

        assert [("unregistered", Gone)] == [(it.kind, it.problem) for it in check(app)]
