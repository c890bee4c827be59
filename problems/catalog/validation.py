"""
The problem of a request that does not fit: 422 with every value that was rejected.

Declares the members; `problems._wire.invalid_params` computes their values.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from problems._wire.invalid_params import InvalidParam
from problems.catalog.client import UnprocessableContent
from problems.declaring._definition import definition_of

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

    # A response has them ready to be sent, as `_rejected`. They become objects on first access: that
    # takes longer than all the rest of the answer.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name != "errors" or "_rejected" not in self.__dict__:
                raise AttributeError(name=name, obj=self)
            self.errors = [InvalidParam.model_validate(param) for param in self.__dict__["_rejected"]]
            return self.errors


def sentence(count: int) -> str:
    """
    Return the `detail` of a validation problem with so many errors.

    >>> sentence(1), sentence(2)
    ('1 input was rejected.', '2 inputs were rejected.')
    """
    return "1 input was rejected." if count == 1 else f"{count} inputs were rejected."


definition_of(ValidationProblem).any_status = True  # an API may answer invalid requests with 400
definition_of(ValidationProblem).sentence = lambda members: sentence(len(members["errors"]))
