import asyncio
import copy
import gc
import inspect
import multiprocessing
import pickle
import pydoc
import traceback
import weakref
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import httpx2
import pytest
from fastapi import FastAPI, HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import (
    ClientProblem,
    Conflict,
    InternalServerError,
    NotFound,
    Problem,
    ProblemDetails,
    Registry,
    ResponseHeader,
    ServerProblem,
    ServiceUnavailable,
    Unauthorized,
)
from problems.declaring._body import is_taken
from problems.declaring._definition import definition_of
from problems.declaring.problem import extensions_of, unvalidated
from problems.errors import AbstractProblem, InvalidDefinition, InvalidHeader, InvalidMembers
from problems.fastapi import add_problems

T = TypeVar("T")

BUILT = ("body", "members", "model")
"""What is made when it is first asked for."""


class ItemNotFound(
    NotFound,
    type="https://shop.example/problems/item-not-found",
    title="Item not found",
    detail="No item has the id {item_id}.",
):
    """No item has the requested id."""

    item_id: int


class QuotaExhausted(Conflict, type="quota-exhausted", title="Quota exhausted"):
    left: Annotated[int, ResponseHeader("X-Left")]
    key: SecretStr = SecretStr("hunter2")


class Item:
    def __init__(self, item_id: int) -> None:
        self.id = item_id


class Sold(Conflict, type="sold", title="Sold", detail="{item_id} is sold."):
    item_id: int

    def __init__(self, item: Item) -> None:
        super().__init__(item_id=item.id)


def raise_it(item_id: int) -> None:
    """Raise a problem in another process."""
    problem = ItemNotFound("Not there.", item_id=item_id, instance="urn:uuid:7", headers={"X-Shelf": "3"})
    problem.add_note("Looked twice.")
    raise problem


def raise_sold(item_id: int) -> None:
    """Raise a problem whose initialiser takes something else."""
    raise Sold(Item(item_id))


class TestHeading:
    """What is true of every problem."""

    def test_it_is_an_http_exception(self):
        """
        Any handler of Starlette's exceptions handles it.
        """
        assert isinstance(ItemNotFound(item_id=7), StarletteHTTPException)

    @pytest.mark.parametrize("base", [NotFound, ClientProblem, Problem, Exception])
    def test_it_is_caught_by_its_bases(self, base):
        """
        Every base catches it.
        """
        with pytest.raises(base):
            raise ItemNotFound(item_id=7)

    @pytest.mark.parametrize(
        ("problem", "kind"),
        [
            pytest.param(NotFound(), ClientProblem, id="4xx"),
            pytest.param(InternalServerError(), ServerProblem, id="5xx"),
        ],
    )
    def test_kinds(self, problem, kind):
        """
        Who can do something about it is a base.
        """
        assert isinstance(problem, kind)

    def test_its_face(self):
        """
        What other libraries read of an HTTPException is there.
        """
        problem = ItemNotFound(item_id=7)

        assert (404, "No item has the id 7.", None) == (problem.status_code, problem.detail, problem.headers)

    def test_no_attribute_of_ours_hides_a_member(self):
        """
        All that we add is reserved.
        """
        added = set(dir(Problem)) - set(dir(StarletteHTTPException))

        assert {"detail", "instance", "headers", "status", "status_code", "model_config"} == {
            name for name in added if not name.startswith(("_", "problem_"))
        }


