"""What every type checker must accept."""

from typing import assert_type


def double(number: int) -> int:
    """Return *number* twice."""
    return number * 2


assert_type(double(2), int)
