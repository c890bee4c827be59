"""
The exception that is a problem: declare it by subclassing, report it by raising.

Knows pydantic and `starlette.exceptions.HTTPException`, but neither requests,
responses nor registries: what is sent is decided in `problems.answer`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar, dataclass_transform, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from problems._definition import Inherited, Words, declare
from problems._members import (
    Members,
    MembersModel,
    annotations_of,
    check_body,
    check_names,
    local_names,
    members_of,
    mirror,
)
from problems._model import document_model
from problems._uris import quote_reference
from problems.details import ProblemDetails
from problems.errors import AbstractProblem, InvalidDefinition, InvalidMembers
from problems.problem_type import ABOUT_BLANK, Declaration, ProblemType
from problems.rendering.json import encode_members

__all__ = ["ClientProblem", "Problem", "ServerProblem", "model_for", "one_line", "unvalidated"]

T = TypeVar("T")
_NO_NAMES: Final[tuple[str, ...]] = ()
_SHOWN_MAX: Final = 300


class _PerClass(Generic[T]):
    """
    A recipe for a class attribute, followed when a class is first asked for it.

    Every problem class starts with the recipe and replaces it by its own
    result, so that from then on it costs what any class attribute costs.
    """

    def __init__(self, name: str, make: "Callable[[type[Problem]], T]") -> None:
        self.name, self._make = name, make

    def __get__(self, instance: object, owner: "type[Problem]") -> T:
        # Classes of received problems are none of ours and have no recipe: they use that of their declared base.
        home = next(base for base in owner.__mro__ if base.__dict__.get(self.name) is self)
        value = self._make(home)
        setattr(home, self.name, value)
        return value


def _positional(*, default: Any, kw_only: Literal[False] = False) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of the one member that may be given by position."""
    return default


def _keyword(*, default: Any, kw_only: Literal[True] = True) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of a member that may not."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, _positional, _keyword))
class _Declared:
    """
    Tells type checkers that annotations are keyword arguments.

    A base of its own: checkers read the fields of the subclasses of a class
    so decorated (PEP 681), and `Problem` has fields.
    """


def _make_body(cls: "type[Problem]") -> type[BaseModel]:
    """Mirror *cls* and, through their own recipes, its bases."""
    written: tuple[Any, ...] = cls.__dict__.get("__orig_bases__", cls.__bases__)
    bases: tuple[Any, ...] = tuple(base for base in map(_mirrored, written) if base is not None)
    return mirror(cls, bases, cls.problem_locals)


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
    if cls.problem_declaration.abstract:
        raise AbstractProblem(cls.__qualname__, "raised")
    return members_of(cls.problem_body, cls.__qualname__, is_open=cls.problem_declaration.open)


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


_RECIPES: Final = (
    _PerClass("problem_body", _make_body),
    _PerClass("problem_members", _make_members),
    _PerClass("problem_model", _make_model),
)


