"""
Secrets at every source of an error, and the texts of every place that an error reaches.

`SOURCES` are the rows and `SINKS` the columns of one table; `test_leaks.py` looks at each cell. `MEANT` has the cells
where the secret is shown on purpose.
"""

import ast
import contextlib
import ipaddress
import json
import logging
import pickle
import re
import tomllib
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Body, Cookie, FastAPI, File, Form, Header, HTTPException, Path, Query, UploadFile, WebSocket
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import (
    AfterValidator,
    AnyUrl,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ByteSize,
    Discriminator,
    EmailStr,
    Field,
    FilePath,
    HttpUrl,
    ImportString,
    IPvAnyNetwork,
    Json,
    NameEmail,
    PlainSerializer,
    PostgresDsn,
    Secret,
    SecretBytes,
    SecretStr,
    Tag,
    WrapSerializer,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_extra_types.color import Color
from pydantic_extra_types.coordinate import Coordinate
from pydantic_extra_types.country import CountryAlpha2, CountryAlpha3, CountryNumericCode, CountryShortName
from pydantic_extra_types.currency_code import ISO4217, Currency
from pydantic_extra_types.domain import DomainStr
from pydantic_extra_types.dsn import KafkaDsn
from pydantic_extra_types.epoch import Number as EpochNumber
from pydantic_extra_types.iban import IBAN
from pydantic_extra_types.isbn import ISBN
from pydantic_extra_types.language_code import ISO639_3, ISO639_5, LanguageAlpha2, LanguageName
from pydantic_extra_types.mac_address import MacAddress
from pydantic_extra_types.mime_types import MimeType
from pydantic_extra_types.path import ResolvedFilePath
from pydantic_extra_types.payment import PaymentCardNumber
from pydantic_extra_types.phone_numbers import PhoneNumber
from pydantic_extra_types.routing_number import ABARoutingNumber
from pydantic_extra_types.s3 import S3Path
from pydantic_extra_types.script_code import ISO_15924
from pydantic_extra_types.semantic_version import SemanticVersion
from pydantic_extra_types.timezone_name import TimeZoneName
from pydantic_extra_types.ulid import ULID
from pydantic_extra_types.uuid_types import UUID7
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from problems import HTML, XML, NotFound, Policy, Problem, Registry, ResponseHeader, ServiceUnavailable
from problems.answering.instrumentation.opentelemetry import trace_problems
from problems.documenting import Pages, Vocabulary
from problems.fastapi import add_problems, responses
from problems.tools.generate import generate, generate_from_openapi

SECRET = "hunter2"
UNTRACED = {"tracing": False, "metrics": False, "logs": False}


# --- Members ----------------------------------------------------------------------------------------------------------


def masking(value):
    return "***"


class Account(BaseModel):
    """A model that hides its values in several ways."""

    password: SecretStr = SecretStr(SECRET)
    excluded: Annotated[str, Field(exclude=True)]
    masked: Annotated[str, PlainSerializer(masking)] = SECRET


ACCOUNT = Account(excluded=SECRET)


class Summary(BaseModel):
    """A model that is written without its value."""

    value: str = SECRET

    @model_serializer
    def written(self):
        return {"value": "***"}


@dataclass
class Login:
    """A dataclass that hides its value."""

    password: SecretStr = field(default_factory=lambda: SecretStr(SECRET))


def _class(
    annotation: Any, value: Any, *, is_default: bool = False, detail: str | None = "It is {it}.", **body: Any
) -> type[Problem]:
    """Return a problem class with one member; `pickle` finds the class in this module."""
    name = f"Locked{sum(it.startswith('Locked') for it in globals())}"
    body |= {"__annotations__": {"it": annotation}, "__module__": __name__, "__qualname__": name}
    body |= {"it": value} if is_default else {}
    words = {"type": "locked", "title": "Locked", "detail": detail}
    globals()[name] = types.new_class(name, (ServiceUnavailable,), words, lambda it: it.update(body))
    return globals()[name]


@field_serializer("it")
def _by_field(self, value):
    return "***"


MEMBERS: dict[str, tuple[Any, object, dict[str, Any]]] = {
    "SecretStr": (SecretStr, SecretStr(SECRET), {}),
    "SecretBytes": (SecretBytes, SecretBytes(SECRET.encode()), {}),
    "Secret": (Secret[str], Secret[str](SECRET), {}),
    "optional secret": (SecretStr | None, SecretStr(SECRET), {}),
    "secrets in a list": (list[SecretStr], [SecretStr(SECRET)], {}),
    "secrets in a dictionary": (dict[str, list[SecretBytes]], {"a": [SecretBytes(SECRET.encode())]}, {}),
    "secret in a tuple": (tuple[int, SecretStr], (1, SecretStr(SECRET)), {}),
    "secret in a model": (Account, ACCOUNT, {}),
    "secret in models": (list[dict[str, Account]], [{"a": ACCOUNT}], {}),
    "secret in a dataclass": (Login, Login(), {}),
    "secret in Any": (Any, [{"a": SecretStr(SECRET)}], {}),
    "model in Any": (Any, [ACCOUNT, Login(), Summary()], {}),
    "excluded": (Annotated[str, Field(exclude=True)], SECRET, {}),
    "excluded by its value": (Annotated[str, Field(exclude_if=bool)], SECRET, {}),
    "field_serializer": (str, SECRET, {"by_field": _by_field}),
    "PlainSerializer": (Annotated[str, PlainSerializer(masking)], SECRET, {}),
    "PlainSerializer in a list": (list[Annotated[str, PlainSerializer(masking)]], [SECRET], {}),
    "WrapSerializer": (Annotated[str, WrapSerializer(lambda value, handler: "***")], SECRET, {}),
    "model_serializer": (Summary, Summary(), {}),
    "repr=False": (Annotated[str, Field(repr=False)], SECRET, {"detail": None}),
    "only a header": (Annotated[str, ResponseHeader("X-Member", body=False)], SECRET, {"detail": None}),
    "an excluded header": (Annotated[str, ResponseHeader("X-Member"), Field(exclude=True)], SECRET, {"detail": None}),
    "not hidden": (str, SECRET, {}),
}


# --- Validators -------------------------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Checked(BaseModel):
    """A model with validators of its own."""

    name: str = ""

    @field_validator("name")
    @classmethod
    def check_name(cls, value):
        raise ValueError(f"{value} is taken")


class Whole(BaseModel):
    """A model that is checked as a whole."""

    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def check(cls, value):
        raise ValueError(f"cannot use {value}")


def quoting(value):
    raise ValueError(f"{value!r} is not allowed here")


def asserting(value):
    raise AssertionError(f"too long: {value}")


def custom(value):
    raise PydanticCustomError("taken", "The name {name} is taken", {"name": value})


def wrapped(value):
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"no number: {error}") from error


