"""
A set of problem types with a base URI: the vocabulary of one API.

Turns classes into type URIs and documents, and documents back into
exceptions. Immutable; knows no requests and no responses. This is one thing:
writing and reading use the same tables.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, Final, Literal, NamedTuple, Protocol, Self, TypeGuard, TypeVar, cast
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, to_json

from problems._wire.arguments import explained
from problems._wire.details import ProblemDetails
from problems._wire.json import encode
from problems._wire.problem_type import ABOUT_BLANK, ProblemType
from problems._wire.status import phrase
from problems._wire.text import briefly
from problems._wire.uris import check_base, is_absolute, on_base, resolve
from problems.catalog import ValidationProblem, by_status
from problems.declaring._definition import definition_of
from problems.declaring._mistakes import faults
from problems.declaring._raises import is_problem, spelled
from problems.declaring._received import ReceivedProblem, received
from problems.declaring._watch import WATCH
from problems.declaring.problem import Problem, detail_of, details_of, extensions_of
from problems.errors import AbstractProblem, DuplicateType, InvalidRegistry

__all__ = ["Registry"]


class Form:
    """
    The documents of one problem type: writes the bytes that never vary once.

    >>> form = Form(ProblemType("about:blank", "Gone", 410))
    >>> form.write("Sold.", None, b'{"item_id":7}')
    b'{"type":"about:blank","title":"Gone","status":410,"detail":"Sold.","item_id":7}'

    Attributes:
        status: The status code that they are sent with.
        beginning: The bytes that all of them begin with.
    """

    __slots__ = ("beginning", "status")

    def __init__(self, facts: ProblemType) -> None:
        self.status: int = facts.status
        self.beginning: bytes = encode({"type": facts.uri, "title": facts.title, "status": facts.status})[:-1]

    def document(self, problem: Problem, instance: str | None, detail: bytes | None = None) -> bytes:
        """Return the document of an occurrence, with another *detail* if there is one; never fails."""
        return self.write(detail or detail_of(problem), instance, extensions_of(problem))

    def write(self, detail: str | bytes | None, instance: str | None, members: bytes) -> bytes:
        """
        Return the document with *detail*, which is JSON if it is bytes, *instance* and the JSON object *members*.

        No member may have the name of a standard member: names in an object are unique (RFC 8259, section 4).
        """
        document = self.beginning
        try:
            if detail is not None:
                document += b',"detail":' + (detail if isinstance(detail, bytes) else to_json(detail))
            if instance is not None:
                document += b',"instance":' + to_json(instance)
        except Exception:  # noqa: BLE001 - lone surrogates
            texts = {"detail": detail if isinstance(detail, str) else None, "instance": instance}
            present = {name: text for name, text in texts.items() if text is not None}
            document = self.beginning + b"," + encode(present)[1:-1]
        return document + b"}" if len(members) <= 2 else document + b"," + members[1:]


Built = TypeVar("Built")

_VALIDATION_URI: Final = "validation-problem"
_SHOWN_MAX: Final = 120
_VALIDATION_TITLE: Final = "Request validation failed"


class Located(Protocol):
    """What came from an address, such as a response."""

    @property
    def url(self) -> Any:
        """The address, a text or something that turns into one; a `RuntimeError` if it is not known."""
        ...


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
        InvalidRegistry: The base is invalid, a relative type has no base, or one of *types* is not a problem class.
        DuplicateType: Two classes claim one type URI.
        AbstractProblem: One of *types* is a base.
    """

    __slots__ = (
        "_base",
        "_built",
        "_by_text",
        "_by_uri",
        "_direct",
        "_facts",
        "_forms",
        "_invalid",
        "_overridden",
        "_types",
        "_untyped",
    )

    @explained
    def __init__(self, *types: type[Problem], base: str | None = None) -> None:
        if base is not None:
            _check_base(base)
        for cls in types:
            _check_type(cls)
        self._base = base
        # Weak: applications make classes while they run, and a registry must not keep them.
        self._built: WeakKeyDictionary[type, dict[object, Any]] = WeakKeyDictionary()
        self._forms: WeakKeyDictionary[type, Form] = WeakKeyDictionary()
        self._direct: dict[tuple[type, str, int], _Known] = {}
        self._overridden: Mapping[type[Problem], ProblemType] = {}
        self._fill({_defined(cls): self._resolved(cls) for cls in types})

    @classmethod
    def from_module(cls, module: ModuleType, *, base: str | None = None) -> Self:
        """Return the registry of the concrete, public problem classes that *module* defines, imports left out."""
        return cls(*(value for name, value in vars(module).items() if is_declared(name, value, module)), base=base)

    def __or__(self, other: object) -> Self:
        """
        Return a registry of the types of both, each under the URI it has.

        Classes of neither side resolve against the base of the left one.

        Raises:
            DuplicateType: A class has two URIs, or a URI two classes.
        """
        if not isinstance(other, Registry):
            return NotImplemented
        both = type(self)(base=self._base if self._base is not None else other._base)
        for cls in self._facts.keys() & other._facts.keys():
            if self.uri(cls) != other.uri(cls):
                raise DuplicateType((_name(cls), self.uri(cls)), (_name(cls), other.uri(cls)))
        both._fill({**self._facts, **other._facts}, {**other._by_uri, **self._by_uri})
        return both

    def _fill(
        self, facts: Mapping[type[Problem], ProblemType], known: Mapping[str, type[Problem]] = MappingProxyType({})
    ) -> None:
        self._facts: Mapping[type[Problem], ProblemType] = dict(facts)
        self._types = tuple(facts)
        self._invalid = next((cls for cls in facts if issubclass(cls, ValidationProblem)), ValidationProblem)
        self._by_uri: dict[str, type[Problem]] = {}
        for cls, declared in self._facts.items():
            aliases = definition_of(cls).declaration.aliases
            # As written too: servers without a base URI send relative types.
            for uri in (declared.uri, *aliases, *(on_base(alias, self._base) for alias in aliases)):
                self._claim(uri, cls)
        for uri, cls in known.items():
            self._claim(uri, cls)
        self._by_text = self._texts()
        self._untyped: dict[int, list[type[Problem]]] = {}
        for cls in self._types:
            if _is_of_status(cls, self._facts[cls]):
                self._untyped.setdefault(self._facts[cls].status, []).append(cls)
        ours = self._facts_of(ValidationProblem).uri
        if self.validation_problem is ValidationProblem:
            self._claim(ours, ValidationProblem)

    def _texts(self) -> Mapping[str, type[Problem]]:
        """Return the classes by their types and aliases as written; a text that two classes share identifies none."""
        texts = [(cls.problem_type.uri, cls) for cls in self._types if not cls.problem_type.is_blank]
        texts += [(alias, cls) for cls in self._types for alias in definition_of(cls).declaration.aliases]
        counted: dict[str, set[type[Problem]]] = {}
        for text, cls in texts:
            counted.setdefault(text, set()).add(cls)
        return {text: cls for text, (cls, *others) in counted.items() if not others}

    def _claim(self, uri: str, cls: type[Problem]) -> None:
        if uri == ABOUT_BLANK:  # shared by all that say no more than their status (RFC 9457, section 4.2.1)
            return
        first = self._by_uri.setdefault(uri, cls)
        if first is not cls:
            raise DuplicateType((_name(first), uri), (_name(cls), uri))

    def _resolved(self, cls: type[Problem]) -> ProblemType:
        facts = self._facts_of(cls)
        if not is_absolute(facts.uri):
            raise InvalidRegistry(
                f"{cls.__qualname__} has the relative type {facts.uri!r}. "
                f"Give the registry a base, `Registry(..., base='https://…/problems/')`, or the class an absolute type."
            )
        return facts

    def _facts_of(self, cls: type[Problem]) -> ProblemType:
        facts = cls.problem_type
        if cls is ValidationProblem and self._base is not None:
            return ProblemType(self._base + _VALIDATION_URI, _VALIDATION_TITLE, facts.status)
        return facts._replace(uri=on_base(facts.uri, self._base))

    def __iter__(self) -> Iterator[type[Problem]]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, cls: object) -> bool:
        return is_problem(cls) and _defined(cls) in self._facts

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
        """The class for invalid requests: the registered class, or `ValidationProblem`."""
        return self._invalid

    def check_validation_problem(self) -> None:
        """
        Raise if invalid requests cannot be answered with the registered class.

        Only for servers: a client may read the validation problems of several servers.

        Raises:
            InvalidRegistry: There are several classes for them, or theirs has further members that are required.
        """
        first, *others = [cls for cls in self._types if issubclass(cls, ValidationProblem)] or [ValidationProblem]
        if others:
            raise InvalidRegistry(
                f"Both {_name(first)} and {_name(others[0])} describe invalid requests, which are answered with one "
                f"problem type. Derive the other from `UnprocessableContent`, or leave it out."
            )
        further = {} if first is ValidationProblem else definition_of(first).body.model_fields
        for name, field in further.items():
            if name != "errors" and field.is_required():
                raise InvalidRegistry(
                    f"{_name(first)} describes invalid requests, which have no value for its member {name!r}. "
                    f"Give {name!r} a default, or derive the class from `UnprocessableContent`."
                )

    def facts(self, cls: type[Problem]) -> ProblemType:
        """Return the facts of a class, its type URI as it is on the wire; of a class outside the registry too."""
        if not is_problem(cls):
            raise InvalidRegistry(
                f"A problem class has a type URI; got {briefly(cls)}. Write `registry.uri({spelled(cls)})`."
            )
        defined = _defined(cls)
        return self._overridden.get(defined) or self._facts.get(defined) or self._facts_of(defined)

    def invalid_as(self, status: int) -> Self:
        """
        Return the same registry, but for the status code of invalid requests.

        >>> Registry().invalid_as(400).facts(ValidationProblem)
        ProblemType(uri='about:blank', title='Bad Request', status=400)
        """
        cls = self.validation_problem
        facts = self.facts(cls)
        # The title of about:blank is the phrase of the status (RFC 9457, section 4.2.1).
        title = phrase(status) if facts.is_blank else facts.title
        other = self | type(self)()
        other._overridden = {cls: ProblemType(facts.uri, title, status)}  # noqa: SLF001 - its own class
        return other

    def uri(self, cls: type[Problem]) -> str:
        """Return the type URI of a class (RFC 9457, section 3.1.1)."""
        return self.facts(cls).uri

    def get(self, uri: str) -> type[Problem] | None:
        """Return the class that has the type URI *uri*, or has it as an alias: the whole URI, nothing less."""
        return self._by_uri.get(uri)

    def form(self, cls: type[Problem]) -> Form:
        """Return the form of the documents of a class, for code that sends them."""
        form = self.known_form(cls)
        if form is None:
            defined = _defined(cls)
            form = self._forms[defined] = Form(self.facts(defined))
        return form

    def known_form(self, cls: type[Problem]) -> Form | None:
        """Return the form of a class that was answered before, `None` for any other."""
        return self._forms.get(cls) or self._forms.get(_defined(cls))

    def model(self, cls: type[Problem]) -> type[BaseModel]:
        """
        Return the pydantic model of a class's documents, `type` being its one URI.

        Raises:
            AbstractProblem: *cls* is a base.
        """
        return self.built(cls, _model)

    def built(self, cls: type[Problem], build: "Callable[[Registry, type[Problem]], Built]") -> Built:
        """
        Return the result of *build* for a class, which is called once for each class.

        The result is kept as long as the class, so it must not refer to the class.
        """
        results = self._built.get(cls)
        if results is None:
            cls = _defined(cls)
            results = self._built.setdefault(cls, {})
        if build not in results:
            results[build] = build(self, cls)
        built: Built = results[build]
        return built

    def details(self, problem: Problem) -> ProblemDetails:
        """Return the document of an occurrence, with the type URI it has on the wire."""
        if is_problem(problem):
            raise InvalidRegistry(
                f"An occurrence has details; got the class {problem.__qualname__}. "
                f"Write `registry.details({problem.__qualname__}(…))`."
            )
        if isinstance(problem, ReceivedProblem):
            return problem.problem_details
        given = cast("object", problem)
        if not isinstance(given, Problem):
            raise InvalidRegistry(
                f"An occurrence has details; got {briefly(given)}. Write `registry.details({spelled(given)}(…))`."
            )
        return details_of(problem, self.facts(type(problem)))

    def revive(self, details: ProblemDetails, *, status: int | None = None, url: str | None = None) -> Problem:
        """
        Return the exception for a document, for the caller to raise.

        A type that is not registered, or whose members do not fit, becomes the class of its status.

        Args:
            details: The document.
            status: The status code on the wire, which wins over the one in the document.
            url: Where the document came from, for a relative `type` (RFC 9457, section 3.1.1).
        """
        document = details.model_dump(mode="json")
        return self.revive_document(document, status=status or _usable(details.status) or 500, url=url)

    def revive_document(  # noqa: PLR0913 - the parts of a response, each given by its name
        self,
        document: Mapping[str, Any],
        *,
        status: int,
        url: str | None = None,
        response: Located | None = None,
        headers: Mapping[str, str] | None = None,
        library: Callable[[type], type[Exception] | None] | None = None,
        reason: str | None = None,
        identity: str | None = None,
    ) -> Problem:
        """
        Return the exception for a JSON object that was received.

        Args:
            document: The object; invalid standard members are ignored, and reported in `reading`.
            status: The status code on the wire.
            url: Where it came from, if not from a response.
            response: What it came with.
            headers: The header fields it came with, for members that are sent there.
            library: Returns the status error of the client library for the class of the response.
            reason: Why there was no document; `None` if there was one.
            identity: The member that names the problem type, if it is another one than `type`.
        """
        uri = document.get("type") if identity is None else None
        known = self._direct.get((type(response), uri, status)) if isinstance(uri, str) else None
        members = None if known is None else known.members_of(document)
        if known is None or members is None:  # not received before, or some members do not fit
            result = self._by_text.get(_text_in(document, identity))
            result = result or self._found(document.get("type"), url if response is None else _address(response))
            fit = self._fit(result, document, headers, status)
            cls = received(fit.cls, library(type(response)) if library else None, fit.further)
            members, reason = dict(fit.members), fit.reason if reason is None else reason
            if fit.ignored:
                members["problem_ignored"] = fit.ignored
            self._remember(document.get("type"), result, fit, cls, (type(response), status))
        else:
            cls = known.cls
        if reason:
            members["problem_reason"] = reason
        return occurrence(cls, members, document, status, response)

    def _found(self, uri: object, url: str | None) -> type[Problem] | None:
        if not isinstance(uri, str):
            return None
        result = self._by_uri.get(uri)
        return result if result is not None and ":" in uri else self.find(uri, url)

    def _fit(
        self,
        result: type[Problem] | None,
        document: Mapping[str, object],
        headers: Mapping[str, str] | None,
        status: int,
    ) -> "_Fit":
        """Return the class and the members of a document: of the class *found*, else of the status."""
        reason = None
        own, ambiguity = self._of_status(status) if result is None else (result, None)
        base = by_status(status)
        # What HTTP ties to the status is there whatever the type is.
        headed = {} if definition_of(base).declaration.abstract else definition_of(base).members.read({}, headers)
        if own is not None:
            try:
                members, ignored = definition_of(own).members.read_leniently(document, headers)
            except Exception as error:  # noqa: BLE001 - a validator of the application may raise anything
                reason = _misfit(own, error)
            else:
                further = None if issubclass(own, base) else base
                return _Fit(own, further, {**headed, **members} if further else members, ignored, None)
        return _Fit(base, None, headed, (), reason or ambiguity)

    def _of_status(self, status: int) -> tuple[type[Problem] | None, str | None]:
        """Return the user-defined class for a status without a type URI, or why no class is used."""
        declared = self._untyped.get(status, ())
        derived = next((cls for cls in declared if all(issubclass(cls, other) for other in declared)), None)
        if derived is not None or not declared:
            return derived, None
        names = " and ".join(cls.__qualname__ for cls in declared)
        return None, f"{names} have the status {status} and no type URI, so neither is used. Give one a `type=`."

    def _remember(
        self, uri: object, result: type[Problem] | None, fit: "_Fit", cls: type[Problem], key: tuple[type, int]
    ) -> None:
        """Let the next occurrence of a known type take the short way, if its members are all in the document."""
        if not isinstance(uri, str) or result is None or fit.cls is not result or self._by_uri.get(uri) is not result:
            return
        known, response, status = definition_of(result).members, *key
        is_whole = len(known.sent) == len(known.names) and not (fit.further and _names_of(fit.further))
        if ":" in uri and is_whole:
            self._direct[response, uri, status] = _Known(cls, known.reader)

    def find(self, uri: str, url: str | None = None) -> type[Problem] | None:
        """Return the class of a `type` as received: resolved against *url* first, then as written."""
        result = self._by_uri.get(uri)
        if url is None or (result is not None and ":" in uri):  # a scheme, so there is nothing to resolve
            return result
        return self._by_uri.get(resolve(url, uri)) or result


