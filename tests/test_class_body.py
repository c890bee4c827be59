import types
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final

import pytest
from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from problems import NotFound, Problem, Unauthorized
from problems.declaring._body import is_taken
from problems.declaring._definition import definition_of
from problems.errors import InvalidDefinition, ReservedMember


class HasItem(NotFound, abstract=True):
    item_id: int


def refusal(define: Callable[[], object]) -> str:
    """Return the message of the error that a class raises, without the name of the class."""
    with pytest.raises(InvalidDefinition) as caught:
        define()
    return caught.value.reason


def member(name: str, *bases: type) -> type:
    """Return a problem class with a member of this name."""
    body = {"__annotations__": {name: int}}
    return types.new_class("Shipment", bases or (NotFound,), {}, lambda namespace: namespace.update(body))


class TestReservedNames:
    @pytest.mark.parametrize("name", ["type", "title", "status", "detail", "instance"])
    def test_those_of_the_rfc(self, name):
        """
        An extension member does not shadow a standard member (RFC 9457, section 3.2).
        """
        with pytest.raises(ReservedMember) as caught:
            member(name)

        assert f"Shipment: {name!r} cannot be an extension member, the name belongs to RFC 9457. Rename it." == str(
            caught.value
        )

    @pytest.mark.parametrize(
        ("name", "owner"),
        [
            pytest.param("args", "exceptions", id="args"),
            pytest.param("with_traceback", "exceptions", id="with_traceback"),
            pytest.param("add_note", "exceptions", id="add_note"),
            pytest.param("status_code", "exceptions", id="status_code"),
            pytest.param("headers", "exceptions", id="headers"),
            pytest.param("request", "this package", id="request"),
            pytest.param("response", "this package", id="response"),
            pytest.param("reading", "this package", id="reading"),
            pytest.param("registry", "this package", id="registry"),
            pytest.param("relayed", "this package", id="relayed"),
            pytest.param("problem_type", "this package", id="problem_type"),
            pytest.param("problem_anything", "this package", id="problem_anything"),
            pytest.param("model_fields", "pydantic models", id="model_fields"),
            pytest.param("model_number", "pydantic models", id="model_number"),
            pytest.param("copy", "pydantic models", id="copy"),
            pytest.param("json", "pydantic models", id="json"),
        ],
    )
    def test_those_of_python(self, name, owner):
        """
        A name that is taken in Python can stay on the wire, by an alias.
        """
        with pytest.raises(ReservedMember) as caught:
            member(name)
        free = f"member_{name}" if name.startswith(("problem_", "model_")) else f"{name}_"

        assert (
            f"Shipment: {name!r} cannot be an extension member, the name belongs to {owner}. Rename it. "
            f"To keep the name on the wire, write `{free}: … = Field(alias={name!r})`." == str(caught.value)
        )

    @pytest.mark.parametrize("name", dir(Exception))
    def test_no_attribute_of_an_exception_can_be_one(self, name):
        """
        An attribute of exceptions is not a member.
        """
        assert is_taken(name)

    def test_everything_of_ours_is_taken(self):
        """
        A problem has no public attribute that a member could hide.
        """
        assert [] == [name for name in dir(Problem) if not is_taken(name)]

    def test_private_names(self):
        """
        A private member would be none to pydantic.
        """
        assert "'_secret' is private and cannot be an extension member. Annotate it as ClassVar or rename it." == (
            refusal(lambda: member("_secret"))
        )

    def test_they_are_reserved_below_other_classes(self):
        """
        It does not matter how deep a class is.
        """
        with pytest.raises(ReservedMember):
            member("headers", HasItem)

    @pytest.mark.parametrize("name", ["item_id", "types", "errors", "code", "problem", "url", "value"])
    def test_other_names_are_free(self, name):
        """
        Other statements are allowed.
        """
        assert 7 == getattr(member(name)(**{name: 7}), name)


class TestClassVariables:
    def test_they_are_no_members(self):
        """
        A class variable is neither asked for nor sent.
        """

        class ItemNotFound(NotFound):
            item_id: int
            limit: ClassVar[int] = 3
            headers_of: ClassVar = ()
            _cache: ClassVar[dict[str, int]] = {}

        assert ("item_id",) == definition_of(ItemNotFound).members.names

    @pytest.mark.parametrize("hint", ["ClassVar[int]", "ClassVar", "typing.ClassVar[int]", " t.ClassVar [int]"])
    def test_as_text(self, hint):
        """
        An annotation that is text (PEP 563) is recognised too.
        """
        body = {"__annotations__": {"limit": hint}, "limit": 3}
        cls = types.new_class("Shipment", (NotFound,), {}, lambda namespace: namespace.update(body))

        assert frozenset() == definition_of(cls).declaration.members

    def test_methods_and_properties(self):
        """
        A problem class may have behaviour.
        """

        class ItemNotFound(HasItem, type="item", title="Item"):
            limit: ClassVar[int] = 3

            @property
            def is_old(self) -> bool:
                return self.item_id < self.limit

            def double(self) -> int:
                return 2 * self.item_id

            @classmethod
            def of(cls, text: str) -> "ItemNotFound":
                return cls(item_id=int(text))

        problem = ItemNotFound.of("2")

        assert (True, 4) == (problem.is_old, problem.double())

    def test_constants_of_pydantic(self):
        """
        A constant may be anything, also something of pydantic's.
        """

        class ItemNotFound(HasItem, type="item", title="Item"):
            key: ClassVar[SecretStr] = SecretStr("hunter2")
            numbers: ClassVar[TypeAdapter[list[int]]] = TypeAdapter(list[int])

        assert [7] == ItemNotFound(item_id=7).numbers.validate_python(["7"])