def read_date(text):
    return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - only the day


def kind_of(value):
    return value


def calling(function: Callable[[Any], object], error: type[Exception] = ValueError) -> Any:
    """Return the type of texts that *function* takes; its own *error* becomes the `ValueError` of a validator."""

    def validate(value: Any) -> Any:
        try:
            function(value)
        except error as exc:
            raise ValueError(str(exc)) from exc
        return value

    return Annotated[str, AfterValidator(validate)]


VALIDATORS: dict[str, tuple[Any, object]] = {
    "int": (Annotated[Any, BeforeValidator(int)], SECRET),
    "int of base 16": (calling(lambda it: int(it, 16)), SECRET),
    "float": (calling(float), SECRET),
    "complex": (calling(complex), SECRET),
    "Decimal": (calling(Decimal, ArithmeticError), SECRET),
    "Fraction": (calling(Fraction), SECRET),
    "datetime.fromisoformat": (calling(datetime.fromisoformat), SECRET),
    "date.fromisoformat": (calling(date.fromisoformat), SECRET),
    "time.fromisoformat": (calling(time.fromisoformat), SECRET),
    "strptime": (calling(read_date), SECRET),
    "the rest of strptime": (calling(read_date), f"2026-01-31{SECRET}"),
    "a date of an e-mail": (calling(parsedate_to_datetime), SECRET),
    "UUID": (calling(UUID), SECRET),
    "ip_address": (calling(ipaddress.ip_address), SECRET),
    "a part of an address": (calling(ipaddress.IPv4Address), f"1.2.{SECRET}.3"),
    "a part of an address of IPv6": (calling(ipaddress.IPv6Address), f"1::{SECRET}"),
    "ip_network": (calling(ipaddress.ip_network), f"{SECRET}/8"),
    "a mask of a network": (calling(ipaddress.IPv4Network), f"10.0.0.0/{SECRET}"),
    "the port of a URL": (calling(lambda it: urlsplit(it).port), f"http://user:{SECRET}"),
    "the host of a URL": (calling(urlsplit), f"http://[{SECRET}]/"),
    "a query": (calling(lambda it: parse_qs(it, strict_parsing=True)), SECRET),
    "json": (calling(json.loads), SECRET),
    "tomllib": (calling(tomllib.loads), f"{SECRET} = {SECRET}"),
    "a key of tomllib": (calling(tomllib.loads), f"{SECRET} = 1\n{SECRET} = 2"),
    "literal_eval": (calling(ast.literal_eval, Exception), SECRET),
    "re": (calling(re.compile, Exception), f"(?P<{SECRET}>a)(?P<{SECRET}>b)"),
    "a group of re": (calling(re.compile, Exception), f"(?P={SECRET})"),
    "enum": (calling(Colour), SECRET),
    "index": (calling(["red"].index), SECRET),
    "encoding": (calling(lambda it: it.encode("ascii")), f"{SECRET}ü"),
    "fromhex": (calling(bytes.fromhex), SECRET),
    "ZoneInfo": (calling(ZoneInfo, Exception), SECRET),
    "a format": (calling(lambda it: it.format(), Exception), f"{{{SECRET}}}"),
    "a format code": (calling(lambda it: format(1, it)), SECRET),
    "dictionary": (calling(lambda it: {}[it], Exception), SECRET),
    "value_error": (Annotated[str, AfterValidator(quoting)], SECRET),
    "value_error of an error": (Annotated[str, AfterValidator(wrapped)], SECRET),
    "assertion_error": (Annotated[str, AfterValidator(asserting)], SECRET),
    "custom error": (Annotated[str, AfterValidator(custom)], SECRET),
    "literal": (Literal["red"], SECRET),
    "enum of pydantic": (Colour, SECRET),
    "number": (int, SECRET),
    "uuid of pydantic": (UUID, SECRET),
    "datetime of pydantic": (datetime, f"2026-01-31T{SECRET}"),
    "JSON in a text": (Json[int], f'"{SECRET}"'),
    "no JSON in a text": (Json[int], SECRET),
    "pattern": (Annotated[str, Field(pattern="^x$")], SECRET),
    "time zone of pydantic": (ZoneInfo, SECRET),
    "secret": (Annotated[SecretStr, Field(max_length=3)], SECRET),
    "union": (int | UUID | datetime, SECRET),
    "PaymentCardNumber": (PaymentCardNumber, SECRET),
    "Color": (Color, SECRET),
    "DomainStr": (DomainStr, f"-{SECRET}"),
    "ISBN": (ISBN, SECRET),
    "MacAddress": (MacAddress, f"{SECRET}-00:11:22:33:44"),
    "ABARoutingNumber": (ABARoutingNumber, SECRET),
    "S3Path": (S3Path, SECRET),
    "TimeZoneName": (TimeZoneName, SECRET),
    "CountryAlpha2": (CountryAlpha2, SECRET),
    "CountryAlpha3": (CountryAlpha3, SECRET),
    "CountryNumericCode": (CountryNumericCode, SECRET),
    "CountryShortName": (CountryShortName, SECRET),
    "Currency": (Currency, SECRET),
    "ISO4217": (ISO4217, SECRET),
    "IBAN": (IBAN, f"GB82{SECRET}12345698765432"),
    "the country of an IBAN": (IBAN, f"{SECRET}12345698765432"),
    "LanguageAlpha2": (LanguageAlpha2, SECRET),
    "LanguageName": (LanguageName, SECRET),
    "ISO639_3": (ISO639_3, SECRET),
    "ISO639_5": (ISO639_5, SECRET),
    "ISO_15924": (ISO_15924, SECRET),
    "PhoneNumber": (PhoneNumber, f"+49{SECRET}"),
    "SemanticVersion": (SemanticVersion, f"1.2.{SECRET}"),
    "UUID7": (UUID7, SECRET),
    "MimeType": (MimeType, f"text/{SECRET}"),
    "an epoch": (EpochNumber, SECRET),
    "ResolvedFilePath": (ResolvedFilePath, f"/{SECRET}"),
    "PostgresDsn": (PostgresDsn, f"postgres://user:{SECRET}@host:port/{SECRET}"),
    "KafkaDsn": (KafkaDsn, f"http://{SECRET}"),
    "EmailStr": (EmailStr, SECRET),
    "the domain of an e-mail": (EmailStr, f"a@-{SECRET}.example"),
    "the name of an e-mail": (EmailStr, f"{SECRET}..{SECRET}@shop.example"),
    "NameEmail": (NameEmail, f"{SECRET} <{SECRET}>"),
    "AnyUrl": (AnyUrl, f"//{SECRET}"),
    "HttpUrl": (HttpUrl, f"ftp://{SECRET}"),
    "ByteSize": (ByteSize, f"1 {SECRET}"),
    "Base64Bytes": (Base64Bytes, f"{SECRET}!"),
    "ImportString": (ImportString, f"{SECRET}.{SECRET}"),
    "FilePath": (FilePath, f"/{SECRET}"),
    "IPvAnyNetwork": (IPvAnyNetwork, f"10.0.0.0/{SECRET}"),
}
"""The type of an input, and a text with the secret that it rejects."""

