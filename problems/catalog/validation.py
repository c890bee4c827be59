"""
The problem of a request that does not fit: 422 with every value that was rejected.

Declares what is told; `problems.invalid_params` finds it out.
"""

from typing import Annotated

from pydantic import Field

from problems.catalog.client import UnprocessableContent
from problems.invalid_params import InvalidParam

__all__ = ["ValidationProblem"]


class ValidationProblem(UnprocessableContent):
    """
    The request is not valid; `errors` lists what was rejected and why.

    Its type is `validation-problem` below the base URI of a registry. Subclass it with a `type=` of
    your own and register that to use another.

    Attributes:
        errors: One entry for each rejected value.
        truncated: Whether more was rejected than is listed; absent if not.
    """

    errors: list[InvalidParam]
    truncated: Annotated[bool, Field(exclude_if=lambda truncated: not truncated)] = False