class TestInertEntries:
    @pytest.mark.parametrize("name", ["type", "title", "status", "detail"])
    def test_words_of_the_header(self, name):
        """
        A word in the wrong place raises, and the message names the right place.
        """
        define = types.new_class

        assert f"{name!r} would have no effect in the body. Write it into the class header: `{name}=…`." == refusal(
            lambda: define("Shipment", (NotFound,), {}, lambda namespace: namespace.update({name: "x"}))
        )

    @pytest.mark.parametrize("name", ["headers", "instance", "status_code", "args", "problem_type", "problem_x"])
    def test_what_every_problem_has(self, name):
        """
        What an occurrence has of its own is not replaced by its class.
        """
        define = types.new_class

        assert f"{name!r} cannot be replaced in the body, every problem has it. Give it another name." == refusal(
            lambda: define("Shipment", (NotFound,), {}, lambda namespace: namespace.update({name: 1}))
        )

    def test_a_default_without_annotation(self):
        """
        Without an annotation it would not be the default of the member.
        """

        def define() -> None:
            class LoginNeeded(Unauthorized, type="login", title="Login"):
                challenges = "Bearer"

        assert refusal(define) == (
            "'challenges' replaces a member, but has no annotation. Write it as the base does: `challenges: … = …`."
        )

    def test_a_method_in_place_of_a_member(self):
        """
        A method of a subclass does not hide a member of its base.
        """

        def define() -> None:
            class ItemNotFound(HasItem, type="item", title="Item"):
                def item_id(self) -> int:
                    return 7

        assert refusal(define).startswith("'item_id' replaces a member")

    def test_a_property_of_the_same_class(self):
        """
        One name is a member or a property.
        """

        def define() -> None:
            class ItemNotFound(NotFound):
                item_id: int

                @property
                def item_id(self) -> int:
                    return 7

        assert refusal(define) == (
            "'item_id' is annotated as a member and defined as a property. Give one of them another name."
        )

    def test_a_property_of_a_mixin(self):
        """
        A property would win over a member of a subclass.
        """

        class Mixin:
            @property
            def item_id(self) -> int:
                return 7

        def define() -> None:
            class ItemNotFound(Mixin, NotFound):
                item_id: int

        assert refusal(define).startswith("'item_id' is annotated as a member and defined as a property.")

    @pytest.mark.parametrize("hint", [Final, Final[int], "Final[int]", "typing.Final"], ids=repr)
    def test_a_constant(self, hint):
        """
        A constant in the eyes of pydantic would not be a member.
        """
        body = {"__annotations__": {"limit": hint}, "limit": 3}

        assert "'limit' is Final, so pydantic takes it for a constant. Annotate it as ClassVar, or without Final." == (
            refusal(lambda: types.new_class("Shipment", (NotFound,), {}, lambda namespace: namespace.update(body)))
        )

    def test_model_config(self):
        """
        A problem is not a model to configure.
        """

        def define() -> None:
            class ItemNotFound(HasItem, type="item", title="Item"):
                model_config = ConfigDict(extra="allow")

        assert refusal(define).startswith("`model_config` would have no effect")

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(model_validator(mode="after")(lambda self: self), id="model_validator"),
            pytest.param(model_serializer(lambda self: {}), id="model_serializer"),
            pytest.param(computed_field(property(lambda self: 1)), id="computed_field"),
            pytest.param(Field(ge=1), id="Field without annotation"),
            pytest.param(PrivateAttr(1), id="PrivateAttr"),
        ],
    )
    def test_pydantic_that_would_be_inert(self, value):
        """
        Features of pydantic models that cannot work here raise an error.
        """
        define = types.new_class

        assert refusal(
            lambda: define("Shipment", (HasItem,), {}, lambda namespace: namespace.update({"check": value}))
        ) == (
            "'check' would have no effect, a problem is not a pydantic model. Annotate it if it is a member, validate "
            "members one by one with `field_validator`, or compute a member before you raise."
        )

    @pytest.mark.parametrize("decorator", [field_validator, field_serializer])
    def test_a_decorator_about_no_member(self, decorator):
        """
        A validator of a misspelt member would never run.
        """

        def define() -> None:
            class ItemNotFound(HasItem, type="item", title="Item"):
                check = decorator("item")(staticmethod(lambda value: value))

        assert "'check' is about 'item', which is not a member. The members are: item_id." == refusal(define)

    def test_a_decorator_that_is_not_checked(self):
        """
        `check_fields=False` allows a validator for the members of subclasses.
        """

        class Base(NotFound, abstract=True):
            @field_validator("item_id", check_fields=False)
            @classmethod
            def double(cls, value: int) -> int:
                return 2 * value

        class ItemNotFound(Base, type="item", title="Item"):
            item_id: int

        assert 14 == ItemNotFound(item_id=7).item_id


class TestAliases:
    @pytest.mark.parametrize(
        "info",
        [
            pytest.param(Field(alias="status"), id="alias"),
            pytest.param(Field(serialization_alias="status"), id="serialization_alias"),
        ],
    )
    @pytest.mark.parametrize("annotated", [True, False], ids=["annotated", "default"])
    def test_those_of_the_rfc(self, info, annotated):
        """
        No document has two members of one name.
        """
        body: dict[str, Any] = {"__annotations__": {"state": Annotated[int, info] if annotated else int}}
        if not annotated:
            body["state"] = info

        assert refusal(lambda: types.new_class("Shipment", (NotFound,), {}, lambda n: n.update(body))) == (
            "'state' has the alias 'status', which is a member of RFC 9457 already. Choose another alias."
        )
