"""
A set of problem types with a base URI: the vocabulary of one API.

Turns classes into type URIs and documents, and documents back into
exceptions. Immutable; knows no requests and no responses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any, Final, Self, TypeGuard

from pydantic import BaseModel, ValidationError

from problems._received import ReceivedProblem, received
from problems._uris import check_base, is_absolute, resolve
from problems.catalog import ValidationProblem, by_status
from problems.details import ProblemDetails, Reading, standard_members
from problems.errors import AbstractProblem, DuplicateType, InvalidRegistry
from problems.exceptions import Problem, model_for
from problems.problem_type import ABOUT_BLANK, ProblemType
from problems.rendering.json import prefix

__all__ = ["Registry"]

_VALIDATION_URI: Final = "validation-problem"
_VALIDATION_TITLE: Final = "Request validation failed"


class Registry:
    """
    The problem types of one API.

    >>> from problems import NotFound
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    ...     item_id: int
    >>> registry = Registry(ItemNotFound, base="https://shop.example/problems/")
    >>> registry.uri(ItemNotFound)
    'https://shop.example/problems/item-not-found'
    >>> registry.get("https://shop.example/problems/item-not-found").__name__
    'ItemNotFound'

    Args:
        types: The problem classes.
        base: What relative types are appended to; ends in `/`, `#`, `:` or `=`.

    Raises:
        InvalidRegistry: The base is no base, or a relative type has none.
        DuplicateType: Two classes claim one type URI.
        AbstractProblem: One of *types* is a base.
    """

    __slots__ = ("_base", "_by_uri", "_facts", "_models", "_prefixes", "_types")

    def __init__(self, *types: type[Problem], base: str | None = None) -> None:
        if base is not None and (reason := check_base(base)):
            raise InvalidRegistry(f"`base={base!r}` is no base URI: {reason}")
        self._base = base
        self._models: dict[type[Problem], type[BaseModel]] = {}
        self._prefixes: dict[type[Problem], bytes] = {}
        self._fill({cls: self._resolved(cls) for cls in types})

    @classmethod
    def from_module(cls, module: ModuleType, *, base: str | None = None) -> Self:
        """Return the registry of the concrete, public problem classes that *module* defines, imports left out."""
        return cls(*(value for name, value in vars(module).items() if _is_own(name, value, module)), base=base)

    def __or__(self, other: "Registry") -> Self:
        """
        Return a registry of the types of both, each under the URI it has.

        Classes of neither side resolve against the base of the left one.

        Raises:
            DuplicateType: A class has two URIs, or a URI two classes.
        """
        both = type(self)(base=self._base if self._base is not None else other._base)
        for cls in self._facts.keys() & other._facts.keys():
            if self.uri(cls) != other.uri(cls):
                raise DuplicateType((cls.__qualname__, self.uri(cls)), (cls.__qualname__, other.uri(cls)))
        both._fill({**self._facts, **other._facts})
        return both

    def _fill(self, facts: Mapping[type[Problem], ProblemType]) -> None:
        self._facts: Mapping[type[Problem], ProblemType] = dict(facts)
        self._types = tuple(facts)
        self._by_uri: dict[str, type[Problem]] = {}
        for cls, its in self._facts.items():
            for uri in (its.uri, *map(self._absolute, cls.problem_declaration.aliases)):
                self._claim(uri, cls)
        ours = self._facts_of(ValidationProblem).uri
        if self.validation_problem is ValidationProblem and ours != ABOUT_BLANK:
            self._claim(ours, ValidationProblem)

    def _claim(self, uri: str, cls: type[Problem]) -> None:
        if uri == ABOUT_BLANK:  # shared by all that say no more than their status (RFC 9457, section 4.2.1)
            return
        first = self._by_uri.setdefault(uri, cls)
        if first is not cls:
            raise DuplicateType((first.__qualname__, uri), (cls.__qualname__, uri))

    def _resolved(self, cls: type[Problem]) -> ProblemType:
        if cls.problem_declaration.abstract:
            raise AbstractProblem(cls.__qualname__, "registered")
        facts = self._facts_of(cls)
        if not is_absolute(facts.uri) and self._base is None:
            raise InvalidRegistry(
                f"{cls.__qualname__} has the relative type {facts.uri!r}. "
                f"Give the registry a base, `Registry(..., base='https://…/problems/')`, or the class an absolute type."
            )
        return facts

    def _facts_of(self, cls: type[Problem]) -> ProblemType:
        facts = cls.problem_type
        if cls is ValidationProblem and self._base is not None:
            return ProblemType(self._base + _VALIDATION_URI, _VALIDATION_TITLE, facts.status)
        return replace(facts, uri=self._absolute(facts.uri))

    def _absolute(self, reference: str) -> str:
        return reference if self._base is None or is_absolute(reference) else self._base + reference

    def __iter__(self) -> Iterator[type[Problem]]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, cls: object) -> bool:
        return cls in self._facts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Registry) and (self._base, self._facts) == (other._base, other._facts)

    def __hash__(self) -> int:
        return hash((self._base, frozenset(self._facts)))

    def __repr__(self) -> str:
        names = [cls.__qualname__ for cls in self._types]
        return f"{type(self).__name__}({', '.join([*names, *([f'base={self._base!r}'] if self._base else [])])})"

    @property
    def base(self) -> str | None:
        """The base URI of relative types."""
        return self._base

    @property
    def validation_problem(self) -> type[ValidationProblem]:
        """The class that tells of invalid requests: the one that is registered, or ours."""
        return next((cls for cls in self._types if issubclass(cls, ValidationProblem)), ValidationProblem)

    def facts(self, cls: type[Problem]) -> ProblemType:
        """Return the facts of a class, its type URI as it is on the wire; of a class outside the registry too."""
        return self._facts.get(cls) or self._facts_of(cls)

    def uri(self, cls: type[Problem]) -> str:
        """Return the type URI of a class (RFC 9457, section 3.1.1)."""
        return self.facts(cls).uri

    def get(self, uri: str) -> type[Problem] | None:
        """Return the class that has the type URI *uri*, or has it as an alias: the whole URI, nothing less."""
        return self._by_uri.get(uri)

    def prefix(self, cls: type[Problem]) -> bytes:
        """Return the beginning of every document of a class, for the renderer."""
        made = self._prefixes.get(cls)
        if made is None:
            facts = self.facts(cls)
            made = self._prefixes[cls] = prefix(facts.uri, facts.title, facts.status)
        return made

    def model(self, cls: type[Problem]) -> type[BaseModel]:
        """
        Return the pydantic model of a class's documents, `type` being its one URI.

        Raises:
            AbstractProblem: *cls* is a base.
        """
        made = self._models.get(cls)
        if made is None:
            made = self._models[cls] = model_for(cls, self.facts(cls))
        return made

    def details(self, problem: Problem) -> ProblemDetails:
        """Return the document of an occurrence, with the type URI it has on the wire."""
        if isinstance(problem, ReceivedProblem):
            return problem.problem_details
        return problem.problem_document(self.facts(type(problem)))

    def revive(self, details: ProblemDetails, *, status: int | None = None, url: str | None = None) -> Problem:
        """
        Return the exception that a document tells of; it is for the caller to raise.

        A type that is not registered, or whose members do not fit, becomes the class of its status.

        Args:
            details: The document.
            status: The status code on the wire, which wins over the one in the document.
            url: Where the document came from, for a relative `type` (RFC 9457, section 3.1.1).
        """
        document = details.model_dump(mode="json")
        return self.revive_document(document, status=status or _usable(details.status) or 500, url=url)

    def revive_document(
        self,
        document: Mapping[str, Any],
        *,
        status: int,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        library: type[Exception] | None = None,
        reason: str | None = None,
    ) -> Problem:
        """
        Return the exception that a JSON object tells of, as it came over the wire.

        Args:
            document: The object; what is not of RFC 9457 in it is ignored, and told in `reading`.
            status: The status code on the wire.
            url: Where it came from.
            headers: The header fields it came with, for members that are sent there.
            library: The status error of the client library that received it.
            reason: Why there was no document, if there was none.
        """
        standard, ignored = standard_members(document)
        found = self.find(standard.get("type", ABOUT_BLANK), url)
        members: Mapping[str, Any] = {}
        if found is not None:
            try:
                members = found.problem_members.read(document, headers)
            except ValidationError as error:
                reason, found = _misfit(found, error), None
        cls = received(found or by_status(status), library)
        problem = cls.__new__(cls)
        problem.__dict__.update(members)
        problem.__dict__.update(problem_status=status, problem_received=document)
        if ignored or reason:
            problem.__dict__["problem_reading"] = Reading(ignored, reason)
        return problem

    def find(self, uri: str, url: str | None = None) -> type[Problem] | None:
        """Return the class of a `type` as received: resolved against *url* first, then as written."""
        found = self._by_uri.get(resolve(url, uri)) if url and not is_absolute(uri) else None
        return found or self._by_uri.get(uri)


def _is_own(name: str, value: object, module: ModuleType) -> TypeGuard[type[Problem]]:
    """Whether an entry of a module is a problem type that it declares for others."""
    return (
        isinstance(value, type)
        and issubclass(value, Problem)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and not value.problem_declaration.abstract
    )


def _usable(status: int | None) -> int | None:
    """Return the status in a document if it is one at all (RFC 9457, section 3.1.2)."""
    return status if status is not None and 100 <= status <= 599 else None


def _misfit(cls: type[Problem], error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    told = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
    return f"The members do not fit {cls.__qualname__}: {told}."