def occurrence(
    cls: type[Problem], members: dict[str, Any], document: Mapping[str, Any], status: int, response: object
) -> Problem:
    """Return a received problem of the class *cls*, which is one of `received`; its members are not validated again."""
    problem = cls.__new__(cls)
    members["problem_status"] = status
    members["problem_received"] = document
    members["problem_response"] = response
    problem.__dict__ = members
    if WATCH.observers:
        WATCH.notice(problem)
    return problem


def _model(registry: Registry, cls: type[Problem]) -> type[BaseModel]:
    return definition_of(cls).model_for(registry.facts(cls))


def _check_base(base: object) -> None:
    """Raise if a base URI cannot be used."""
    reason = check_base(base) if isinstance(base, str) else "it is not a text."
    if reason:
        ended = f"{base}/" if isinstance(base, str) and len(base) <= _SHOWN_MAX else ""
        line = "https://api.example.com/problems/" if check_base(ended) else ended
        raise InvalidRegistry(f"`base={briefly(base)}` is not a base URI: {reason} Write `base={line!r}`.")


def _check_type(cls: object) -> None:
    """Raise if a registry cannot contain *cls*."""
    shown = briefly(cls, _SHOWN_MAX)
    if not is_problem(cls):
        if isinstance(cls, str) and is_absolute(cls):
            line = f"`Registry(…, base={shown})`"
        elif isinstance(cls, Registry):
            line = "`one | other` to join two registries"
        elif isinstance(cls, list | tuple | set | frozenset):
            line = "`Registry(*classes)`"
        else:
            line = f"`Registry({spelled(cls)})`"
        raise InvalidRegistry(f"A registry takes problem classes; got {shown}. Write {line}.")
    if definition_of(cls).declaration.abstract:
        raise AbstractProblem(cls.__qualname__, "registered")


