"""
The problem of a request that does not fit: 422 with every value that was rejected.

Declares the members; `problems._wire.invalid_params` computes their values.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from pydantic_core import from_json

from problems._wire.invalid_params import InvalidParam, sentence
from problems.catalog.client import UnprocessableContent
from problems.declaring._definition import definition_of

__all__ = ["ValidationProblem"]


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

    # An answer has its members as JSON. The objects are made when someone reads them.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            written = self.__dict__.get("_written") if name == "errors" else None
            if written is None:
                raise AttributeError(name=name, obj=self)
            self.errors = [InvalidParam.model_validate(param) for param in from_json(written)["errors"]]
            del self.__dict__["_written"]  # from now on, what is sent is what the problem has
            return self.errors


definition_of(ValidationProblem).any_status = True  # an API may answer invalid requests with 400
definition_of(ValidationProblem).sentence = lambda members: sentence(len(members["errors"]))
