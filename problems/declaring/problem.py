"""
The exception that is a problem: declare it by subclassing, report it by raising.

Knows pydantic and `starlette.exceptions.HTTPException`, but neither requests,
responses nor registries: what is sent is decided in `problems.answering._answer`.
"""

import inspect
from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    Self,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
)

from pydantic import BaseModel, Field, GetCoreSchemaHandler, PydanticSchemaGenerationError, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, from_json
from starlette.exceptions import HTTPException

from problems._wire.details import ProblemDetails
from problems._wire.problem_type import ABOUT_BLANK, Declaration, ProblemType
from problems._wire.text import one_line, shown
from problems._wire.uris import quote_reference
from problems.declaring._body import annotations_of, check_body, check_names, local_names
from problems.declaring._header import Inherited, Words, declare
from problems.declaring._members import Members, MembersModel, faults, members_of, mirror
from problems.declaring._model import document_model
from problems.errors import AbstractProblem, InvalidDefinition, InvalidHeader, InvalidMembers, SetupError

__all__ = ["ClientProblem", "Problem", "ServerProblem", "model_for", "unvalidated"]

T = TypeVar("T")


class PerClass(Generic[T]):
    """
    A recipe for a class attribute, followed when a class is first asked for it.

    Every problem class starts with the recipe and replaces it by its own
    result, so that from then on it costs what any class attribute costs.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> T:
        # Classes of received problems are declared by nobody and have no recipe: they use that of their base. Not
        # looked for by the recipe itself: another thread may have followed it meanwhile.
        home = next(base for base in owner.__mro__ if "problem_declaration" in base.__dict__)
        value = self._make(home)
        setattr(home, self.name, value)
        return value


def positional(*, default: Any, kw_only: Literal[False] = False) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of the one member that may be given by position."""
    return default


def keyword(*, default: Any, kw_only: Literal[True] = True) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of a member that may not."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, positional, keyword))
class Declared:
    """
    Tells type checkers that annotations are keyword arguments.

    A base of its own: checkers read the fields of the subclasses of a class
    so decorated (PEP 681), and `Problem` has fields.
    """


_NO_NAMES: Final[tuple[str, ...]] = ()


def _make_body(cls: "type[Problem]") -> type[BaseModel]:
    """Mirror *cls* and, through their own recipes, its bases."""
    if cls is Problem:
        return MembersModel
    written: tuple[Any, ...] = cls.__dict__.get("__orig_bases__", cls.__bases__)
    bases = tuple(base for base in map(_mirrored, written) if base is not None)
    return mirror(cls, bases, cls.__dict__.get("problem_locals"))


def _mirrored(base: Any) -> Any:
    """Return the model of a base, parametrised as the base is; nothing for a base that has no members."""
    origin = get_origin(base) or base
    if origin is Generic:
        return base
    if not (isinstance(origin, type) and issubclass(origin, Problem)):
        return None
    model: Any = origin.problem_body
    return model if origin is base else model[get_args(base)]


def _make_members(cls: "type[Problem]") -> Members:
    if "__dataclass_fields__" in cls.__dict__:
        raise InvalidDefinition(
            cls.__qualname__,
            "`@dataclass` would replace what validates the members. Remove it: they are fields anyway.",
        )
    if cls.problem_declaration.abstract:
        raise AbstractProblem(cls.__qualname__, "raised")
    declared = cls.problem_declaration
    members = members_of(cls, cls.problem_body, is_open=declared.open, detail=declared.detail)
    for name, header in members.headers.items():
        try:
            header.check(cls.problem_type.status)
        except InvalidHeader as error:
            raise InvalidDefinition(cls.__qualname__, f"the member {name!r} cannot be a header. {error}") from error
    return members


def _make_model(cls: "type[Problem]") -> type[BaseModel]:
    return model_for(cls, cls.problem_type)


