"""
Possible values of expressions, as far as they are known without running code.

Plain data classes. Other modules derive the values and follow their calls. This is one thing: the kinds
of values refer to each other.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeGuard, TypeVar

from problems.contract._sources import Function

__all__ = [  # noqa: RUF022 - in the order of the file
    "CERTAIN",
    "LIKELY",
    "POSSIBLE",
    "UNSEEN",
    "UNREAD",
    "Place",
    "Raise",
    "Known",
    "Unknown",
    "UNKNOWN",
    "Instance",
    "Kind",
    "Text",
    "Local",
    "LocalClass",
    "LocalObject",
    "Bound",
    "Super",
    "Container",
    "Caught",
    "Group",
    "Deferred",
    "Factory",
    "Guarded",
    "Manager",
    "Stack",
    "Suppress",
    "Translating",
    "Partial",
    "Value",
    "Values",
    "Arguments",
    "Outcome",
    "Names",
    "class_of_value",
    "is_exact",
    "shallow",
    "unique",
]

CERTAIN: Final = 2
"""The exception is in the source, and each call on the path was resolved to source that was read."""

LIKELY: Final = 1
"""Derived from types, implementations of an interface, or one of several alternatives."""

POSSIBLE: Final = 0
"""Passed to code that may call it, or possibly swallowed on the path."""

UNSEEN: Final = -1
"""Raised by a library: a declaration may refer to it, but a missing declaration is not a breach."""

UNREAD: Final = -1
"""The status of an `HTTPException` whose status code could not be read."""


T = TypeVar("T", bound=type)
_DEEPEST: Final = 7
_MANY: Final = 12
_MOST: Final = 40
"""The maximum number of values that are distinguished."""


def _remembering(cls: T) -> T:
    """Cache the hash and the nesting depth of a class's values, because both are needed often."""
    compute: Callable[[object], int] = vars(cls)["__hash__"]
    compare: Callable[[object, object], object] = vars(cls)["__eq__"]

    def hashed(self: object) -> int:
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = compute(self)
        return known

    def equal(self: object, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and hashed(self) == hash(other) and bool(compare(self, other))

    for name, method in (("__hash__", hashed), ("__eq__", equal)):
        setattr(cls, name, method)
    return cls


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Return whether a value is a tuple."""
    return isinstance(value, tuple)


def is_dict(value: object) -> TypeGuard[dict[object, object]]:
    """Return whether a value is a dictionary."""
    return isinstance(value, dict)


def is_collection(value: object) -> TypeGuard[list[object] | tuple[object, ...] | set[object] | frozenset[object]]:
    """Return whether a value is a collection of Python's own without keys."""
    return isinstance(value, list | tuple | set | frozenset)


def type_of(value: object) -> type[object]:
    """Return the class of a value."""
    return type(value)


def _depth(value: Any) -> int:
    """Return the nesting depth of a value: an argument of an argument, an item of an item."""
    if is_tuple(value):
        return max(map(_depth, value), default=0)
    fields: dict[str, Any] | None = getattr(value, "__dict__", None)
    if fields is None or type(value).__module__ != __name__:
        return 0
    known: int | None = fields.get("_deep")
    if known is None:
        known = 1 + max((_depth(item) for name, item in fields.items() if name[0] != "_"), default=0)
        fields["_deep"] = known
    return known


@_remembering
@dataclass(frozen=True)
class Place:
    """
    The place of a statement that raises.

    Attributes:
        file: The file.
        line: The line of the statement.
        column: Its column, in UTF-8 bytes, as `ast` counts.
        function: The qualified name of the function, with its module.
    """

    file: str
    line: int
    column: int = 0
    function: str = ""


@_remembering
@dataclass(frozen=True)
class Raise:
    """
    One exception that a function can raise.

    Attributes:
        exception: The class of the exception.
        place: The place where it is raised.
        status: The status code of an `HTTPException`, or `UNREAD`; `None` for any other exception.
        text: The known part of the text of an `HTTPException`.
        sure: The certainty that it is raised.
        grouped: Whether it is raised inside an exception group.
    """

    exception: type[BaseException]
    place: Place
    status: int | None = None
    text: str | None = None
    sure: int = CERTAIN
    grouped: bool = False

    def seen_as(self, types: tuple[type[BaseException], ...], *, star: bool = False) -> bool:
        """Return whether a handler of these types catches the exception; only `except*` sees the parts of a group."""
        return issubclass(ExceptionGroup if self.grouped and not star else self.exception, types)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An object that exists: a function, a class, a module, a value."""

    obj: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and (self.obj is other.obj or _same_scalar(self.obj, other.obj))

    def __hash__(self) -> int:
        return hash(self.obj) if type(self.obj) in _SCALARS else id(self.obj)


_SCALARS: Final = frozenset({int, str, bool, float, bytes, type(None)})


def _same_scalar(one: object, other: object) -> bool:
    return type(one) in _SCALARS and type(one) is type(other) and one == other


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value."""


UNKNOWN: Final = Unknown()


@_remembering
@dataclass(frozen=True)
class Instance:
    """
    Some object of a class.

    Attributes:
        cls: The class.
        exact: Whether the object has exactly this class; otherwise it may have a subclass.
        site: The call that created it, if it is known; objects of one site share their attributes.
        statuses: The status codes of an `HTTPException`.
        text: The text of an `HTTPException`.
        arguments: The type arguments of a generic class.
    """

    cls: type
    exact: bool = False
    site: Hashable = None
    statuses: tuple[int, ...] = ()
    text: str | None = None
    arguments: tuple["Value", ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A class or one of its subclasses: the value of an annotation `type[…]`."""

    cls: type


@dataclass(frozen=True, slots=True)
class Text:
    """A text with parts that are known only when the program runs."""

    template: str


@_remembering
@dataclass(frozen=True)
class Local:
    """A function that is defined inside another."""

    node: Function
    names: "Names"


@_remembering
@dataclass(frozen=True)
class LocalClass:
    """A class that is defined inside a function."""

    node: Any
    names: "Names"


@_remembering
@dataclass(frozen=True)
class LocalObject:
    """An object of a class that is defined inside a function."""

    cls: LocalClass


@_remembering
@dataclass(frozen=True)
class Bound:
    """A method of an object."""

    function: "Value"
    receiver: "Value"


@_remembering
@dataclass(frozen=True)
class Super:
    """The value of `super()`: the methods of a receiver that follow a class in its MRO."""

    cls: type
    receiver: "Value"


@_remembering
@dataclass(frozen=True)
class Container:
    """
    A dictionary, or a sequence, with these values.

    Attributes:
        values: The values, in any order.
        keys: The keys of a dictionary.
        parts: The items of a tuple or list whose length is known.
        exact: Whether these are all values.
    """

    values: tuple["Value", ...]
    keys: tuple["Value", ...] = ()
    parts: tuple[tuple["Value", ...], ...] | None = None
    exact: bool = True


@_remembering
@dataclass(frozen=True)
class Caught:
    """The exception that a handler has; if it is open, it can be any other, too."""

    raises: tuple[Raise, ...]
    is_open: bool = False


@_remembering
@dataclass(frozen=True)
class Group:
    """An exception group with these exceptions."""

    values: tuple["Value", ...]


@_remembering
@dataclass(frozen=True)
class Deferred:
    """A coroutine or a generator: its body runs when it is awaited or iterated over."""

    function: "Value"
    arguments: "Arguments"
    iterates: bool


@_remembering
@dataclass(frozen=True)
class Factory:
    """A function that makes context managers: a generator under `contextlib.contextmanager`."""

    function: "Value"


@_remembering
@dataclass(frozen=True)
class Guarded:
    """A function whose every call runs inside a context manager, which decorates it."""

    manager: "Value"
    function: "Value"


@_remembering
@dataclass(frozen=True)
class Manager:
    """A context manager that a generator makes."""

    function: "Value"
    arguments: "Arguments"


@dataclass(eq=False, slots=True)
class Stack:
    """An exit stack, with the context managers that it has entered."""

    entered: list["Value"] = field(default_factory=list["Value"])


@dataclass(frozen=True, slots=True)
class Suppress:
    """`contextlib.suppress` of these classes."""

    types: tuple[type[BaseException], ...]


@_remembering
@dataclass(frozen=True)
class Translating:
    """`translating` with these keys and targets."""

    keys: tuple["Value", ...]
    targets: tuple["Value", ...]


@_remembering
@dataclass(frozen=True)
class Partial:
    """`functools.partial` of a function."""

    function: "Value"
    arguments: "Arguments"


Value: TypeAlias = (
    Known
    | Unknown
    | Instance
    | Kind
    | Text
    | Local
    | LocalClass
    | LocalObject
    | Bound
    | Super
    | Container
    | Caught
    | Group
    | Deferred
    | Factory
    | Guarded
    | Manager
    | Stack
    | Suppress
    | Translating
    | Partial
)
Values: TypeAlias = tuple[Value, ...]
"""Possible values of an expression; empty if it has no value, because its call always raises."""


@_remembering
@dataclass(frozen=True)
class Arguments:
    """
    The arguments of a call.

    Attributes:
        positional: The values of each positional argument.
        named: The values of each keyword argument.
        rest: The additional values of `*args` and `**kwargs` of unknown length.
    """

    positional: tuple[Values, ...] = ()
    named: tuple[tuple[str, Values], ...] = ()
    rest: Values = ()

    def get(self, number: int, name: str = "") -> Values:
        """Return the argument at a position, or of a name; empty if it is not passed."""
        for keyword, values in self.named:
            if keyword == name:
                return values
        return self.positional[number] if 0 <= number < len(self.positional) else self.rest

    def after(self, *first: Values) -> "Arguments":
        """Return the arguments with others before them."""
        return Arguments((*first, *self.positional), self.named, self.rest)

    def every(self) -> Iterator[Value]:
        """Yield each value that is passed."""
        for values in self.positional:
            yield from values
        for _, values in self.named:
            yield from values
        yield from self.rest


class Outcome:
    """
    The outcome of a call.

    Attributes:
        raises: The exceptions that it can raise.
        returns: The values that it can return.
        yields: The values that a generator yields.
        open: Whether a part of it could not be followed.
        ends: Whether it never returns, because it always raises.
    """

    __slots__ = ("ends", "open", "raises", "returns", "yields")

    def __init__(
        self,
        raises: Iterable[Raise] = (),
        returns: Iterable[Value] = (),
        *,
        is_open: bool = False,
        ends: bool = False,
    ) -> None:
        self.raises: dict[Raise, None] = dict.fromkeys(raises)
        self.returns: list[Value] = list(returns)
        self.yields: list[Value] = []
        self.open, self.ends = is_open, ends


class Names:
    """The names that a function sees, from the inside out."""

    __slots__ = ("context", "file", "function", "globals", "imported", "known", "outer", "own", "shared", "version")

    def __init__(
        self, file: str, outer: "Names | None" = None, known: "dict[str, Any] | None" = None, function: str = ""
    ) -> None:
        self.file, self.function = file, function
        self.own: dict[str, Values] = {}
        self.outer, self.known = outer, known or {}
        self.shared: set[str] = set()
        self.imported: set[str] = set()
        self.version = 0
        self.context: Hashable = None
        self.globals: dict[str, Any] | None = None

    def share(self, names: Iterable[str]) -> None:
        """Bind these names in the enclosing function, as `nonlocal` does."""
        self.shared.update(names)

    def version_key(self) -> Hashable:
        """Return a key that distinguishes the objects of two activations of one function."""
        scope: Names | None = self
        while scope is not None and scope.context is None:
            scope = scope.outer
        return None if scope is None else scope.context

    def bind(self, name: str, values: Values, *, anew: bool = False) -> None:
        """Add values to a name; with *anew*, replace the old ones."""
        if name in self.shared and self.outer is not None:
            self.outer.bind(name, values)
            return
        old = self.own.get(name)
        new = shallow(unique(values if anew or old is None else (*old, *values)))
        if new != old:
            self.own[name] = new
            self.version += 1

    def is_own(self, name: str) -> bool:
        """Return whether a name is bound in this function itself."""
        return name in self.own and name not in self.shared and name not in self.imported

    def get(self, name: str) -> Values:
        """Return the possible values of a name."""
        scope: Names | None = self
        while scope is not None:
            if name in scope.own and name not in scope.shared:
                return scope.own[name]
            if name in scope.known:
                known = scope.known[name]
                # A global that is `None` before the application has started is set later.
                return (Known(known),) if known is not None else (Known(None), UNKNOWN)
            scope = scope.outer
        return (UNKNOWN,)

    def key(self) -> Hashable:
        """Return a key that distinguishes two activations of one function."""
        return tuple((name, frozenset(values)) for name, values in self.own.items())


def unique(values: Iterable[Value]) -> Values:
    """Return each value once; if there are many, merge similar values."""
    every = values if isinstance(values, tuple) else tuple(values)
    if len(every) < 2:
        return every
    result = tuple(dict.fromkeys(every))
    return result if len(result) <= _MANY else _merged(result)


def _merged(values: Values) -> Values:
    """Return fewer values for many: one text, one container, and an unknown value above the maximum number."""
    results: dict[Value, None] = {}
    inside: list[Value] = []
    keys: list[Value] = []
    for value in values:
        match value:
            case Text() | Known(str() | bytes() | float()):
                results[Instance(str, exact=True)] = None
            case Container():
                inside += value.values
                keys += value.keys
            case _:
                results[value] = None
    if inside or keys:
        results[Container(unique(inside), unique(keys), exact=False)] = None
    merged = tuple(results)
    return merged if len(merged) <= _MOST else (*merged[:_MOST], UNKNOWN)


def shallow(values: Values) -> Values:
    """Return values with deeply nested values replaced by an unknown one, so that every chain of values ends."""
    return (
        tuple(value if _depth(value) < _DEEPEST else UNKNOWN for value in values)
        if _depth(values) >= _DEEPEST
        else values
    )


def class_of_value(value: Value) -> type:
    """Return the class of a value, `object` if it is not known."""
    match value:
        case Known(obj):
            return obj if isinstance(obj, type) else type(obj)
        case Instance(cls=cls) | Kind(cls=cls):
            return cls
        case Text():
            return str
        case _:
            return object


def is_exact(value: Value) -> bool:
    """Return whether the methods of a value come from its class, and not from an unknown subclass."""
    match value:
        case Unknown() | Kind():
            return False
        case Instance(cls=cls, exact=exact):
            return exact or cls in PLAIN
        case Bound(receiver=receiver) | Super(receiver=receiver):
            return is_exact(receiver)
        case _:
            return True


PLAIN: Final = frozenset({int, str, bool, float, bytes, complex, type(None), list, dict, tuple, set, frozenset, range})
"""Classes whose operations do not run an application's code, unless their items do."""

SAFE: Final = frozenset(
    {
        "builtins",
        "datetime",
        "uuid",
        "decimal",
        "fractions",
        "pathlib",
        "enum",
        "re",
        "logging",
        "types",
        "http",
        "math",
    }
    | {"time", "json", "random", "string", "secrets", "hashlib", "zoneinfo", "warnings", "os", "collections", "copy"}
)
"""Modules of the standard library whose functions only call their arguments."""
