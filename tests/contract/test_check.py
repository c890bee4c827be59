"""The static check: cases that others get wrong, as a table, and the contents of a finding."""
# ruff: noqa: PLC3002, PLW0108, SIM105, TRY201, TRY203 - the cases are what people write

import asyncio
import contextlib
import functools
import linecache
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Optional, Protocol

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.status import HTTP_404_NOT_FOUND

from problems import BadGateway, Conflict, Gone, NotFound, Policy, Registry, Unauthorized, raises
from problems.contract import check, raise_sites
from problems.errors import SetupError
from problems.fastapi import add_problems, responses
from problems.httpx import raise_for_problem
from problems.starlette import add_problems as add_to_starlette

STATUS = 404
EFFECTS = []


class Lost(NotFound, type="lost", title="Lost"):
    """It is lost."""


class LostForGood(Lost, type="lost-for-good", title="Lost for good"):
    """It is lost for good."""


class Full(Conflict, type="full", title="Full"):
    """It is full."""


registry = Registry(Lost, LostForGood, Full, base="https://shop.example/problems/")


def helper():
    raise Lost


def relay():
    helper()


class Service:
    """Something that raises."""

    limit = 3

    def load(self):
        raise Lost

    def load_by_self(self):
        return self.load()

    @staticmethod
    def load_static():
        raise Lost

    @classmethod
    def load_class(cls):
        raise Lost

    @property
    def loaded(self):
        raise Lost

    def __call__(self):
        raise Lost


class Special(Service):
    def load(self):
        return super().load()


class Holder:
    def __init__(self, service: Annotated[Service, Depends()]):
        self.service = service
        self.made = Service()

    def load(self):
        self.service.load()

    def load_made(self):
        self.made.load()


class Annotating:
    service: Service

    def load(self):
        self.service.load()


class Manager:
    def __enter__(self):
        raise Lost

    def __exit__(self, *exc):
        return None


service = Service()
special = Special()
lost = Lost()


def make():
    return Lost()


def make_annotated() -> Lost:
    return EFFECTS[0]


def fail(error):
    raise error


@contextlib.contextmanager
def guard():
    if EFFECTS:
        raise Lost
    yield


@contextlib.asynccontextmanager
async def async_guard():
    raise Lost
    yield


def checked(function):
    @functools.wraps(function)
    def wrapper(*args):
        if EFFECTS:
            raise Lost
        return function(*args)

    return wrapper


@checked
def decorated():
    return 1