def model_for(cls: "type[Problem]", facts: ProblemType) -> type[BaseModel]:
    """
    Return the pydantic model of the documents of *cls*, the type URI being that of *facts*.

    Raises:
        AbstractProblem: *cls* is a base.
    """
    if cls.problem_declaration.abstract:
        raise AbstractProblem(cls.__qualname__, "documented")
    name = cls.problem_declaration.schema_name or cls.__name__
    members = cls.problem_members
    unsent = [name for name in members.names if name not in members.sent]
    return document_model(cls.problem_body, name, facts, unsent=unsent, doc=cls.__dict__.get("__doc__"))


class _Signature:
    """What `inspect.signature` and `help` tell of a problem class: the members that it takes."""

    def __get__(self, instance: object, owner: "type[Problem]") -> inspect.Signature:
        usual = inspect.signature(owner.__init__)
        first = list(usual.parameters.values())[1:]
        if owner.__init__ is Problem.__init__ and not owner.problem_declaration.abstract:
            others = first.pop()
            fields = owner.problem_members.model.model_fields
            first += [_parameter(name, field) for name, field in fields.items()]
            first += [others] if owner.problem_declaration.open else []
        return usual.replace(parameters=first, return_annotation=inspect.Signature.empty)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    default = ... if field.default_factory else inspect.Parameter.empty if field.is_required() else field.default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=field.annotation)