class TestInit:
    def test_members(self):
        """
        Members are attributes.
        """
        assert 7 == ItemNotFound(item_id=7).item_id

    def test_members_are_keywords(self):
        """
        Only the detail may be given by position.
        """
        with pytest.raises(TypeError):
            ItemNotFound("text", 7)

    def test_detail_by_position(self):
        """
        The text of this occurrence replaces the template.
        """
        assert "Gone fishing." == ItemNotFound("Gone fishing.", item_id=7).detail

    def test_detail_by_name(self):
        """
        The detail can be given by name.
        """
        assert "Gone fishing." == ItemNotFound(detail="Gone fishing.", item_id=7).detail

    def test_usual_detail(self):
        """
        Without template and text the title has to do, for those who read `detail` alone.
        """
        assert "Not Found" == NotFound().detail

    def test_a_template_that_fails(self):
        """
        A member that cannot be formatted does not turn this error into another.
        """

        class Priced(NotFound, detail="That costs {price:.2f}."):
            price: float | None

        problem = Priced(price=None)

        assert ("Not Found", ["The detail 'That costs {price:.2f}.' could not be filled in: TypeError."]) == (
            problem.detail,
            problem.__notes__,
        )

    def test_a_secret_in_a_template(self):
        """
        A secret stays masked in the text.
        """

        class Leak(NotFound, detail="The key is {key}."):
            key: SecretStr

        assert "The key is **********." == Leak(key="hunter2").detail

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            pytest.param("urn:uuid:7", "urn:uuid:7", id="URN"),
            pytest.param("/orders/7", "/orders/7", id="path"),
            pytest.param("/orders/no 7", "/orders/no%207", id="quoted"),
            pytest.param(None, None, id="none"),
        ],
    )
    def test_instance(self, given, expected):
        """
        An instance is a URI reference (RFC 9457, section 3.1.5).
        """
        assert expected == ItemNotFound(item_id=7, instance=given).instance

    def test_headers(self):
        """
        Headers come from the raise site.
        """
        assert {"X-Shelf": "3"} == dict(ItemNotFound(item_id=7, headers={"X-Shelf": "3"}).headers)

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param([("Link", "</a>"), ("Link", "</b>")], id="pairs"),
            pytest.param({"Link": ["</a>", "</b>"]}, id="several values"),
        ],
    )
    def test_several_lines(self, headers):
        """
        A field may have several lines.
        """
        assert [("Link", "</a>"), ("Link", "</b>")] == list(NotFound(headers=headers).headers.items())

    @pytest.mark.parametrize("headers", [{"X Shelf": "3"}, {"X-Shelf": "3\r\nX-Evil: 1"}, {"X-Shelf": 3}])
    def test_headers_that_cannot_be_sent(self, headers):
        """
        A server would drop the connection; here is a sentence instead.
        """
        with pytest.raises(InvalidHeader, match="cannot be sent"):
            ItemNotFound(item_id=7, headers=headers)

    def test_raise_without_a_call(self):
        """
        A class without required members is raised as it is.
        """
        with pytest.raises(NotFound) as caught:
            raise NotFound

        assert "404 Not Found" == str(caught.value)

    def test_raise_without_its_members(self):
        """
        A class with required members says what is missing.
        """
        with pytest.raises(InvalidMembers, match=r"ItemNotFound cannot be made like this: `item_id=` is missing\."):
            raise ItemNotFound

    def test_an_initialiser_of_the_user(self):
        """
        A class may take something else than its members.
        """
        assert "409 Sold: 7 is sold." == str(Sold(Item(7)))


class TestIntrospection:
    def test_signature(self):
        """
        `inspect.signature` and `help` show the members first, required ones before optional ones.
        """

        class Ordered(NotFound):
            reason: str = "sold"
            available: int
            since: int | None = None
            item_id: int

        assert ["detail", "available", "item_id", "reason", "since", "instance", "headers"] == list(
            inspect.signature(Ordered).parameters
        )

    def test_signature_of_an_open_type(self):
        """
        An open type takes more.
        """
        assert "**members: Any" == str(list(inspect.signature(Unauthorized).parameters.values())[-1])

    def test_defaults(self):
        """
        A default is shown, of a factory that there is one.
        """

        class Defaults(NotFound):
            one: int = 1
            alias: int = Field(default=2, alias="other")
            many: list[int] = Field(default_factory=list)

        shown = inspect.signature(Defaults).parameters

        assert [1, 2, ...] == [shown[name].default for name in ("one", "alias", "many")]

    def test_signature_of_a_base(self):
        """
        A base has the signature of every problem.
        """
        assert ["detail", "instance", "headers", "members"] == list(inspect.signature(Problem).parameters)

    def test_signature_of_the_user(self):
        """
        An initialiser of the user is what it is.
        """
        assert ["item"] == list(inspect.signature(Sold).parameters)

    @pytest.mark.parametrize("cls", [ItemNotFound, NotFound, Problem, ClientProblem])
    def test_help(self, cls):
        """
        `help` works for every class, those that are bases too.
        """
        assert cls.__name__ in pydoc.plain(pydoc.render_doc(cls))


