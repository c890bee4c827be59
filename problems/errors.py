"""
The errors that this package raises when it is used in a wrong way.

A `Problem` is an error that a client of an API receives; a `ProblemsError` is a mistake in the code that declares,
raises or installs problems, and no client sees it. Does not import problem classes.

```
ProblemsError
├── InvalidDefinition       the header or the body of a problem class cannot be used
│   └── ReservedMember      ... a member has a reserved name
├── InvalidMembers          a problem was created with wrong members
├── InvalidHeader           a response header field is not allowed by HTTP
├── AbstractProblem         a base was raised, registered or documented
├── InvalidRegistry         a registry cannot have these types or this base URI
│   └── DuplicateType       ... a type URI names two classes, or a class has two type URIs
├── SetupError              an argument of a function of this package cannot be used
├── ReturnedProblem         an endpoint returned a problem instead of raising it
└── UndeclaredProblem       an operation answered with a problem that it does not declare
```
"""

__all__ = [
    "AbstractProblem",
    "DuplicateType",
    "InvalidDefinition",
    "InvalidHeader",
    "InvalidMembers",
    "InvalidRegistry",
    "ProblemsError",
    "ProblemsWarning",
    "ReservedMember",
    "ReturnedProblem",
    "SetupError",
    "UndeclaredProblem",
    "UndeclaredProblemWarning",
]


_SHOWN_MAX = 80


class ProblemsError(Exception):
    """This package is used wrongly; the message says how to use it instead."""


class InvalidDefinition(ProblemsError, TypeError):
    """
    The header or the body of a problem class cannot be used.

    Attributes:
        cls: The qualified name of the class.
        reason: What is wrong, and what to do about it.
    """

    def __init__(self, cls: str, reason: str) -> None:
        super().__init__(cls, reason)  # pickle needs all arguments in `args`
        self.cls: str = cls
        self.reason: str = reason

    def __str__(self) -> str:
        return f"{self.cls}: {self.reason}"


class ReservedMember(InvalidDefinition):
    """
    An extension member has a reserved name.

    Attributes:
        member: The name of the member.
    """

    def __init__(self, cls: str, member: str, owner: str) -> None:
        # A prefix is reserved as a whole: a name that begins with it stays reserved with an underscore at its end.
        free = f"member_{member}" if member.startswith(("model_", "problem_")) else f"{member}_"
        alias = f" To keep the name on the wire, write `{free}: … = Field(alias={member!r})`."
        reason = f"{member!r} cannot be an extension member, the name belongs to {owner}. Rename it." + (
            "" if owner == "RFC 9457" else alias
        )
        super().__init__(cls, reason)
        self.args: tuple[object, ...] = (cls, member, owner)
        self.member: str = member


class InvalidMembers(ProblemsError, TypeError):
    """
    A problem was made with members that its class does not declare.

    Attributes:
        cls: The qualified name of the class.
        reason: Each member at fault with what is wrong; never its value.
    """

    def __init__(self, cls: str, reason: str) -> None:
        super().__init__(cls, reason)
        self.cls: str = cls
        self.reason: str = reason

    def __str__(self) -> str:
        return f"{self.cls} cannot be made like this: {self.reason}"


class InvalidHeader(ProblemsError, ValueError):
    """
    A response header that HTTP does not allow (RFC 9110, section 5.5).

    Attributes:
        name: The name of the field.
        reason: What is wrong with its name or value; never the value.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name: str = name
        self.reason: str = reason

    def __str__(self) -> str:
        return f"The response header {self.name!r} cannot be sent: {self.reason}"


class AbstractProblem(ProblemsError, TypeError, AttributeError):
    """
    A base was used where a problem type is needed.

    An `AttributeError` as well: a base has no model of its documents, and code that reads all attributes of a class,
    as `help` does, must continue.

    Attributes:
        cls: The qualified name of the class.
        use: What was tried.
    """

    def __init__(self, cls: str, use: str) -> None:
        super().__init__(cls, use)
        self.cls: str = cls
        self.use: str = use

    def __str__(self) -> str:
        return (
            f"{self.cls} cannot be {self.use}: it is a base. "
            f"Use a subclass that has a status, is not `abstract=True` and binds every type variable."
        )


class InvalidRegistry(ProblemsError, ValueError):
    """A registry cannot be made of these types and this base URI."""


class DuplicateType(InvalidRegistry):
    """
    One type URI names two classes, or one class has two type URIs.

    Attributes:
        first: What was registered first: a class and its URI.
        second: The class that was rejected, and its URI.
    """

    def __init__(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        super().__init__(first, second)
        self.first: tuple[str, str] = first
        self.second: tuple[str, str] = second

    def __str__(self) -> str:
        (one, uri), (other, other_uri) = self.first, self.second
        if one == other and uri != other_uri:
            return f"{one} has two type URIs, {uri!r} and {other_uri!r}. Keep it in one of the registries."
        return f"{one} and {other} both have the type {uri!r}. A type URI names one problem type: change one `type=`."


class SetupError(ProblemsError):
    """An application or a client cannot be wired like this; the message says what stands in the way."""


class ReturnedProblem(ProblemsError):
    """
    An endpoint returned a problem instead of raising it, alone or in a container.

    Attributes:
        problem: The name of the problem class.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem} was returned, not raised. Write `raise {self.problem}(…)`."


class UndeclaredProblem(ProblemsError):
    """An operation answered with a problem that it does not declare; see `Policy(undeclared="raise")`."""


class ProblemsWarning(UserWarning):
    """A set-up that works but is probably a mistake; the message contains the line to write instead."""


class UndeclaredProblemWarning(ProblemsWarning):
    """An operation answered with a problem that it does not declare; see `Policy(undeclared="warn")`."""


def need(given: object, kind: type, what: str, instead: str) -> None:
    """
    Raise if an argument has the wrong type, which would otherwise fail only at the first error response.

    >>> need(404, str, "text", "Write a text.")
    Traceback (most recent call last):
    ...
    problems.errors.SetupError: 404 is not a valid text. Write a text.

    Args:
        given: What was given.
        kind: The class that it has to be of.
        what: What that is called.
        instead: A sentence: what to write.

    Raises:
        SetupError: It is not.
    """
    if not isinstance(given, kind):
        raise SetupError(f"{_briefly(given)} is not a valid {what}. {instead}")


def _briefly(given: object) -> str:
    """Return the `repr` of an object in one readable line; an application's own may be long, or fail."""
    try:
        text = repr(given)
    except Exception:  # noqa: BLE001 - the mistake has to be reported, whatever `__repr__` raises
        return f"<{type(given).__qualname__}>"
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"
