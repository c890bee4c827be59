"""
The problem of a request that does not fit: 422 with every value that was rejected.

Declares what is told; `problems._wire.invalid_params` finds it out.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from problems._wire.invalid_params import InvalidParam
from problems.catalog.client import UnprocessableContent

__all__ = ["ValidationProblem", "sentence"]


class ValidationProblem(UnprocessableContent):
    """
    The request is not valid; `errors` lists what was rejected and why.

    Attributes:
        errors: One entry for each rejected value.
        truncated: Whether more was rejected than is listed; absent if not.

    Note:
        Its type is `validation-problem` below the base URI of a registry. Subclass it with a `type=` of
        your own and register that to use another.
    """

    errors: Annotated[
        list[InvalidParam],
        Field(
            examples=[
                [
                    {"detail": "Field required", "code": "missing", "pointer": "#/name"},
                    {
                        "detail": "Input should be a valid integer",
                        "code": "int_type",
                        "in": "query",
                        "parameter": "page",
                    },
                ]
            ]
        ),
    ]
    truncated: Annotated[bool, Field(exclude_if=lambda truncated: not truncated)] = False

    def _usual_detail(self, values: Mapping[str, Any]) -> str | None:
        return super()._usual_detail(values) or sentence(len(values["errors"]))

    # An answer has them ready to be sent, as `problem_rejected`. They become objects when somebody looks at them: that
    # takes longer than all the rest of the answer.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name != "errors" or "problem_rejected" not in self.__dict__:
                raise AttributeError(name=name, obj=self)
            self.errors = [InvalidParam.model_validate(told) for told in self.__dict__["problem_rejected"]]
            return self.errors


def sentence(count: int) -> str:
    """
    Return the `detail` of a validation problem with so many errors.

    >>> sentence(1), sentence(2)
    ('1 input was rejected.', '2 inputs were rejected.')
    """
    return "1 input was rejected." if count == 1 else f"{count} inputs were rejected."