class TestDocument:
    def test_members(self):
        """
        The document has what RFC 9457 defines and the extension members.
        """
        assert ItemNotFound(item_id=7, instance="urn:uuid:7").problem_details.model_dump() == {
            "type": "https://shop.example/problems/item-not-found",
            "title": "Item not found",
            "status": 404,
            "detail": "No item has the id 7.",
            "instance": "urn:uuid:7",
            "item_id": 7,
        }

    def test_it_is_a_model(self):
        """
        The document is a `ProblemDetails`.
        """
        assert isinstance(NotFound().problem_details, ProblemDetails)

    def test_a_detail_that_repeats_the_title_is_not_sent(self):
        """
        Empty parts are left out.
        """
        assert {"type": "about:blank", "title": "Not Found", "status": 404} == NotFound().problem_details.model_dump()

    def test_the_title_never_varies(self):
        """
        The title comes from the class, whatever an occurrence is given (RFC 9457, section 3.1.3).
        """
        assert {"Item not found"} == {ItemNotFound(str(n), item_id=n).problem_details.title for n in range(5)}

    def test_rendering_changes_nothing(self):
        """
        An occurrence can be rendered any number of times.
        """
        problem = ItemNotFound(item_id=7)
        before = dict(vars(problem))
        str(problem), repr(problem), problem.problem_details, extensions_of(problem)

        assert before == vars(problem)


class TestText:
    @pytest.mark.parametrize(
        ("problem", "text"),
        [
            pytest.param(ItemNotFound(item_id=7), "404 Item not found: No item has the id 7.", id="detail"),
            pytest.param(NotFound(), "404 Not Found", id="nothing"),
            pytest.param(NotFound(item_id=7, more="x"), "404 Not Found (item_id=7, more='x')", id="members"),
            pytest.param(NotFound("a\nb\tc\x1b[31m\x00"), "404 Not Found: a b c [31m", id="control characters"),
            pytest.param(NotFound(more="a\u2028b"), "404 Not Found (more='a\\u2028b')", id="line separator"),
            pytest.param(QuotaExhausted(left=3), "409 Quota exhausted (left=3, key='**********')", id="key"),
            pytest.param(Unauthorized(challenges="Bearer"), "401 Unauthorized", id="header only"),
        ],
    )
    def test_str(self, problem, text):
        """
        One line for a log: status, title, and detail or members; no secrets.
        """
        assert text == str(problem)

    def test_it_is_short(self):
        """
        A log line has an end.
        """
        assert 300 == len(str(NotFound("x" * 10_000_000)))

    def test_a_member_that_cannot_be_shown(self):
        """
        The text of an error does not fail.
        """

        class Broken:
            def __repr__(self) -> str:
                raise RuntimeError

        assert "404 Not Found (value=None)" == str(NotFound(value=Broken()))

    @pytest.mark.parametrize(
        ("problem", "text"),
        [
            pytest.param(ItemNotFound(item_id=7), "ItemNotFound('No item has the id 7.', item_id=7)", id="detail"),
            pytest.param(NotFound(), "NotFound()", id="nothing"),
            pytest.param(NotFound(item_id=7), "NotFound(item_id=7)", id="members"),
        ],
    )
    def test_repr(self, problem, text):
        """
        The representation is the call that makes it.
        """
        assert text == repr(problem)


def everything(problem: Problem) -> dict[str, object]:
    """Return all that there is to know of a problem."""
    return {"class": type(problem), "text": str(problem), "args": problem.args, **vars(problem)}


def occurrence() -> ItemNotFound:
    """Return a problem with all that it can have."""
    problem = ItemNotFound("Not there.", item_id=7, instance="urn:uuid:7", headers={"X-Shelf": "3"})
    problem.add_note("Looked twice.")
    return problem


class TestCopies:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, protocol):
        """
        A problem travels between processes, in every protocol.
        """
        problem = occurrence()

        assert everything(problem) == everything(pickle.loads(pickle.dumps(problem, protocol)))  # noqa: S301 - our own

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
    def test_copy(self, duplicate):
        """
        A copy has everything.
        """
        problem = occurrence()

        assert everything(problem) == everything(duplicate(problem))

    @pytest.mark.parametrize(
        "problem",
        [
            pytest.param(NotFound("text", item_id=7), id="open"),
            pytest.param(Unauthorized(challenges=["Basic", "Bearer"]), id="lines"),
            pytest.param(ServiceUnavailable(), id="plain"),
            pytest.param(Sold(Item(7)), id="initialiser of the user"),
        ],
    )
    def test_kinds(self, problem):
        """
        Every kind of problem can be pickled.
        """
        assert everything(problem) == everything(pickle.loads(pickle.dumps(problem)))  # noqa: S301 - our own

    def test_a_copy_is_another(self):
        """
        Problems are equal by identity.
        """
        problem = occurrence()

        assert problem != copy.copy(problem)

    def test_what_is_open_stays_open(self):
        """
        The undeclared members of a copy are sent too.
        """
        problem = copy.copy(NotFound(item_id=7))

        assert {"item_id": 7} == dict(problem.problem_details.extensions)

    def test_process_pool(self):
        """
        What a worker raises is caught in the parent, and the pool goes on.
        """
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            with pytest.raises(ItemNotFound) as caught:
                pool.submit(raise_it, 7).result()
            with pytest.raises(Sold) as sold:
                pool.submit(raise_sold, 8).result()
            still_there = pool.submit(abs, -1).result()

        assert (7, ["Looked twice."], 8, 1) == (
            caught.value.item_id,
            caught.value.__notes__,
            sold.value.item_id,
            still_there,
        )