class Problem(Declared, HTTPException):
    """
    An HTTP error with a type.

    Subclass it, or better a class of `problems.catalog`, to declare a problem type; raise it to
    report an occurrence. The class header says what is true of every
    occurrence, the class body which extension members each one carries
    (RFC 9457, sections 3 and 4):

    >>> class OutOfCredit(
    ...     Problem,
    ...     type="https://example.com/problems/out-of-credit",
    ...     title="You do not have enough credit",
    ...     status=403,
    ...     detail="That costs more than {balance}.",
    ... ):
    ...     balance: int
    >>> problem = OutOfCredit(balance=30)
    >>> problem.balance
    30
    >>> str(problem)
    '403 You do not have enough credit: That costs more than 30.'

    Args:
        detail: What happened this time; by default the template of the class header, filled in.
        instance: A URI reference that identifies this occurrence (section 3.1.5).
        headers: Further response header fields; several lines of one name as pairs.
        members: The extension members, by name or alias.

    Raises:
        InvalidMembers: A member is missing, unknown or of the wrong type.
        InvalidHeader: A header field cannot be sent.
        AbstractProblem: The class is a base.
    """

    if TYPE_CHECKING:
        detail: str = positional(default="", kw_only=False)
    instance: str | None = keyword(default=None, kw_only=True)
    headers: Mapping[str, str] | None = keyword(default=None, kw_only=True)

    status_code = 0  # what HTTPException sets for each instance; here it is that of the class

    problem_type: ClassVar[ProblemType] = ProblemType(ABOUT_BLANK, "", 0)
    """The facts of this class, the type URI as written; a registry resolves it."""
    problem_declaration: ClassVar[Declaration] = Declaration(abstract=True)
    """The other words of the class header."""
    problem_model = PerClass(_make_model)
    """The pydantic model of this type's documents, the type URI as written."""
    problem_members = PerClass(_make_members)
    """What there is to know of the extension members."""
    problem_body = PerClass(_make_body)
    """The pydantic model of the members alone."""
    problem_locals: ClassVar[Mapping[str, object] | None] = None
    """What annotations that are text may refer to, for a class inside a function."""
    problem_revived: ClassVar[Mapping[tuple[type[Exception] | None, type["Problem"] | None], type["Problem"]]] = {}
    """The classes of received problems of this class, by the client library's status error."""
    problem_open = _NO_NAMES  # the undeclared members of an occurrence; not annotated, or it were a member itself
    __signature__ = _Signature()

    def __init_subclass__(  # noqa: PLR0913 - the words of a class header
        cls,
        *,
        type: str | None = None,
        title: str | None = None,
        status: int | None = None,
        detail: str | None = None,
        aliases: tuple[str, ...] = (),
        schema_name: str | None = None,
        abstract: bool = False,
        any_status: bool = False,
        init: bool = True,
    ) -> None:
        super().__init_subclass__()
        name, own = cls.__qualname__, annotations_of(cls)
        check_names(name, own)
        words = Words(type, title, status, detail, aliases, schema_name, abstract, any_status, init)
        bases = [_inherited(base) for base in cls.__bases__ if issubclass(base, Problem)]
        facts, declaration = declare(name, words, bases, own, is_unbound=_is_unbound(cls))
        check_body(cls, own, declaration.members)
        cls.problem_type, cls.problem_declaration = facts, declaration
        cls.status_code = facts.status
        if local := local_names(cls, own):
            cls.problem_locals = local
        for recipe in _RECIPES:
            setattr(cls, recipe.name, recipe)

    def __init__(
        self,
        detail: str = "",
        *,
        instance: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        known = self.problem_members
        try:
            values = known.validate(members)
        except ValidationError as error:
            # Not from it: pydantic's own error shows the values.
            raise InvalidMembers(type(self).__qualname__, faults(error)) from None
        if known.is_open:
            self.problem_open = _open_names(type(self), values)
        # RFC 9457, section 3.1.4: a string. What else there is to say goes into members.
        text = _text(type(self), "detail", detail) if detail else self._usual_detail(values)
        if text:
            values = {"detail": text, **values}
        if instance is not None:
            values["instance"] = quote_reference(_text(type(self), "instance", instance))
        if headers is not None or known.headers:
            values["headers"] = known.lines(values, headers)
        self.__dict__.update(values)
        if self.args != (detail,):  # perhaps those of an initialiser of the user, which may hold anything
            self.args = (detail,) if detail and self.args else ()

    @property
    def status(self) -> int:
        """The status code that is sent."""
        return self.status_code

    @property
    def problem_details(self) -> ProblemDetails:
        """The document of this occurrence, the type URI as written; see `Registry.details`."""
        return self.problem_document(self.problem_type)

    def problem_document(self, facts: ProblemType) -> ProblemDetails:
        """Return the document of this occurrence, its type URI and title those of *facts*."""
        return ProblemDetails.model_validate(
            {
                "type": facts.uri,
                "title": facts.title,
                "status": facts.status,
                "detail": self.problem_detail,
                "instance": self.instance,
                **from_json(self.problem_extensions),
            }
        )

    if not TYPE_CHECKING:

        @property
        def detail(self) -> object:
            """The text of this occurrence; the title for code that reads HTTPExceptions, if there is no text."""
            return self.__dict__.get("detail") or self.__dict__.get("problem_said", self.problem_type.title)

        @detail.setter
        def detail(self, value: object) -> None:
            # HTTPExceptions are changed by others, who need not keep it a text: what is not a text is not sent.
            self.__dict__.pop("detail", None)
            self.__dict__["detail" if isinstance(value, str) and value else "problem_said"] = value

    @property
    def problem_detail(self) -> str | None:
        """The `detail` that is sent; `None` if neither the raise site nor the class header has one."""
        return self.__dict__.get("detail")

    @property
    def problem_extensions(self) -> bytes:
        """The extension members as one JSON object; never fails."""
        known, members = self.problem_members, self.__dict__
        if "problem_written" in members:  # by who made it
            return bytes(members["problem_written"])
        return known.encode(members, self.problem_open)

    def _usual_detail(self, values: Mapping[str, Any]) -> str | None:
        try:
            return self.problem_members.detail(values)
        except Exception as error:  # noqa: BLE001 - a member's format must not turn this error into another
            template = self.problem_declaration.detail
            self.add_note(f"The detail {template!r} could not be filled in: {type(error).__name__}.")
            return None

    def __str__(self) -> str:
        said, text = self.problem_detail, f"{self.status} {self.problem_type.title}"
        if said is None:
            members = self._shown()
            return one_line(f"{text} ({members})" if members else text)
        return one_line(f"{text}: {said}")

    def __repr__(self) -> str:
        said = self.problem_detail
        return f"{type(self).__name__}({', '.join(filter(None, (said and repr(said), self._shown())))})"

    def _shown(self) -> str:
        """Return the members as they are sent: a log shows no more of them than a response does."""
        return shown(from_json(self.problem_extensions).items())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let models hold problems where they allow arbitrary types; elsewhere a model was expected."""
        try:
            return handler(source)
        except PydanticSchemaGenerationError:
            name = cls.__name__
        raise SetupError(
            f"{cls.__qualname__} is an exception, not a model. Write `responses=responses({name})`, with `responses` "
            f"of `problems.fastapi`, or `@raises({name})` on the endpoint."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Without ``__init__``: it may be the user's own, and the members are valid already.
        state = {**self.__dict__, **self.problem_members.portable(self.__dict__, self.problem_open)}
        return _restore, (type(self), *self.args), state

    def __copy__(self) -> Self:
        return self._copied(copy)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self._copied(lambda state: deepcopy(state, memo))

    def _copied(self, copy_of: Callable[[dict[str, object]], dict[str, object]]) -> Self:
        """Return a copy; a copy stays in this process, so it has all of each member."""
        make, args, *rest = self.__reduce__()
        clone: Self = make(*args)
        is_own = type(self).__reduce__ is Problem.__reduce__
        state: dict[str, object] | None = self.__dict__ if is_own else next(iter(rest), None)
        clone.__setstate__(copy_of(state or {}))
        return clone


def unvalidated(
    cls: type[Problem],
    detail: str | None,
    members: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """
    Return an occurrence made of what is known to be right, or of what another library said.

    Nothing is checked, so nothing can fail: for the way from a foreign exception to its answer.
    """
    problem = cls.__new__(cls)
    problem.__dict__.update({"detail": detail, **members} if detail else members, headers=headers)
    if (known := cls.problem_members).is_open:
        problem.problem_open = tuple(name for name in members if name not in known.names)
    return problem


def _inherited(base: type[Problem]) -> Inherited:
    """Return what a class has from one of its bases."""
    facts, declaration = base.problem_type, base.problem_declaration
    title = facts.title if declaration.abstract else ""
    return Inherited(base.__qualname__, facts.uri, title, facts.status, declaration.detail, declaration.members)


def _is_unbound(cls: type) -> bool:
    """Whether a generic class has type variables left, or a base whose own were never bound."""
    if Generic not in cls.__mro__:
        return False
    unsaid = () if "__orig_bases__" in cls.__dict__ else cls.__bases__  # where `Page[int]` would be written
    return any(getattr(it, "__parameters__", ()) for it in (cls, *unsaid))


def _open_names(cls: type[Problem], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members that an open type does not declare; the reserved names are reserved for them too."""
    names = tuple(name for name in values if name not in cls.problem_members.names)
    try:
        check_names(cls.__qualname__, names)
    except InvalidDefinition as error:
        raise InvalidMembers(cls.__qualname__, error.reason) from None
    return names


def _text(cls: type[Problem], name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidMembers(cls.__qualname__, f"{name}: a text is needed, not {type(value).__name__}.")
    return value


def _restore(cls: type[Problem], *args: object) -> Problem:
    """Make the empty occurrence that `pickle` and `copy` fill."""
    return cls.__new__(cls, *args)


_RECIPES: Final = tuple(Problem.__dict__[name] for name in ("problem_model", "problem_members", "problem_body"))


class ClientProblem(Problem, abstract=True, init=False):  # or checkers made an initialiser, for all below
    """A problem the client can do something about: the base of every 4xx."""


class ServerProblem(Problem, abstract=True, init=False):
    """A problem the client can do nothing about: the base of every 5xx."""