BODIES: dict[str, tuple[Any, object]] = {
    "tag of a union": (Annotated[Cat | Dog, Discriminator("kind")], {"kind": SECRET}),
    "tag by a function": (
        Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind_of)],
        SECRET,
    ),
    "value_error in a model": (Checked, {"name": SECRET}),
    "value_error of a model": (Whole, {"name": SECRET}),
    "beside what is missing": (Cat, {"other": SECRET}),
    "ULID": (ULID, SECRET),
    "Coordinate": (Coordinate, {"latitude": SECRET, "longitude": SECRET}),
    "value of a dictionary": (dict[str, int], {"a": SECRET}),
}


# --- Exceptions -------------------------------------------------------------------------------------------------------


def noted(exc):
    exc.add_note(SECRET)
    return exc


def caused(exc, by="__cause__"):
    setattr(exc, by, RuntimeError(SECRET))
    return exc


EXCEPTIONS: dict[str, Callable[[], BaseException]] = {
    "text": lambda: RuntimeError(SECRET),
    "note": lambda: noted(RuntimeError()),
    "cause": lambda: caused(RuntimeError()),
    "context": lambda: caused(RuntimeError(), "__context__"),
    "group": lambda: ExceptionGroup(SECRET, [RuntimeError(SECRET)]),
    "text of a translated exception": lambda: TimeoutError(SECRET),
    "note of a problem": lambda: noted(NotFound()),
    "cause of a problem": lambda: caused(NotFound()),
    "context of a problem": lambda: caused(NotFound(), "__context__"),
    "note of a problem of the server": lambda: noted(ServiceUnavailable()),
    "cause of a problem of the server": lambda: caused(ServiceUnavailable()),
    "text of the server": lambda: HTTPException(503, SECRET),
    "object in a detail": lambda: HTTPException(400, {"who": SecretStr(SECRET), "what": ACCOUNT}),
}


