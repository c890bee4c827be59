"""What is given to the functions that wire applications and clients: a wrong kind is refused at once, in a sentence."""

from problems.errors import SetupError

__all__ = ["need"]


def need(given: object, kind: type, what: str, instead: str) -> None:
    """
    Refuse what is of another kind: left alone, it fails at the first error, which nobody looks at.

    >>> need(404, str, "text", "Write a text.")
    Traceback (most recent call last):
    ...
    problems.errors.SetupError: 404 is no text. Write a text.

    Args:
        given: What was given.
        kind: The class that it has to be of.
        what: What that is called.
        instead: A sentence: what to write.

    Raises:
        SetupError: It is not.
    """
    if not isinstance(given, kind):
        raise SetupError(f"{given!r} is no {what}. {instead}")