def _defined(cls: type[Problem]) -> type[Problem]:
    """Return the class that a subclass without a declaration of its own is; anything but a class as it is."""
    return definition_of(cls).cls if is_problem(cls) else cls


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def is_declared(name: str, value: object, module: ModuleType) -> TypeGuard[type[Problem]]:
    """Return whether an entry of a module is a problem type that the module declares for others."""
    return (
        isinstance(value, type)
        and issubclass(value, Problem)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and not definition_of(value).declaration.abstract
    )


def _usable(status: int | None) -> int | None:
    """Return the status in a document if it is one at all (RFC 9457, section 3.1.2)."""
    return status if status is not None and 100 <= status <= 599 else None


def _address(response: Located) -> str | None:
    try:
        return str(response.url)
    except RuntimeError:
        return None


class _Known(NamedTuple):
    """
    What was found out about one type URI that came with one status from one client library.

    Attributes:
        cls: The class of the received problem.
        reader: Validates the members, which are all in the document.
    """

    cls: type[Problem]
    reader: SchemaValidator

    def members_of(self, document: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the members in a document; `None` if they do not fit."""
        try:
            members: dict[str, Any] = self.reader.validate_python(document)
        except Exception:  # noqa: BLE001 - a validator of the application may raise anything
            return None
        return members


class _Fit(NamedTuple):
    """
    The class that a document revives as.

    Attributes:
        cls: The class.
        further: The class of the received status, if *cls* does not derive from it.
        members: The members.
        ignored: A sentence for each member that does not fit.
        reason: Why another class did not fit.
    """

    cls: type[Problem]
    further: type[Problem] | None
    members: Mapping[str, Any]
    ignored: tuple[str, ...]
    reason: str | None


def _is_of_status(cls: type[Problem], facts: ProblemType) -> bool:
    """Whether a class was declared by the user for all problems of a status: without a type URI."""
    return facts.is_blank and cls not in (by_status(facts.status), ValidationProblem)


def _names_of(cls: type[Problem]) -> tuple[str, ...]:
    return () if definition_of(cls).declaration.abstract else definition_of(cls).members.names


def _text_in(document: Mapping[str, object], name: str | None) -> str:
    text = document.get(name) if name is not None else None
    return text if isinstance(text, str) else ""


def _misfit(cls: type[Problem], error: Exception) -> str:
    reason = faults(error) if isinstance(error, ValidationError) else f"{type(error).__name__}."
    return f"The members do not fit {cls.__qualname__}: {reason}"


def lack_of(cls: type[Problem], registry: Registry) -> Literal["unregistered", "relative"] | None:
    """
    Return why clients do not recognise the type URI of a class; `None` if they do.

    Classes without a type URI of their own need no registry, nor do absolute URIs in an application without one.

    >>> lack_of(Problem, Registry(base="https://shop.example/problems/")) is None
    True
    """
    if definition_of(cls).declaration.abstract or (facts := registry.facts(cls)).is_blank:
        return None
    if not is_absolute(facts.uri):
        return "relative"
    is_expected = bool(len(registry) or registry.base)
    return "unregistered" if is_expected and registry.get(facts.uri) is None else None


def unregistered(cls: type[Problem], registry: Registry) -> str | None:
    """
    Return why clients do not recognise the type URI of a class, with the line to write; `None` if they do.

    >>> unregistered(Problem, Registry(base="https://shop.example/problems/")) is None
    True
    """
    if lack_of(cls, registry) is None:
        return None
    base = f'base="{registry.base or "https://api.example.com/problems/"}"'
    return f"{cls.__qualname__} is not registered. Write `Registry({cls.__name__}, …, {base})`."