# --- The table --------------------------------------------------------------------------------------------------------


class Source(NamedTuple):
    """Where a secret is planted: what an endpoint raises, or the type of its input and what is sent."""

    kind: str
    raises: Callable[[], BaseException] | None = None
    cls: type[Problem] | None = None
    annotation: Any = None
    sent: object = None


def _sources():
    for name, (annotation, value, words) in MEMBERS.items():
        given, usual = _class(annotation, value, **words), _class(annotation, value, is_default=True, **words)
        yield name, Source("member", partial(given, it=value), given)
        yield f"{name}, as the default", Source("default", usual, usual)
    for name, make in EXCEPTIONS.items():
        yield name, Source("exception", make)
    for name, (annotation, sent) in VALIDATORS.items():
        yield name, Source("input", annotation=annotation, sent=sent)
    for name, (annotation, sent) in BODIES.items():
        yield name, Source("body", annotation=annotation, sent=sent)
    yield "request", Source("request", sent=1)
    yield "path", Source("request", sent=SECRET)


SOURCES: dict[str, Source] = dict(_sources())


class Spanned:
    """A middleware as instrumentations have: one span for each request."""

    def __init__(self, app, tracer):
        self.app, self.tracer = app, tracer

    async def __call__(self, scope, receive, send):
        with self.tracer.start_as_current_span("request", record_exception=False, set_status_on_exception=False):
            await self.app(scope, receive, send)