class TestPythonException:
    def test_cause(self):
        """
        A problem has a cause like any exception.
        """
        cause = KeyError(7)

        with pytest.raises(ItemNotFound) as caught:
            raise ItemNotFound(item_id=7) from cause

        assert caught.value.__cause__ is cause

    def test_notes(self):
        """
        Notes are shown in the traceback, and never sent.
        """
        problem = occurrence()

        assert ("Looked twice." in "".join(traceback.format_exception(problem)), False) == (
            True,
            "Looked twice." in problem.problem_details.model_dump_json(),
        )

    def test_the_traceback_can_be_dropped(self):
        """
        Starlette drops it after handling.
        """
        problem = occurrence()
        problem.__traceback__ = None

        assert problem.__traceback__ is None

    def test_equality(self):
        """
        Two occurrences are two.
        """
        assert 2 == len({ItemNotFound(item_id=7), ItemNotFound(item_id=7)})

    def test_args(self):
        """
        The arguments are the detail, if it was given by position, and never the arguments of a user-defined `__init__`.
        """
        assert (("text",), (), ()) == (NotFound("text").args, NotFound().args, Sold(Item(7)).args)

    def test_memory(self):
        """
        An occurrence leaves no reference cycle behind.
        """

        def fail() -> weakref.ref[ItemNotFound]:
            try:
                raise ItemNotFound(item_id=7, headers={"X-Shelf": "3"})  # noqa: TRY301 - what is raised here is watched
            except ItemNotFound as problem:
                return weakref.ref(problem)

        gc.disable()
        try:
            assert [None] * 10 == [fail()() for _ in range(10)]
        finally:
            gc.enable()

    def test_groups(self):
        """
        Problems can be raised together.
        """
        with pytest.raises(ExceptionGroup) as caught:
            raise ExceptionGroup("both", [NotFound(), ItemNotFound(item_id=7)])

        assert caught.group_contains(ItemNotFound)


class TestBuilding:
    """Everything expensive is made when it is first used."""

    def test_nothing_at_definition(self):
        """
        A class that is never used costs no model.
        """

        class Unused(NotFound, type="unused", title="Unused"):
            item_id: int

        assert set() == vars(definition_of(Unused)).keys() & {*BUILT}

    @pytest.mark.parametrize("name", BUILT)
    def test_once(self, name):
        """
        What is made is kept.
        """
        assert getattr(definition_of(ItemNotFound), name) is getattr(definition_of(ItemNotFound), name)

    @pytest.mark.parametrize("name", BUILT)
    def test_by_the_class_itself(self, name):
        """
        A subclass with a member does not get what its base has.
        """

        class Further(ItemNotFound, type="further", title="Further"):
            more: int

        getattr(definition_of(ItemNotFound), name)
        made = getattr(definition_of(Further), name)

        assert {"item_id", "more"} <= set(getattr(made, "names", None) or made.model_fields)


class TestUnvalidated:
    def test_nothing_is_checked(self):
        """
        What another library said is passed on as it is.
        """
        problem = unvalidated(NotFound, None, {"x y": object()}, {"X-Shelf": "3"})

        assert ("Not Found", {"x y": None}, {"X-Shelf": "3"}) == (
            problem.detail,
            dict(problem.problem_details.extensions),
            problem.headers,
        )

    def test_an_initialiser_of_the_user_is_not_called(self):
        """
        Members are set, however the class is made otherwise.
        """
        assert {"item_id": 7} == dict(unvalidated(Sold, "text", {"item_id": 7}).problem_details.extensions)


