"""
The exception that is a problem: declare it by subclassing, report it by raising.

Knows pydantic and `starlette.exceptions.HTTPException`, but neither requests,
responses nor registries: what is sent is decided in `problems.answering._answer`.
This is one thing: the class and the functions that create its instances share its private state.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar, dataclass_transform

from pydantic import BaseModel, Field, GetCoreSchemaHandler, PydanticSchemaGenerationError, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, from_json
from starlette.exceptions import HTTPException

from problems._wire.details import ProblemDetails
from problems._wire.problem_type import ABOUT_BLANK, Declaration, ProblemType
from problems._wire.text import briefly, one_line, shown, text_or_none
from problems._wire.uris import quote_reference
from problems.declaring._body import annotations_of, check_body, check_names, local_names
from problems.declaring._definition import ATTRIBUTE, Definition, definition_of
from problems.declaring._header import Inherited, Words, declare, unknown_word
from problems.declaring._members import Members
from problems.declaring._mistakes import of_headers, of_members, of_positionals, of_standard
from problems.errors import InvalidDefinition, InvalidMembers, SetupError

__all__ = [
    "ClientProblem",
    "Problem",
    "ServerProblem",
    "detail_of",
    "details_of",
    "extensions_of",
    "has_template",
    "instance_of",
    "unvalidated",
]


def positional(*, default: Any, kw_only: Literal[False] = False) -> Any:  # noqa: ARG001 - read by type checkers
    """Declare the one positional argument to type checkers (PEP 681)."""
    return default


def keyword(*, default: Any, kw_only: Literal[True] = True) -> Any:  # noqa: ARG001 - read by type checkers
    """Declare a keyword-only argument to type checkers (PEP 681)."""
    return default


class _Model:
    """The attribute `problem_model` of a problem class: built when someone asks for it."""

    def __get__(self, instance: object, owner: "type[Problem]") -> type[BaseModel]:
        return definition_of(owner).model


class _NotAModel:
    """
    Refuses a problem class beside a pydantic model as a base, which Python would refuse with a text about lay-outs.

    Pydantic asks each base for this attribute before Python makes the class; for anything else it is not there.
    """

    def __get__(self, instance: object, owner: type) -> object:
        caller = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # pydantic has no other hook
        if caller.f_code.co_name != "for_model" or not caller.f_globals["__name__"].startswith("pydantic."):
            raise AttributeError("model_config")
        name = caller.f_locals.get("namespace", {}).get("__qualname__", f"a subclass of {owner.__qualname__}")
        raise InvalidDefinition(
            name,
            f"a class cannot have both {owner.__qualname__} and BaseModel as bases. Derive it from "
            f"{owner.__qualname__} alone: annotations in its body are members, validated by pydantic.",
        )


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, positional, keyword))
class Declared:
    """
    Declares to type checkers that annotations are keyword arguments.

    A base of its own: checkers read the fields of the subclasses of a class
    so decorated (PEP 681), and `Problem` has fields.
    """

    model_config: ClassVar[_NotAModel] = _NotAModel()


class _Signature:
    """The signature of a problem class for `inspect.signature` and `help`: members first, required ones before all."""

    def __get__(self, instance: object, owner: "type[Problem]") -> inspect.Signature:
        usual = inspect.signature(owner.__init__)
        first = list(usual.parameters.values())[1:]
        if owner.__init__ is Problem.__init__:
            first = [item for item in first if item.kind is not inspect.Parameter.VAR_POSITIONAL]
            definition = definition_of(owner)
            if not definition.declaration.abstract:
                detail, *usual_words, others = first
                fields = definition.members.model.model_fields.items()
                members = sorted((_parameter(*field) for field in fields), key=_is_optional)  # stable: else as declared
                first = [detail, *members, *usual_words, *[others] * definition.declaration.open]
        return usual.replace(parameters=first, return_annotation=inspect.Signature.empty)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    default = ... if field.default_factory else inspect.Parameter.empty if field.is_required() else field.default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=field.annotation)


def _is_optional(parameter: inspect.Parameter) -> bool:
    return parameter.default is not inspect.Parameter.empty


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

    status_code = 0  # HTTPException sets it for each instance; here the class has it

    problem_type: ClassVar[ProblemType] = ProblemType(ABOUT_BLANK, "", 0)
    """The facts of this class, the type URI as written; a registry resolves it."""
    problem_model: ClassVar[_Model] = _Model()
    """The pydantic model of this type's documents, the type URI as written."""
    _problem: ClassVar[Definition]
    """Everything else of this package; see `definition_of`."""
    __signature__: ClassVar[_Signature] = _Signature()

    if TYPE_CHECKING:

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
        ) -> None: ...

        def __init__(
            self,
            detail: str = "",
            *,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...

    else:

        def __init_subclass__(cls, **words: Any) -> None:
            super().__init_subclass__()
            _define(cls, words)

        # Accepts any arguments, so that wrong ones raise `InvalidMembers` with a readable message.
        def __init__(
            self, detail: str = "", *further: object, instance: Any = None, headers: Any = None, **members: Any
        ) -> None:
            cls, known = type(self), self._problem.members
            if further or (detail and not isinstance(detail, str)):  # RFC 9457, section 3.1.4: a string
                raise _misplaced(cls, (detail, *further), members)
            try:
                values = known.validate(members)
            except ValidationError as error:
                # Not from it: pydantic's own error shows the values.
                raise InvalidMembers(cls.__qualname__, of_members(cls.__qualname__, error, members, known)) from None
            if known.is_open:
                values["_undeclared"] = _open_names(cls, values)
            if text := detail or _usual_detail(self, values):
                values["detail"] = text
            if instance is not None:
                values["instance"] = quote_reference(_text(cls, "instance", instance))
            if headers is not None or known.headers:
                values["headers"] = _lines(cls, values, headers)
            self.__dict__.update(values)
            if self.args != (detail,):  # perhaps set by a user-defined `__init__`, and of any type
                self.args = (detail,) if detail and self.args else ()

    @property
    def status(self) -> int:
        """The status code that is sent."""
        return self.status_code

    @property
    def problem_details(self) -> ProblemDetails:
        """The document of this occurrence, the type URI as written; see `Registry.details`."""
        return details_of(self, self.problem_type)

    if not TYPE_CHECKING:

        @property
        def detail(self) -> object:
            """The text of this occurrence; the title for code that reads HTTPExceptions, if there is no text."""
            return self.__dict__.get("detail") or self.__dict__.get("_other_detail", self.problem_type.title)

        @detail.setter
        def detail(self, value: object) -> None:
            # Other code assigns to the `detail` of an HTTPException, and not always a text; only a text is sent.
            self.__dict__.pop("detail", None)
            text = text_or_none(value)
            self.__dict__["detail" if text else "_other_detail"] = text or value

    def __str__(self) -> str:
        detail, text = detail_of(self), f"{self.status} {self.problem_type.title}"
        if detail is None:
            members = _shown(self)
            return one_line(f"{text} ({members})" if members else text)
        return one_line(f"{text}: {detail}")

    def __repr__(self) -> str:
        detail = detail_of(self)
        return f"{type(self).__name__}({', '.join(filter(None, (detail and briefly(detail, 300), _shown(self))))})"

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
        state = {**self.__dict__, **self._problem.members.portable(self.__dict__, _undeclared(self))}
        return _restore, (type(self), *self.args), state

    def __copy__(self) -> Self:
        return _copied(self, copy)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return _copied(self, lambda state: deepcopy(state, memo))


P = TypeVar("P", bound=Problem)


def _copied(problem: P, copy_of: Callable[[dict[str, object]], dict[str, object]]) -> P:
    """Return a copy; a copy stays in this process, so it has all of each member."""
    make, args, *rest = problem.__reduce__()
    clone: P = make(*args)
    is_own = type(problem).__reduce__ is Problem.__reduce__
    state: dict[str, object] | None = problem.__dict__ if is_own else next(iter(rest), None)
    clone.__setstate__(copy_of(state or {}))
    return clone


def unvalidated(
    cls: type[Problem],
    detail: str | None,
    members: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    written: bytes | None = None,
) -> Problem:
    """
    Return an occurrence without validation, for members that are valid already and for foreign exceptions.

    Never raises, so that a foreign exception can always be answered.

    Args:
        cls: The class.
        detail: The text of the occurrence, or `None`.
        members: The extension members by name.
        headers: The response header fields.
        written: The extension members as JSON, if they are written already.
    """
    problem = cls.__new__(cls)
    values = problem.__dict__
    values.update(members, headers=headers)
    if detail:
        values["detail"] = detail
    if written is not None:
        values["_written"] = written
    elif (known := cls._problem.members).is_open:  # pyright: ignore[reportPrivateUsage]  # this module declares it
        values["_undeclared"] = tuple(name for name in members if name not in known.names)
    return problem


def has_template(cls: type[Problem]) -> bool:
    """Return whether the header of a class, or of a base, has a template for `detail`."""
    return bool(cls._problem.declaration.detail)  # pyright: ignore[reportPrivateUsage]  # this module declares it


def detail_of(problem: Problem) -> str | None:
    """Return the `detail` that is sent; `None` if neither the raise site nor the class header has one."""
    return problem.__dict__.get("detail")


def instance_of(problem: Problem) -> str | None:
    """Return the `instance` of an occurrence; `None` if it has none, or if other code replaced it by something else."""
    given: object = problem.instance
    return given if given is None or type(given) is str else text_or_none(given)


def extensions_of(problem: Problem) -> bytes:
    """Return the extension members as one JSON object; never fails."""
    values = problem.__dict__
    written: bytes | None = values.get("_written")  # by the code that made the problem
    if written is not None:
        return written
    known = type(problem)._problem.members  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # this module declares it
    for name in known.sent:
        if name not in values:
            values = {**_delegated(problem, known), **values}
            break
    return known.encode(values, _undeclared(problem) if known.is_open else ())


def _delegated(problem: Problem, known: Members) -> dict[str, object]:
    """Return the members that a user-defined class looks up elsewhere, as exceptions of task runners do."""
    delegate: Callable[[Problem, str], object] | None = getattr(type(problem), "__getattr__", None)
    results: dict[str, object] = {}
    if delegate is None:
        return results
    for name in known.names:
        with suppress(Exception):  # a user-defined function can raise anything
            results[name] = delegate(problem, name)
    return results


def _undeclared(problem: Problem) -> tuple[str, ...]:
    """Return the names of the members of an open type that it does not declare."""
    names: tuple[str, ...] = problem.__dict__.get("_undeclared", ())
    return names


def details_of(problem: Problem, facts: ProblemType) -> ProblemDetails:
    """Return the document of an occurrence, with the type URI and title in *facts*."""
    return ProblemDetails.model_validate(
        {
            "type": facts.uri,
            "title": facts.title,
            "status": facts.status,
            "detail": detail_of(problem),
            "instance": instance_of(problem),
            **from_json(extensions_of(problem)),
        }
    )


def _shown(problem: Problem) -> str:
    """Return the members as they are sent, except with `repr=False`: a log shows no more than a response."""
    unshown = definition_of(type(problem)).members.unshown
    return shown((name, value) for name, value in from_json(extensions_of(problem)).items() if name not in unshown)


def _misplaced(cls: type[Problem], given: tuple[object, ...], members: dict[str, Any]) -> InvalidMembers:
    """Return the error for arguments that are neither a text nor named."""
    name = cls.__qualname__
    return InvalidMembers(name, of_positionals(name, given, members, definition_of(cls).members))


def _usual_detail(problem: Problem, values: Mapping[str, object]) -> str | None:
    definition = type(problem)._problem  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # this module declares it
    try:
        return definition.usual_detail(values)
    except Exception as error:  # noqa: BLE001 - a member's format must not turn this error into another
        template = definition.declaration.detail
        problem.add_note(f"The detail {template!r} could not be filled in: {type(error).__name__}.")
        return None


def _are_headers(given: object) -> bool:
    return given is None or (isinstance(given, Iterable) and not isinstance(given, str | bytes))


def _lines(cls: type[Problem], values: dict[str, Any], headers: Mapping[str, str] | None) -> Mapping[str, str]:
    if not _are_headers(headers):
        raise InvalidMembers(cls.__qualname__, of_headers(cls.__qualname__, headers))
    return definition_of(cls).members.lines(values, headers)


def _define(cls: type[Problem], given: Mapping[str, Any]) -> None:
    """Give a class its definition, or the definition of its base if it declares nothing."""
    if unknown := [word for word in given if word not in Words._fields]:
        raise InvalidDefinition(cls.__qualname__, unknown_word(unknown[0]))
    own = annotations_of(cls)
    check_names(cls.__qualname__, own)
    bases = [base for base in cls.__bases__ if issubclass(base, Problem)]
    if not given and not own and len(bases) == 1 and _is_that_type(cls, bases[0]):
        check_body(cls, own, definition_of(bases[0]).declaration.members)
        return
    words, inherited = Words(**given), [_inherited(base) for base in bases]
    facts, declaration = declare(cls.__qualname__, words, inherited, own, is_unbound=_is_unbound(cls))
    check_body(cls, own, declaration.members)
    cls.problem_type, cls.status_code = facts, facts.status
    definition = Definition(cls, declaration, local_names(cls, own))
    definition.any_status = any(item.any_status for item in inherited)
    cls._problem = definition  # pyright: ignore[reportPrivateUsage]  # this module declares it


def _is_that_type(cls: type[Problem], base: type[Problem]) -> bool:
    """Whether a class that declares nothing is the type of its base: one with a type URI, no type variable bound."""
    is_type = not base.problem_type.is_blank and not definition_of(base).declaration.abstract
    return is_type and "__orig_bases__" not in cls.__dict__


def _inherited(base: type[Problem]) -> Inherited:
    """Return the facts that a class inherits from one of its bases."""
    facts, definition = base.problem_type, definition_of(base)
    declaration = definition.declaration
    title = facts.title if declaration.abstract else ""
    return Inherited(
        base.__qualname__,
        facts.uri,
        title,
        facts.status,
        declaration.detail,
        declaration.members,
        definition.any_status,
    )


def _is_unbound(cls: type) -> bool:
    """Whether a generic class has unbound type variables, its own or type variables of a base."""
    if Generic not in cls.__mro__:
        return False
    unsaid = () if "__orig_bases__" in cls.__dict__ else cls.__bases__  # where `Page[int]` would be written
    return any(getattr(base, "__parameters__", ()) for base in (cls, *unsaid))


def _open_names(cls: type[Problem], values: Mapping[str, object]) -> tuple[str, ...]:
    """Return the members that an open type does not declare; the reserved names are reserved for them too."""
    declared = definition_of(cls).members.names
    names = tuple(name for name in values if name not in declared)
    if reason := of_standard(cls.__qualname__, names, values, definition_of(cls).members):
        raise InvalidMembers(cls.__qualname__, reason)
    try:
        check_names(cls.__qualname__, names)
    except InvalidDefinition as error:
        raise InvalidMembers(cls.__qualname__, error.reason) from None
    return names


def _text(cls: type[Problem], name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidMembers(cls.__qualname__, f'`{name}` must be a text; got {briefly(value)}. Write `{name}="…"`.')
    return value


def _restore(cls: type[Problem], *args: object) -> Problem:
    """Make the empty occurrence that `pickle` and `copy` fill."""
    return cls.__new__(cls, *args)


setattr(Problem, ATTRIBUTE, Definition(Problem, Declaration(abstract=True)))


class ClientProblem(Problem, abstract=True, init=False):  # else type checkers generate an `__init__` for its subclasses
    """An error of the client: the base of every 4xx."""


class ServerProblem(Problem, abstract=True, init=False):
    """An error of the server: the base of every 5xx."""