def _add_request_endpoints(app: FastAPI) -> None:
    def endpoint(
        a: Annotated[int, Path()],
        b: Annotated[int, Query()],
        c: Annotated[int, Header()],
        d: Annotated[int, Cookie()],
        e: Annotated[int, Body(embed=True)],
    ): ...

    app.post("/it/{a}")(endpoint)

    @app.post("/form/{a}")
    def form(a: str, e: Annotated[int, Form()]): ...

    @app.post("/upload")
    def upload(f: UploadFile, g: Annotated[bytes, File(), AfterValidator(int)], e: Annotated[int, Form()]): ...


class Site:
    """An application with one source, asked once in each way, and everything that came of it."""

    def __init__(self, source: Source) -> None:
        self.source, self.spans, self.records, self.problems = source, InMemorySpanExporter(), [], []
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.registry = Registry(*filter(None, [source.cls]), base="https://shop.example/")
        self.app = FastAPI()
        self._add_endpoints()
        policy = Policy(
            representations=(XML, HTML),
            problem_frames=True,
            hooks=(trace_problems, lambda it: self.problems.append(it.problem)),
            translate={TimeoutError: lambda exc: ServiceUnavailable()},
        )
        add_problems(self.app, self.registry, policy=policy)
        self.app.add_middleware(Spanned, tracer=provider.get_tracer("test"))
        handler = logging.Handler()
        handler.emit = self.records.append
        logger, level = logging.getLogger("problems"), logging.getLogger("problems").level
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            self.responses = {
                accept: self._asked(accept)
                for accept in ("application/problem+json", "application/problem+xml", "text/html")
            }
            self.messages = [*self._connected("/denied"), *(self._connected("/closed") if source.raises else ())]
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)

    def _add_endpoints(self) -> None:
        source, app = self.source, self.app

        def endpoint(it=None):
            if source.raises is not None:
                raise source.raises()

        async def denied(websocket, it=None):
            endpoint()
            await websocket.accept()
            await websocket.close()

        async def closed(websocket, it=None):
            await websocket.accept()
            endpoint()

        if source.kind == "request":
            _add_request_endpoints(app)
        else:
            if source.kind in ("input", "body"):
                place = {"input": Query(), "body": Body(embed=True)}[source.kind]
                endpoint.__annotations__["it"] = Annotated[source.annotation, place]
            if source.kind == "input":
                denied.__annotations__["it"] = Annotated[source.annotation, Query()]
            declared = responses(source.cls) if source.cls is not None else None
            app.post("/it", responses=declared)(endpoint)
        denied.__annotations__["websocket"] = closed.__annotations__["websocket"] = WebSocket
        app.websocket("/denied")(denied)
        app.websocket("/closed")(closed)

    def _asked(self, accept: str):
        client = TestClient(self.app, raise_server_exceptions=False)
        source, headers = self.source, {"accept": accept}
        if source.kind == "request":
            headers |= {"authorization": SECRET, "c": SECRET, "cookie": f"d={SECRET}", "x-api-key": SECRET}
            client.post("/form/a", data={"e": SECRET}, headers=headers)
            files = {name: (SECRET, SECRET.encode(), "text/plain") for name in ("e", "g")}
            client.post("/upload", data={"f": SECRET}, files=files, headers=headers)
            return client.post(f"/it/{source.sent}?b={SECRET}", json={"e": SECRET}, headers=headers)
        params = {"it": source.sent} if source.kind == "input" else {}
        return client.post("/it", params=params, json={"it": source.sent}, headers=headers)

    def _connected(self, path: str):
        async def quiet(scope, receive, send):
            with contextlib.suppress(Exception):  # as a server does
                await self.app(scope, receive, send)

        messages: list[object] = []
        params = f"?{urlencode({'it': self.source.sent})}" if self.source.kind == "input" else ""
        headers = {"authorization": SECRET, "cookie": SECRET}
        try:
            with TestClient(quiet).websocket_connect(f"{path}{params}", headers=headers) as websocket:
                while True:
                    messages.append(websocket.receive())
                    if messages[-1]["type"] == "websocket.close":
                        return messages
        except WebSocketDenialResponse as denial:
            return [denial.text, denial.headers.multi_items()]
        except WebSocketDisconnect as closed:
            return [closed.code, closed.reason]

    @property
    def problem(self) -> Problem:
        return self.problems[0]