def passing(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@passing
def decorated_helper():
    raise Lost


@functools.lru_cache
def cached():
    raise Lost


HANDLERS = {"a": helper, "b": relay}
ERRORS = {"a": Lost}
part = functools.partial(helper)


def ping(n):
    if n:
        pong(n - 1)
    raise Lost


def pong(n):
    ping(n)


class Port(Protocol):
    def load(self): ...


# --- the cases: each is an endpoint, and raises Lost or does not --------------------------------------------------


def raise_class():
    raise Lost


def raise_instance():
    raise Lost("detail")


def raise_from():
    try:
        EFFECTS.pop()
    except IndexError as error:
        raise Lost from error


def variable():
    error = Lost()
    raise error


def variable_in_branches(q: int):
    error = Lost() if q else None
    if error:
        raise error


def tuple_variable():
    error, _ = Lost(), 1
    raise error


def call():
    relay()


async def awaited():
    await async_helper()


async def async_helper():
    raise Lost


def raise_factory():
    raise make()


def raise_annotated_factory():
    raise make_annotated()


def raise_module_level_instance():
    raise lost


def method_of_new_object():
    Service().load()


def method_of_variable():
    it = Service()
    it.load()


def method_of_module_level_object():
    service.load()


def method_of_subclass():
    special.load()


def method_by_self():
    service.load_by_self()


def static_method():
    Service.load_static()


def class_method():
    Service.load_class()


def property_():
    return service.loaded


def callable_object():
    service()


def parameter(it: Annotated[Service, Depends(Service)]):
    it.load()


def parameter_by_default(it=Depends(Service)):
    it.load()


def text_annotation(it: "Annotated[Service, Depends(Service)]"):
    it.load()


def attribute_of_init(it: Annotated[Holder, Depends(Holder)]):
    it.load()


def attribute_made_by_init():
    Holder(service).load_made()


def attribute_by_annotation(it: Annotated[Annotating, Depends()]):
    it.load()


def argument():
    fail(Lost())


def argument_class():
    fail(error=Lost)


def dispatch(q: str):
    HANDLERS[q]()


def dispatch_get(q: str):
    HANDLERS.get(q, helper)()


def dispatch_error(q: str):
    raise ERRORS[q]


def local_dispatch(q: str):
    {"a": helper}[q]()


def context_manager():
    with guard():
        pass


async def async_context_manager():
    async with async_guard():
        pass


def context_class():
    with Manager():
        pass


def decorator():
    decorated()


def decorated_call():
    decorated_helper()


def cached_call():
    cached()


def partial():
    part()


def local_partial():
    functools.partial(helper)()


def local_import():
    from tests_contract_elsewhere import elsewhere  # noqa: PLC0415 - the case

    elsewhere()


def nested_function():
    def inner():
        raise Lost

    inner()


def lambda_():
    (lambda: helper())()


def recursion():
    ping(3)


def countdown(number=3):
    if number:
        return countdown(number - 1)
    raise Lost


def recursion_with_another_argument():
    countdown()


def switched(*, is_first=True):
    if is_first:
        return switched(is_first=False)
    raise Lost


def recursion_with_another_switch():
    switched()


def logged(function):
    """Wrap a function in one that names no exception."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        EFFECTS.append(args)
        return function(*args, **kwargs)

    return wrapper


@logged
def wrapped_by_a_closure():
    raise Lost


def router_of():
    """Return an endpoint that no name of the module leads to."""

    def endpoint_of_a_function():
        deeper()

    def deeper():
        raise Lost

    return endpoint_of_a_function


endpoint_of_a_function = router_of()


def taken_again():
    raise Lost


name_was_taken_again = taken_again


def taken_again():
    """Take the name of the function above."""


async def thread():
    await run_in_threadpool(helper)


async def gathered():
    await asyncio.gather(async_helper())


def handler_re_raises():
    try:
        helper()
    except Lost:
        raise


def handler_re_raises_by_name():
    try:
        helper()
    except NotFound as error:
        raise error


def handler_of_another():
    try:
        helper()
    except Full:
        pass


def else_branch():
    try:
        pass
    except Lost:
        pass
    else:
        helper()


def finally_branch():
    try:
        pass
    finally:
        helper()


def http_exception():
    raise HTTPException(404)


def http_exception_by_name():
    raise HTTPException(status_code=HTTP_404_NOT_FOUND, detail="x")


def http_exception_by_constant():
    raise HTTPException(STATUS, EFFECTS.append("evaluated"))


def comprehension():
    return [helper() for _ in range(3)]


def walrus():
    if error := make():
        raise error


def matched(q: int):
    match q:
        case 1:
            helper()


TheService = Annotated[Service, Depends(Service)]
WAITED_FOR = (Lost, Full)


def get_service() -> Service:
    return EFFECTS[0]


class Slotted:
    def __init__(self):
        self.service: Service = EFFECTS[0]


def parameter_union(it: Annotated[Service | None, Depends(Service)]):
    it.load()


def parameter_optional(it: Annotated[Optional[Service], Depends(Service)]):  # noqa: UP045 - the case
    it.load()


def parameter_alias(it: TheService):
    it.load()


def parameter_by_function(it=Depends(get_service)):
    it.load()


def attribute_annotated_in_init():
    Slotted().service.load()


def annotated_variable():
    it: Service = EFFECTS[0]
    it.load()


def spread_arguments():
    raise_first(Lost(), 1)


def raise_first(*errors):
    raise errors[0]


def type_parameter():
    build(EFFECTS[0])


def build(cls: type[Lost]):
    raise cls


def keyword_default():
    fail_by_default()


def fail_by_default(error=lost):
    raise error


def bound_method_object():
    method = service.load
    method()


def alternative_instances(q: int):
    (service if q else special).load()


def loop():
    for _ in range(3):
        while EFFECTS:
            helper()


def awaited_for_by_name():
    try:
        EFFECTS.pop()
    except Lost as error:
        raise error


def caught_by_a_constant():
    try:
        helper()
    except WAITED_FOR:
        return


def caught_in_a_local_import():
    import contextlib as c  # noqa: PLC0415 - the case

    with c.suppress(Lost):
        helper()


def never_for_type_checkers():
    if not TYPE_CHECKING:
        return
    raise Lost


def caught():
    try:
        helper()
    except Lost:
        return


def caught_by_base():
    with contextlib.suppress(ZeroDivisionError):
        try:
            helper()
        except (KeyError, NotFound):
            return


def caught_by_everything():
    try:
        helper()
    except:  # noqa: E722 - the case
        return


def suppressed():
    with contextlib.suppress(Lost):
        helper()


def converted_away():
    try:
        helper()
    except Lost as error:
        raise ValueError from error


def only_named():
    print(Lost)  # noqa: T201 - the case


def only_for_type_checkers():
    if TYPE_CHECKING:
        raise Lost


def never():
    if False:
        raise Lost


def not_called():
    def inner():
        raise Lost

    return inner


def another_attribute():
    return service.limit


def port():
    return service


def abstract_port(port: Annotated[Port, Depends(port)]):
    port.load()


def group():
    raise ExceptionGroup("both", [Lost(), Full()])


def group_of_one():
    raise ExceptionGroup("one", [Lost()])


def group_past_a_handler():
    try:
        group_of_one()
    except Lost:
        pass


def caught_group():
    try:
        group_of_one()
    except ExceptionGroup:
        pass


def group_of_caught_parts():
    try:
        raise ExceptionGroup("one", [ExceptionGroup("inner", (Lost(),))])
    except* Lost:
        pass


def return_in_finally():
    try:
        raise Lost
    finally:
        return 1  # noqa: B012 - the case


class Rejected(HTTPException):
    """An exception with an initialiser of its own."""

    def __init__(self, code, reason):
        super().__init__(status_code=code, detail=reason)


def found_or_none(kind: type["T"]) -> Optional["T"]:  # noqa: F821 - a name that cannot be resolved
    return EFFECTS.get(kind)


def hint_with_an_unknown_part():
    found = found_or_none(int)
    if found is None:
        return
    helper()


def delivered_by_a_future():
    future = asyncio.Future()
    try:
        helper()
    except Exception as error:  # noqa: BLE001 - the case
        result = error
        future.set_exception(result)


def hint_of_anything(value: Any):
    if value is None:
        helper()


# fmt: off
def closed_below_its_margin():
    helper(
)
# fmt: on


def shared_runner(function, number):
    return [function() for _ in range(number)]


def passed_to_a_busy_runner():
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15):
        shared_runner(lambda: None, number)
    shared_runner(helper, 1)


RAISING = [
    hint_with_an_unknown_part,
    delivered_by_a_future,
    hint_of_anything,
    closed_below_its_margin,
    passed_to_a_busy_runner,
    abstract_port,
    group_past_a_handler,
    raise_class,
    raise_instance,
    raise_from,
    variable,
    variable_in_branches,
    tuple_variable,
    call,
    awaited,
    raise_factory,
    raise_annotated_factory,
    raise_module_level_instance,
    method_of_new_object,
    method_of_variable,
    method_of_module_level_object,
    method_of_subclass,
    method_by_self,
    static_method,
    class_method,
    property_,
    callable_object,
    parameter,
    parameter_by_default,
    text_annotation,
    attribute_of_init,
    attribute_made_by_init,
    attribute_by_annotation,
    argument,
    argument_class,
    dispatch,
    dispatch_get,
    dispatch_error,
    local_dispatch,
    context_manager,
    async_context_manager,
    context_class,
    decorator,
    decorated_call,
    cached_call,
    partial,
    local_partial,
    nested_function,
    lambda_,
    recursion,
    recursion_with_another_argument,
    recursion_with_another_switch,
    wrapped_by_a_closure,
    endpoint_of_a_function,
    name_was_taken_again,
    thread,
    gathered,
    handler_re_raises,
    handler_re_raises_by_name,
    handler_of_another,
    else_branch,
    finally_branch,
    http_exception,
    http_exception_by_name,
    http_exception_by_constant,
    comprehension,
    walrus,
    matched,
    parameter_union,
    parameter_optional,
    parameter_alias,
    parameter_by_function,
    attribute_annotated_in_init,
    annotated_variable,
    spread_arguments,
    type_parameter,
    keyword_default,
    bound_method_object,
    alternative_instances,
    loop,
    awaited_for_by_name,
]

SILENT = [
    caught_group,
    group_of_caught_parts,
    return_in_finally,
    caught,
    caught_by_base,
    caught_by_everything,
    suppressed,
    converted_away,
    only_named,
    only_for_type_checkers,
    never,
    not_called,
    another_attribute,
    caught_by_a_constant,
    caught_in_a_local_import,
    never_for_type_checkers,
]


def application(function, *, dependency=None, policy=Policy()):
    app = FastAPI(dependencies=[Depends(dependency)] if dependency else [])
    add_problems(app, registry, policy=policy)
    app.get("/x", response_model=None)(function)
    return app


def undeclared(app):
    return [it for it in check(app) if it.kind == "undeclared"]


class TestCases:
    @pytest.mark.parametrize("function", RAISING, ids=lambda it: it.__name__)
    def test_it_raises(self, function):
        """
        What is raised on whatever way is found.
        """
        assert {"Lost", "NotFound"} & {it.problem.__name__ for it in undeclared(application(function))}

    @pytest.mark.parametrize("function", RAISING, ids=lambda it: it.__name__)
    def test_it_raises_in_a_large_application(self, function, monkeypatch):
        """
        What a large application leaves out cannot lead to an exception for a client.
        """
        monkeypatch.setattr("problems.contract._functions._LARGE", 0)

        assert {"Lost", "NotFound"} & {it.problem.__name__ for it in undeclared(application(function))}

    @pytest.mark.parametrize("function", RAISING, ids=lambda it: it.__name__)
    def test_it_raises_what_it_declares(self, function):
        """
        What is declared is not found.
        """

        @raises(NotFound)
        def declaring():
            return None

        assert [] == undeclared(application(function, dependency=declaring))

    @pytest.mark.parametrize("function", SILENT, ids=lambda it: it.__name__)
    def test_it_does_not_raise(self, function):
        """
        What is caught, or never happens, is not found.
        """
        assert [] == undeclared(application(function))

    def test_each_status_of_a_shared_exception(self):
        """
        However many statements make an exception with an initialiser of its own, each keeps its status.
        """
        codes = range(400, 430)
        scope = {"Rejected": Rejected, "__name__": __name__}
        lines = [f"    if key == {code}:\n        raise Rejected({code}, 'no {code}')\n" for code in codes]
        text = "def endpoint(key: int):\n" + "".join(lines)
        linecache.cache["statuses.py"] = len(text), None, text.splitlines(keepends=True), "statuses.py"
        exec(compile(text, "statuses.py", "exec"), scope)  # noqa: S102 - the source under test
        app = FastAPI()
        app.get("/x")(scope["endpoint"])

        assert [(code,) for code in codes] == [it.statuses for it in raise_sites(app)]

    def test_nothing_is_run(self):
        """
        No expression of the source is evaluated.
        """
        undeclared(application(http_exception_by_constant))

        assert [] == EFFECTS

    def test_nothing_is_imported(self):
        """
        A function that imports what is not imported yet is followed as far as that goes.
        """
        assert [] == undeclared(application(local_import))

    def test_imported_already(self):
        """
        What a function imports is followed if it is imported already.
        """

        def importing():
            from tests_contract_elsewhere import elsewhere  # noqa: PLC0415 - the case

            elsewhere()

        module = ModuleType("tests_contract_elsewhere")
        module.elsewhere = helper
        sys.modules[module.__name__] = module
        try:
            found = undeclared(application(importing))
        finally:
            del sys.modules[module.__name__]

        assert [Lost] == [it.problem for it in found]


class TestArgument:
    @pytest.mark.parametrize("wrong", [None, Lost, Registry()])
    def test_what_is_no_application_is_refused(self, wrong):
        """
        Nothing would be found, and all seem well.
        """
        with pytest.raises(
            SetupError, match=r"is not an application\. Pass a Starlette or FastAPI application: `check\(app\)`\."
        ):
            check(wrong)


class TestFinding:
    def test_where(self):
        """
        A finding contains class, operation, file and line.
        """
        (finding,) = undeclared(application(relay))

        assert (Lost, ("GET /x",), __file__, helper.__code__.co_firstlineno + 1) == (
            finding.problem,
            finding.operations,
            finding.file,
            finding.line,
        )

    @pytest.mark.parametrize(
        ("function", "certainty"),
        [
            pytest.param(call, "certain", id="written there"),
            pytest.param(raise_annotated_factory, "likely", id="by a type"),
            pytest.param(dispatch_error, "certain", id="the only choice"),
            pytest.param(thread, "likely", id="in a thread"),
        ],
    )
    def test_how_sure(self, function, certainty):
        """
        It has a certainty.
        """
        assert [certainty] == [it.certainty for it in undeclared(application(function))]

    def test_what_may_be_called(self):
        """
        A function that is passed to code that cannot be followed may be called.
        """

        def passing_on(client):
            client.register(helper)

        assert ["possible"] == [it.certainty for it in undeclared(application(passing_on))]

    def test_text(self):
        """
        Its text is one line that an editor can jump to.
        """
        (finding,) = undeclared(application(helper))

        assert (
            f"{Path(__file__)}:{finding.line}: GET /x raises Lost (404), which is not declared. Write `@raises(Lost)` "
            f"on the function, or on the endpoint. (certain)"
        ) == str(finding)

    def test_several_operations(self):
        """
        One place is one finding, whatever leads to it.
        """
        app = application(call)
        app.get("/y")(relay)

        assert [("GET /x", "GET /y")] == [it.operations for it in undeclared(app)]

    def test_several_certainties(self):
        """
        One place is one finding, as sure as the surest way to it.
        """

        def passing_on(client):
            client.register(helper)

        app = application(call)
        app.get("/y")(passing_on)

        assert [("certain", ("GET /x", "GET /y"))] == [(it.certainty, it.operations) for it in undeclared(app)]

    def test_a_group_of_several(self):
        """
        Of a group one is answered: that it is this one is likely.
        """
        assert {(Lost, "likely"), (Full, "likely")} == {
            (it.problem, it.certainty) for it in undeclared(application(group))
        }


class TestDeclared:
    def test_a_base_covers(self):
        """
        Who declares a class has declared its subclasses.
        """

        @raises(Lost)
        def endpoint():
            raise LostForGood

        assert [] == check(application(endpoint))

    def test_a_dependency(self):
        """
        Dependencies raise, and declare, for the operation.
        """
        app = application(lambda: None, dependency=helper)

        assert [Lost] == [it.problem for it in undeclared(app)]

    def test_a_class_as_a_dependency(self):
        """
        The initialiser of a class is followed.
        """

        class Loading:
            def __init__(self):
                helper()

        assert [Lost] == [it.problem for it in undeclared(application(lambda: None, dependency=Loading))]

    def test_a_method_as_a_dependency(self):
        """
        `Depends(service.load)` is followed.
        """
        assert [Lost] == [it.problem for it in undeclared(application(lambda: None, dependency=service.load))]

    def test_responses_of_an_inclusion(self):
        """
        `responses` of an included router declare.
        """
        app, router = application(lambda: None), APIRouter()
        router.get("/y")(call)
        app.include_router(router, prefix="/v1", responses=responses(Lost))

        assert [] == check(app)

    @pytest.mark.parametrize(
        "error", [Unauthorized(challenges="Bearer"), HTTPException(401)], ids=["problem", "HTTPException"]
    )
    def test_what_the_framework_implies(self, error):
        """
        A security scheme declares what the framework raises, and not what the application raises itself.
        """

        def endpoint():
            raise error

        assert [Unauthorized] == [it.problem for it in undeclared(application(endpoint, dependency=HTTPBearer()))]

    def test_what_the_framework_raises(self):
        """
        The exceptions of the framework itself are not findings.
        """
        assert [] == check(application(lambda: None, dependency=HTTPBearer()))

    def test_translated_exceptions(self):
        """
        An exception that the policy translates counts as what it becomes.
        """

        def endpoint():
            raise KeyError("x")

        policy = Policy(translate={LookupError: Full})

        assert [Full] == [it.problem for it in undeclared(application(endpoint, policy=policy))]

    def test_received_problems(self):
        """
        A call that may raise a received problem counts as a bad gateway.
        """

        def endpoint():
            raise_for_problem(EFFECTS, registry)

        assert [BadGateway] == [it.problem for it in undeclared(application(endpoint))]

    def test_middleware(self):
        """
        Middleware declares what it raises.
        """

        class Limit:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                helper()

        app = application(lambda: None)
        app.add_middleware(Limit)

        assert [(Lost, True)] == [(it.problem, "middleware" in it.operations[0]) for it in undeclared(app)]

    def test_websockets(self):
        """
        WebSocket endpoints declare too.
        """
        app = application(lambda: None)

        @app.websocket("/ws")
        async def talk(socket: WebSocket):
            helper()

        assert [("WebSocket /ws",)] == [it.operations for it in undeclared(app)]

    def test_mounted(self):
        """
        Mounted applications are checked.
        """
        app, mounted = application(lambda: None), FastAPI()
        mounted.get("/y")(call)
        app.mount("/v1", mounted)

        assert [("GET /v1/y",)] == [it.operations for it in undeclared(app)]

    def test_without_problems(self):
        """
        An application without `add_problems` can be checked.
        """
        app = FastAPI()
        app.get("/x")(call)

        assert [Lost] == [it.problem for it in undeclared(app)]

    def test_starlette(self):
        """
        So can one of Starlette's: functions, and classes with a method for each HTTP method.
        """

        class Items(HTTPEndpoint):
            async def get(self, request):
                helper()

            @raises(Lost)
            async def post(self, request):
                helper()

        async def read(request):
            relay()

        app = Starlette(routes=[Route("/x", read), Mount("/v1", routes=[Route("/y", Items)])])
        add_to_starlette(app, registry)

        assert [("GET /x", "GET /v1/y")] == [it.operations for it in check(app)]


class TestNeverRaised:
    def test_on_an_endpoint(self):
        """
        A declaration that nothing raises is found where it stands.
        """

        @raises(Gone)
        def endpoint():
            return 1

        (finding,) = check(application(endpoint))

        assert ("never raised", Gone, endpoint.__code__.co_firstlineno, "certain") == (
            finding.kind,
            finding.problem,
            finding.line,
            finding.certainty,
        )

    def test_text(self):
        """
        Its text says what to do.
        """

        @raises(Gone)
        def endpoint():
            return 1

        (finding,) = check(application(endpoint))

        assert str(finding).endswith(
            "GET /x declares Gone (410), which is never raised. Take it out of `@raises` or `responses()`. (certain)"
        )

    def test_what_cannot_be_followed(self):
        """
        Where something cannot be followed the finding is only possible.
        """

        @raises(Gone)
        def endpoint(client):
            client.send()

        assert ["possible"] == [it.certainty for it in check(application(endpoint))]

    def test_a_subclass_is_raised(self):
        """
        A base is raised if a subclass is.
        """

        @raises(NotFound)
        def endpoint():
            helper()

        assert [] == check(application(endpoint))

    def test_raised_elsewhere(self):
        """
        What an endpoint declares a dependency may raise.
        """

        @raises(Lost)
        def endpoint():
            return 1

        assert [] == check(application(endpoint, dependency=helper))

    def test_responses_of_a_router(self):
        """
        What is declared for several operations is raised if one of them raises it.
        """
        app, router = application(lambda: None), APIRouter(responses=responses(Lost, Gone))
        router.get("/y")(call)
        router.get("/z")(lambda: None)
        app.include_router(router)

        assert [(Gone, ("GET /y", "GET /z"))] == [(it.problem, it.operations) for it in check(app)]