class Problem(_Declared, HTTPException):
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

    detail: str = _positional(default="", kw_only=False)
    instance: str | None = _keyword(default=None, kw_only=True)
    headers: Mapping[str, str] | None = _keyword(default=None, kw_only=True)

    problem_type: ClassVar[ProblemType] = ProblemType(ABOUT_BLANK, "", 0)
    """The facts of this class, the type URI as written; a registry resolves it."""
    problem_declaration: ClassVar[Declaration] = Declaration(abstract=True)
    """The other words of the class header."""
    problem_members: ClassVar[Members]
    """What there is to know of the extension members."""
    problem_model: ClassVar[type[BaseModel]]
    """The pydantic model of this type's documents, the type URI as written."""
    problem_body: ClassVar[type[BaseModel]] = MembersModel
    """The pydantic model of the members alone."""
    problem_names: ClassVar[frozenset[str]] = frozenset()
    """The names of the members, those of the bases among them."""
    problem_locals: ClassVar[Mapping[str, Any] | None] = None
    """What annotations that are text may refer to, for a class inside a function."""
    problem_revived: ClassVar[Mapping[type[Exception] | None, type["Problem"]]] = {}
    """The classes of received problems of this class, by the client library's status error."""
    problem_open = _NO_NAMES  # the undeclared members of an occurrence; not annotated, or it were a member itself

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
        own = annotations_of(cls)
        check_names(cls.__qualname__, own)
        check_body(cls, own)
        words = Words(type, title, status, detail, aliases, schema_name, abstract, any_status, init)
        cls.problem_names = cls.problem_names | own.keys()
        cls.problem_type, cls.problem_declaration = declare(cls.__qualname__, words, _inherited(cls))
        cls.status_code = cls.problem_type.status
        cls.problem_locals = local_names(cls, 2)
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
        cls = type(self)
        known = cls.problem_members
        values = known.validate(cls.__qualname__, members)
        if len(values) > len(known.names):
            self.problem_open = _open_names(cls, values)
        self.__dict__.update(values)
        self.instance = None if instance is None else quote_reference(instance)
        self.headers = headers if headers is None and not known.headers else known.lines(values, headers)
        self.detail = _checked_detail(cls, detail) or self._usual_detail()

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

    @property
    def problem_detail(self) -> str | None:
        """The `detail` that is sent: none where it would only repeat the title."""
        return self.detail if self.detail != self.problem_type.title else None

    @property
    def problem_extensions(self) -> bytes:
        """The extension members as one JSON object; never fails."""
        known, members = self.problem_members, self.__dict__
        if self.problem_declaration.open:
            members = {name: members[name] for name in (*known.names, *self.problem_open) if name in members}
            if not members:
                return b"{}"
        try:
            return known.serializer.to_json(members, warnings=False)
        except Exception:  # noqa: BLE001 - an unusual value must not cost the client its error
            names = (*known.sent, *self.problem_open)
            return encode_members({known.sent.get(name, name): members.get(name) for name in names})

    def _usual_detail(self) -> str:
        template = self.problem_declaration.detail
        if not template:
            return self.problem_type.title
        try:
            return template.format_map(self.__dict__)
        except Exception as error:  # noqa: BLE001 - a member's format must not turn this error into another
            self.add_note(f"The detail {template!r} could not be filled in: {type(error).__name__}.")
            return self.problem_type.title

    def __str__(self) -> str:
        said = self.problem_detail
        if said is None:
            members = self._shown()
            return f"{self.status} {self.problem_type.title}" + (f" ({members})" if members else "")
        return one_line(f"{self.status} {self.problem_type.title}: {said}")

    def __repr__(self) -> str:
        said = self.problem_detail
        return f"{type(self).__name__}({', '.join(filter(None, (said and repr(said), self._shown())))})"

    def _shown(self) -> str:
        names = (*self.problem_members.sent, *self.problem_open)
        return one_line(", ".join(f"{name}={_safe_repr(self.__dict__.get(name))}" for name in names))

    def __reduce__(self) -> tuple[Any, ...]:
        # Without ``__init__``: it may be the user's own, and the members are valid already.
        return _restore, (type(self), *self.args), self.__dict__.copy()


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
    known = cls.problem_members.names
    problem.__dict__.update(members, detail=detail or cls.problem_type.title, instance=None, headers=headers)
    problem.problem_open = tuple(name for name in members if name not in known)
    return problem


def _inherited(cls: type[Problem]) -> Inherited:
    """Return what *cls* has from its bases; to be called before it has anything of its own."""
    owner = next(base for base in cls.__mro__[1:] if issubclass(base, Problem))
    return Inherited(
        owner.__qualname__,
        cls.problem_type,
        cls.problem_declaration,
        cls.problem_names,
        unbound=bool(getattr(cls, "__parameters__", ())),
    )


def _open_names(cls: type[Problem], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members that an open type does not declare; the reserved names are reserved for them too."""
    names = tuple(name for name in values if name not in cls.problem_members.names)
    try:
        check_names(cls.__qualname__, names)
    except InvalidDefinition as error:
        raise InvalidMembers(cls.__qualname__, error.reason) from None
    return names


def _checked_detail(cls: type[Problem], detail: object) -> str:
    if not isinstance(detail, str):
        # RFC 9457, section 3.1.4: a string. What else there is to say goes into members.
        raise InvalidMembers(cls.__qualname__, f"detail: a text is needed, not {type(detail).__name__}.")
    return detail


def _restore(cls: type[Problem], *args: object) -> Problem:
    """Make the empty occurrence that `pickle` and `copy` fill."""
    return cls.__new__(cls, *args)


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - the text of an error must not fail
        return f"<{type(value).__name__}>"


def one_line(text: str) -> str:
    """Return *text* without line breaks and control characters, cut to what a log line holds."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN_MAX else f"{line[: _SHOWN_MAX - 1]}…"


class ClientProblem(Problem, abstract=True):
    """A problem the client can do something about: the base of every 4xx."""


class ServerProblem(Problem, abstract=True):
    """A problem the client can do nothing about: the base of every 5xx."""
