"""How this package announces that a name of its own goes away; it does not know which."""

import warnings

__all__ = ["ProblemsDeprecationWarning", "warn_deprecated"]


class ProblemsDeprecationWarning(FutureWarning):
    """
    A feature of this package is going away.

    A `FutureWarning`, so that it is shown by default: the people who must act on it run applications, not test suites.
    """


def warn_deprecated(old: str, *, since: str, removed_in: str, use: str) -> None:
    """Warn the caller of the caller that *old* is going away."""
    warnings.warn(
        f"{old} is deprecated since problems {since} and will be removed in {removed_in}; use {use} instead.",
        ProblemsDeprecationWarning,
        stacklevel=3,
    )
