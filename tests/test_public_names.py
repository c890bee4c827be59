import importlib
import pkgutil
import types
from typing import Final

import pytest
import typing_extensions

import problems
from problems import catalog, errors

# Modules that need a library which a plain installation does not have, or which run a program.
OPTIONAL: Final = {"cli", "pytest_plugin", "__main__", "aiohttp", "requests"}


def modules() -> dict[str, types.ModuleType]:
    """Return the public modules below the root, by their path."""
    found = {
        info.name: importlib.import_module(f"problems.{info.name}")
        for info in pkgutil.iter_modules(problems.__path__)
        if not info.name.startswith("_") and info.name not in OPTIONAL
    }
    return {"": problems, **found}


MODULES: Final = modules()

CATALOG: Final = """
    BadRequest Unauthorized PaymentRequired Forbidden NotFound MethodNotAllowed NotAcceptable Conflict Gone
    PreconditionFailed ContentTooLarge UnsupportedMediaType UnprocessableContent TooManyRequests
    InternalServerError BadGateway ServiceUnavailable GatewayTimeout
"""

PUBLIC: Final = {
    "": f"""
        Problem ClientProblem ServerProblem ResponseHeader raises {CATALOG} ValidationProblem InvalidParam
        Registry Policy RequestId Texts HTML XML ProblemDetails ProblemType ReceivedProblem
        ProblemsError ProblemsWarning
    """,
    "_wire": "",
    "declaring": "Problem ClientProblem ServerProblem ResponseHeader raises ReceivedProblem",
    "registry": "Registry",
    "answering": """
        Policy RequestFacts RequestId fresh_instance Translation Hook Occurrence Texts texts_template
        Representation HTML html embedded render_html Sentences XML render_xml answer Answer invalid_params MASKED_NAMES
    """,
    "catching": "Dialect errors_of Undeclared translating problem_from_event problem_from_line problem_from_close",
    "documenting": "Vocabulary DocumentedType DocumentedHeader documented Pages",
    "tools": "diff export generate lint migrate",
}
"""The public names of the root and of each wing. A name that is not here is private and may change at any time."""


@pytest.mark.parametrize("wing", PUBLIC, ids=lambda name: name or "problems")
def test_public_names_are_written_down(wing):
    """
    A name becomes public, or stops being public, only by a change of this table.
    """
    module = importlib.import_module(f"problems.{wing}".rstrip("."))

    assert set(PUBLIC[wing].split()) == set(getattr(module, "__all__", ()))


@pytest.mark.parametrize("name", sorted(MODULES), ids=lambda name: name or "problems")
class TestEveryModule:
    def test_it_says_what_is_public(self, name):
        """
        A public module lists its names.
        """
        assert isinstance(MODULES[name].__all__, list)

    def test_its_list_is_honest(self, name):
        """
        Each listed name is there, once.
        """
        module = MODULES[name]

        assert [] == [it for it in module.__all__ if not hasattr(module, it) or module.__all__.count(it) > 1]

    def test_public_names_have_docstrings(self, name):
        """
        Each listed class and function is explained.
        """
        module = MODULES[name]
        listed = {it: getattr(module, it) for it in module.__all__}
        listed = {it: value for it, value in listed.items() if isinstance(value, type | types.FunctionType)}

        # A dictionary type that is made by a call has its text below the call.
        assert [] == [
            it for it, value in listed.items() if not (value.__doc__ or typing_extensions.is_typeddict(value))
        ]


class TestRoot:
    def test_its_list_is_complete(self):
        """
        What the root has without an underscore is listed, but for its modules and what loads names later.
        """
        for name in problems.__all__:
            getattr(problems, name)
        named = {
            name
            for name, value in vars(problems).items()
            if not name.startswith("_") and not isinstance(value, types.ModuleType)
        }

        assert set(problems.__all__) == named - {"TYPE_CHECKING", "later"}


class TestTracebacks:
    @pytest.mark.parametrize("module", [problems, errors, catalog], ids=lambda module: module.__name__)
    def test_names_say_where_they_live(self, module):
        """
        What is raised is found by the path in its traceback: no part of it is private.
        """
        raised = [getattr(module, name) for name in module.__all__]
        raised = [cls for cls in raised if isinstance(cls, type) and issubclass(cls, Exception)]

        # A received problem is shown as the class that was declared, see `tests/test_received.py`.
        assert [] == [cls for cls in raised if "._" in cls.__module__ and cls is not problems.ReceivedProblem]

    @pytest.mark.parametrize("name", catalog.__all__)
    def test_the_catalog_is_importable_by_that_path(self, name):
        """
        The path in a traceback can be imported from.
        """
        cls = getattr(catalog, name)
        if isinstance(cls, type):
            assert cls is getattr(importlib.import_module(cls.__module__), cls.__qualname__)
