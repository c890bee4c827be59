import sys
from datetime import date, datetime
from types import ModuleType
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field

from problems import ClientProblem, Conflict, NotFound, Problem, Registry, TooManyRequests, ValidationProblem
from problems.declaring._definition import definition_of
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.tools.generate import generate

BASE = "https://shop.example/problems/"


class Line(BaseModel):
    """One line of an order."""

    sku: str = Field(description="The article number.")
    amount: int = Field(default=1, ge=1)
    parts: list["Line"] = Field(default_factory=list)


class ItemNotFound(NotFound, type="item-not-found", title='Item "not" found', aliases=("no-item",)):
    r"""No item has the requested \id, "really"."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """
    Fewer items are in stock than were ordered.

    Order fewer.
    """

    available: int = Field(ge=0, lt=10, description="How many are left.", examples=[3])
    lines: list[Line] = Field(min_length=1)
    first: Line | None = None
    reason: Literal["sold", "broken"] = "sold"
    constant: Literal[True] = True
    until: Annotated[datetime | None, Field(alias="until-when")] = None
    day: date | None = None
    key: UUID | None = None
    link: AnyUrl | None = None
    name: Annotated[str, Field(pattern="^a", max_length=3)] | None = None
    by_colour: dict[str, int] = Field(default_factory=dict)
    numbers: Annotated[list[float], Field(default_factory=lambda: [1.5])]
    pair: tuple[int, str] | None = None
    anything: Any = None
    from_: Annotated[bool | None, Field(alias="from")] = None


class Teapot(ClientProblem, type="teapot", title="Teapot", status=418):
    """Short and stout."""


class Later(Problem, type="later", title="Later", status=202, any_status=True):
    """Not yet."""


class Busy(TooManyRequests, type="busy", title="Busy"):
    """Busy."""


VOCABULARY = Vocabulary.of(Registry(ItemNotFound, OutOfStock, Teapot, Later, Busy, NotFound, base=BASE))


@pytest.fixture
def run(monkeypatch):
    """Run the source of a module, and return the module."""

    def run(source):
        module = ModuleType("generated_of_tests")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(source, "generated.py", "exec"), module.__dict__)  # noqa: S102 - what was generated is tested
        return module

    return run


class TestGenerate:
    def test_the_classes_are_those_of_the_vocabulary(self, run):
        """
        Names, facts, members and header fields of the types are the same, so no fact is lost on the way.
        """

        def said(it):
            return it.type, it.name, it.title, it.status, it.aliases, [*it.members], it.required, it.headers

        own = [said(it) for it in VOCABULARY.types if it.type != "about:blank"]

        assert own == [said(it) for it in Vocabulary.of(run(generate(VOCABULARY)).registry).types]

    def test_it_is_stable(self, run):
        """
        The export of a generated module becomes the same module again.
        """
        source = generate(VOCABULARY)

        assert source == generate(Vocabulary.of(run(source).registry))

    def test_a_client_reads_a_document(self, run):
        """
        The classes revive documents of a server, with values of their types.
        """
        module = run(generate(VOCABULARY))
        sent = {"available": 2, "lines": [{"sku": "A-17"}], "until-when": "2026-01-31T12:00:00Z", "numbers": []}
        document = {"type": f"{BASE}out-of-stock", "title": "Out of stock", "status": 409, **sent}

        problem = module.registry.revive_document(document, status=409)

        assert isinstance(problem, module.OutOfStock)
        assert (1, 2026) == (problem.lines[0].amount, problem.until_when.year)

    def test_they_derive_from_the_catalog(self, run):
        """
        Code that handles every 404 handles the 404s of this API too.
        """
        module = run(generate(VOCABULARY))

        assert issubclass(module.ItemNotFound, NotFound)
        assert issubclass(module.ApiValidationProblem, ValidationProblem)

    def test_an_alias_is_kept(self, run):
        """
        A type is recognised under its former URI.
        """
        module = run(generate(VOCABULARY))

        assert module.ItemNotFound is module.registry.get(f"{BASE}no-item")

    def test_two_models_of_one_name_are_told_apart(self, run):
        """
        Definitions that differ have classes that differ.
        """
        other = type("Line", (BaseModel,), {"__annotations__": {"colour": str}, "__module__": __name__})
        body = {"__annotations__": {"line": other}, "__module__": __name__}
        again = type(Conflict)("Again", (Conflict,), body, type="again", title="Again")

        module = run(generate(Vocabulary.of(Registry(OutOfStock, again, base=BASE))))

        assert ["colour"] == list(module.Line_.model_fields)

    def test_a_model_that_is_called_as_its_problem_is(self, run):
        """
        Both have a class.
        """
        document = {"properties": {"value": {"$ref": "#/$defs/X"}}, "$defs": {"X": {"properties": {"a": {}}}}}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)
        module = run(generate(Vocabulary(types=(documented,))))

        assert [module.X] == [*module.registry]
        assert issubclass(module.X_, BaseModel)

    def test_an_empty_vocabulary_is_a_module(self, run):
        """
        Where there is nothing to declare the registry is empty.
        """
        assert 0 == len(run(generate(Vocabulary(types=()))).registry)

    @pytest.mark.parametrize(
        ("schema", "annotation"),
        [
            pytest.param({}, "value: Any = None", id="any"),
            pytest.param({"type": ["string", "null"]}, "value: str | None = None", id="types"),
            pytest.param({"allOf": [{"type": "string"}]}, "value: str | None = None", id="all of"),
            pytest.param({"$ref": "#/$defs/Nowhere"}, "value: Any = None", id="dangling"),
            pytest.param({"$ref": "#/$defs/Colour"}, "value: Literal['red', 'blue'] | str | None = None", id="enum"),
            pytest.param({"type": "object"}, "value: dict[str, Any] | None = None", id="object"),
            pytest.param({"type": "array", "default": [1]}, "value: list[Any] | None = Field(default=[1])", id="list"),
        ],
    )
    def test_schemas_of_other_tools(self, run, schema, annotation):
        """
        What was not written by pydantic is understood as far as it can be.
        """
        document = {"properties": {"value": schema}, "$defs": {"Colour": {"enum": ["red", "blue"]}}}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)
        source = generate(Vocabulary(types=(documented,)))

        assert f"    {annotation}\n" in source
        assert definition_of(run(source).X).members

    @pytest.mark.parametrize(
        ("member", "name"),
        [
            pytest.param("from", "from_", id="keyword"),
            pytest.param("item-id", "item_id", id="hyphen"),
            pytest.param("1st", "member_1st", id="digit"),
            pytest.param("args", "args_", id="taken"),
        ],
    )
    def test_names_that_are_none_of_python(self, run, member, name):
        """
        On the wire a member keeps its name, whatever it is called in Python.
        """
        document = {"properties": {member: {"type": "integer"}}, "required": [member]}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)

        assert {name: member} == dict(definition_of(run(generate(Vocabulary(types=(documented,)))).X).members.sent)
