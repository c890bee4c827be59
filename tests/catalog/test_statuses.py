import inspect
import pickle
import pkgutil
import subprocess
import sys

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import problems
from problems import ClientProblem, Problem, Registry, ServerProblem, catalog
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import PHRASES
from problems.catalog import by_status, class_of
from problems.declaring._definition import definition_of
from problems.errors import AbstractProblem
from problems.fastapi import add_problems

# RFC 9110, section 15, and the RFCs that registered the others; 418 is registered as unused and has no phrase.
REGISTERED = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    511: "Network Authentication Required",
}

REQUIRED = {
    401: {"challenges": "Bearer"},
    405: {"allow": ["GET"]},
    407: {"challenges": "Basic"},
    416: {"length": 100},
    426: {"upgrade": "h2c"},
}
"""What HTTP obliges a server to send with a status."""


def occurrence(status: int) -> Problem:
    """Return an occurrence with no more than it must have."""
    return by_status(status)(**REQUIRED.get(status, {}))


statuses = pytest.mark.parametrize(("status", "phrase"), list(REGISTERED.items()), ids=str)


@statuses
class TestEveryStatus:
    def test_there_is_a_class(self, status, phrase):
        """
        Each registered error status has a class, named after its phrase.
        """
        assert phrase.replace(" ", "") == by_status(status).__name__

    def test_its_document(self, status, phrase):
        """
        It says about:blank, the phrase and the status, no more (RFC 9457, section 4.2.1).
        """
        assert {"type": ABOUT_BLANK, "title": phrase, "status": status} == (
            occurrence(status).problem_details.model_dump()
        )

    def test_its_base(self, status, phrase):
        """
        Who can do something about it is its base.
        """
        assert by_status(status).__mro__[1] is (ClientProblem if status < 500 else ServerProblem)

    def test_it_takes_any_members(self, status, phrase):
        """
        A class of the catalog is open.
        """
        problem = by_status(status)("Because.", item_id=7, **REQUIRED.get(status, {}))

        assert ("Because.", 7) == (problem.problem_details.detail, problem.problem_details.extensions["item_id"])

    def test_it_is_pickled_by_name(self, status, phrase):
        """
        A class of the catalog is found where it says.
        """
        assert str(occurrence(status)) == str(pickle.loads(pickle.dumps(occurrence(status))))  # noqa: S301 - our own

    def test_its_docstring(self, status, phrase):
        """
        The docstring cites the section that defines the status.
        """
        assert "RFC " in (inspect.getdoc(by_status(status)) or "")

    def test_its_required_members(self, status, phrase):
        """
        What HTTP requires with a status is required, nothing else.
        """
        fields = definition_of(by_status(status)).members.model.model_fields

        assert set(REQUIRED.get(status, {})) == {name for name, field in fields.items() if field.is_required()}

    def test_it_is_exported(self, status, phrase):
        """
        All of them are in `problems.catalog`.
        """
        assert by_status(status) is getattr(catalog, phrase.replace(" ", ""))


class TestTable:
    def test_the_phrases(self):
        """
        The table of the package equals the registry.
        """
        assert REGISTERED == PHRASES

    def test_418_has_none(self):
        """
        418 is registered as unused: it has no phrase, so no class could be named after it (RFC 9110, section 15.5.19).
        """
        assert ClientProblem is by_status(418)

    def test_nothing_is_built_at_import(self):
        """
        What is not used costs nothing: no model is built, so pydantic has not even looked for its plugins.
        """
        program = """
import sys, problems.catalog as catalog
from problems.declaring._definition import definition_of
built = {name for it in catalog.client.__all__ for name in vars(definition_of(getattr(catalog, it)))}
print(sorted(built & {"body", "members", "model"}), "pydantic.plugin._loader" in sys.modules)
"""
        printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - ours

        assert "[] False" == printed.stdout.strip()

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(499, ClientProblem), (418, ClientProblem), (522, ServerProblem), (599, ServerProblem), (302, ClientProblem)],
    )
    def test_unregistered(self, status, expected):
        """
        An unknown status counts as the first of its class (RFC 9110, section 15).
        """
        assert expected is by_status(status)


class TestClassOf:
    def test_registered(self):
        """
        A registered status has the class of the catalog.
        """
        assert catalog.NotFound is class_of(404)

    @pytest.mark.parametrize(
        ("status", "title"), [(499, "Client Error"), (418, "Client Error"), (522, "Server Error"), (302, "Found")]
    )
    def test_unregistered(self, status, title):
        """
        A status that is not a registered error is sent as it is, titled by its phrase or else its class.
        """
        problem = class_of(status)("Because.", item_id=7)

        assert (status, title, 7) == (problem.status, problem.problem_type.title, problem.item_id)

    @pytest.mark.parametrize("status", [0, 100, 204, 205, 304, 600, 99999, -1])
    def test_what_is_none(self, status):
        """
        A status that cannot have content becomes a 500.
        """
        assert catalog.InternalServerError is class_of(status)

    def test_it_is_made_once(self):
        """
        Two occurrences have one class.
        """
        assert class_of(499) is class_of(499)

    def test_it_is_caught_by_its_kind(self):
        """
        An unregistered status is of its kind.
        """
        assert issubclass(class_of(499), ClientProblem)


@pytest.mark.parametrize("status", sorted(REGISTERED))
def test_on_the_wire(status):
    """
    The status of the response is the one in the document (RFC 9457, section 3.1.2).
    """
    app = FastAPI()
    add_problems(app, Registry())

    @app.get("/")
    def fail() -> None:
        raise occurrence(status)

    response = TestClient(app).get("/")

    assert (status, status) == (response.status_code, response.json()["status"])


def test_abstract_kinds():
    """
    A class of statuses is not a problem.
    """
    with pytest.raises(AbstractProblem):
        raise ClientProblem


def test_every_module_is_importable():
    """
    Every module of the catalog can be imported by its path.
    """
    assert {"client", "server", "iana", "validation"} <= {
        module.name for module in pkgutil.iter_modules(problems.catalog.__path__)
    }