class TestGenericOccurrence:
    def test_pickle(self):
        """
        A bound generic type is a class like any other.
        """
        assert 7 == pickle.loads(pickle.dumps(NumberPage(item=7))).item  # noqa: S301 - our own

    def test_base(self):
        """
        The unbound class catches it.
        """
        with pytest.raises(Page):
            raise NumberPage(item=7)

    def test_alias(self):
        """
        A bound alias cannot be raised: it is not a class that could be caught.
        """
        with pytest.raises(AbstractProblem):
            raise Page[int](item=7)


class Page(NotFound, Generic[T], abstract=True):
    item: T


class NumberPage(Page[int], type="number-page", title="Page"):
    pass


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: not is_taken(name))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=3,
)


class TestAnyMembers:
    @given(members=st.dictionaries(NAMES, JSON, max_size=3), detail=st.text())
    @settings(max_examples=30)
    def test_nothing_is_lost(self, members, detail):
        """
        Whatever JSON an open type is given is in its document, and in the document of its copy.
        """
        problem = pickle.loads(pickle.dumps(NotFound(detail, **members)))  # noqa: S301 - our own

        assert members == dict(problem.problem_details.extensions)

    @given(members=st.dictionaries(NAMES, JSON, max_size=3), detail=st.text())
    @settings(max_examples=30)
    def test_its_text_is_one_line(self, members, detail):
        """
        Whatever a problem is given, its text is one short line without control characters.
        """
        text = str(NotFound(detail, **members))

        assert (True, True) == (text.isprintable(), len(text) <= 300)


class TestApplications:
    def test_an_application_without_our_handlers(self):
        """
        FastAPI answers a problem as any HTTPException, with every header.
        """
        app = FastAPI()

        @app.get("/")
        def fail() -> None:
            raise Unauthorized("Log in first.", challenges=["Basic", "Bearer"])

        response = TestClient(app).get("/")

        assert (401, {"detail": "Log in first."}, ["Basic", "Bearer"]) == (
            response.status_code,
            response.json(),
            response.headers.get_list("www-authenticate"),
        )

    def test_starlette_without_our_handlers(self):
        """
        Starlette answers a problem as any HTTPException.
        """

        def fail(request: object) -> None:
            raise ItemNotFound(item_id=7)

        response = TestClient(Starlette(routes=[Route("/", fail)])).get("/")

        assert (404, "No item has the id 7.") == (response.status_code, response.text)

    def test_a_status_that_somebody_changed(self):
        """
        The status of the response is the one in the document, whatever was made of the exception (section 3.1.2).
        """
        app = FastAPI()
        add_problems(app, Registry(ItemNotFound))

        @app.get("/")
        def fail() -> None:
            problem = ItemNotFound(item_id=7)
            problem.status_code = 410
            raise problem

        response = TestClient(app).get("/")

        assert (404, 404) == (response.status_code, response.json()["status"])

    async def test_one_occurrence_of_many_requests(self):
        """
        One problem raised by a hundred requests at once is answered with an instance for each.
        """
        problem = ItemNotFound(item_id=7)
        before = {**vars(problem)}
        app = FastAPI()
        add_problems(app, Registry(ItemNotFound))

        @app.get("/")
        async def fail() -> None:
            await asyncio.sleep(0.01)
            raise problem

        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://shop.example") as client:
            responses = await asyncio.gather(*(client.get("/") for _ in range(100)))
        documents = [response.json() for response in responses]

        assert (100, {7}, before) == (
            len({document["instance"] for document in documents}),
            {document["item_id"] for document in documents},
            vars(problem),
        )

    def test_handlers_of_fastapi(self):
        """
        A handler for FastAPI's HTTPException does not see it; one for Starlette's does.
        """
        assert (False, True) == (
            issubclass(ItemNotFound, HTTPException),
            issubclass(ItemNotFound, StarletteHTTPException),
        )


class TestHalfBuilt:
    def test_an_initialiser_that_forgets_ours(self):
        """
        It leaves a problem that is sent without a detail, not with an empty one.
        """

        class Forgetful(NotFound):
            def __init__(self) -> None:
                self.seen = True

        assert None is Forgetful().problem_details.detail

    def test_a_dataclass_is_refused(self):
        """
        Its initialiser would validate nothing.
        """

        @dataclass
        class Decorated(Conflict, type="decorated", title="Decorated"):
            item_id: int

        with pytest.raises(InvalidDefinition, match="`@dataclass`"):
            Decorated(item_id=7).problem_details  # noqa: B018 - the first use