@cache
def site(name: str) -> Site:
    """Return the application of a source; it is asked once."""
    return Site(SOURCES[name])


def _attributes(site: Site) -> str:
    unread = {"exc_info", "exc_text"}  # `formatted log` has them as a handler writes them
    return "\n".join(str({k: v for k, v in vars(it).items() if k not in unread}) for it in site.records)


def _spans(site: Site):
    return site.spans.get_finished_spans()


def _pages(site: Site) -> str:
    return "\n".join(content.decode() for _, content in Pages(site.registry).files())


SINKS: dict[str, Callable[[Site], str]] = {
    "JSON": lambda it: it.responses["application/problem+json"].text,
    "XML": lambda it: it.responses["application/problem+xml"].text,
    "HTML": lambda it: it.responses["text/html"].text,
    "headers": lambda it: str([response.headers.multi_items() for response in it.responses.values()]),
    "WebSocket": lambda it: str(it.messages),
    "log": lambda it: "\n".join(record.getMessage() for record in it.records),
    "log attributes": _attributes,
    "formatted log": lambda it: "\n".join(map(logging.Formatter().format, it.records)),
    "str": lambda it: str(it.problem),
    "repr": lambda it: repr(it.problem),
    "args": lambda it: repr(it.problem.args),
    "details": lambda it: repr(it.problem.problem_details),
    "pickle": lambda it: pickle.dumps(it.problem).decode("latin-1"),
    "span attributes": lambda it: str(
        [(span.name, dict(span.attributes), span.status.description) for span in _spans(it)]
    ),
    "span events": lambda it: str(
        [(event.name, dict(event.attributes)) for span in _spans(it) for event in span.events]
    ),
    "pages": _pages,
    "OpenAPI": lambda it: json.dumps(it.app.openapi()),
    "vocabulary": lambda it: Vocabulary.of(it.registry).to_json(),
    "client of the vocabulary": lambda it: generate(Vocabulary.of(it.registry)),
    "client of OpenAPI": lambda it: generate_from_openapi(it.app.openapi()),
}


# --- Intended ---------------------------------------------------------------------------------------------------------

_BODY = {"JSON", "XML", "HTML", "WebSocket", "details", "pickle"}
_DOCUMENTS = {"pages", "OpenAPI", "vocabulary", "client of the vocabulary", "client of OpenAPI"}
_TEXTS = {"log", "log attributes", "formatted log", "str", "repr", "span events"}
_TRACEBACK = {"formatted log", "span events"}
_HEADER = {"headers", "WebSocket", "pickle"}

MEANT: dict[str, set[str]] = {
    "not hidden": _BODY | _TEXTS,
    "not hidden, as the default": _BODY | _TEXTS | _DOCUMENTS,
    # Sent, but in no text for people.
    "repr=False": _BODY,
    "repr=False, as the default": _BODY | _DOCUMENTS,
    # Sent as a header only.
    "only a header": _HEADER,
    "only a header, as the default": _HEADER | {"OpenAPI"},
    "an excluded header": _HEADER,
    "an excluded header, as the default": _HEADER,
    # A traceback is for the operators of a server: it has the texts of the exceptions that led to a 5xx.
    "text of a translated exception": _TRACEBACK,
    "cause of a problem of the server": _TRACEBACK,
    "text of the server": _TRACEBACK,
    # The record names the operation, as an access log does.
    "path": {"log", "log attributes", "formatted log"},
    # Notes are pickled with their exception, as with any exception.
    "note of a problem": {"pickle"},
    "note of a problem of the server": _TRACEBACK | {"pickle"},
}
"""The sinks that show the secret of a source on purpose; it is in no other."""
