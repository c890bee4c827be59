"""
The definition of a problem class: its header, and what is built from header and body on first use.

Does not import `problems.declaring.problem`: a base is a problem class if it has a definition.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, Generic, get_args, get_origin

from pydantic import BaseModel

from problems._wire.problem_type import Declaration, ProblemType
from problems.declaring._members import Members, MembersModel, mirror
from problems.declaring._model import document_model
from problems.errors import AbstractProblem, InvalidDefinition, InvalidHeader

__all__ = ["ATTRIBUTE", "Definition", "definition_of"]

ATTRIBUTE: Final = "_problem"
"""The one attribute of a problem class that is not public."""


class Definition:
    """
    The definition of one problem class.

    A subclass that declares nothing shares the definition of its base, and so do the classes of received problems.

    Attributes:
        cls: The class that was defined.
        declaration: The words of the class header, besides those in `problem_type`.
        local: What annotations that are text may refer to, for a class inside a function.
        received: The classes of received problems, by the status error of the client library and the received status.
        any_status: Whether subclasses may have another status than this class.
        sentence: Makes the `detail` of an occurrence whose class, or subclass, has no template.
    """

    def __init__(self, cls: type, declaration: Declaration, local: Mapping[str, object] | None = None) -> None:
        self.cls, self.declaration, self.local = cls, declaration, local
        self.received: Mapping[object, type] = {}
        self.any_status = False
        self.sentence: Callable[[Mapping[str, Any]], str] | None = None

    @property
    def facts(self) -> ProblemType:
        """The facts of the class, the type URI as written."""
        facts: ProblemType = self.cls.__dict__["problem_type"]
        return facts

    @cached_property
    def body(self) -> type[BaseModel]:
        """The pydantic model of the members alone."""
        written: tuple[Any, ...] = self.cls.__dict__.get("__orig_bases__", self.cls.__bases__)
        bases = tuple(base for base in map(_mirrored, written) if base is not None)
        # The root has no base with a definition, and no members.
        return mirror(self.cls, bases, self.local) if bases else MembersModel

    @cached_property
    def members(self) -> Members:
        """The extension members."""
        name = self.cls.__qualname__
        if "__dataclass_fields__" in self.cls.__dict__:
            raise InvalidDefinition(
                name, "`@dataclass` would replace what validates the members. Remove it: they are fields anyway."
            )
        if self.declaration.abstract:
            raise AbstractProblem(name, "raised")
        members = Members(self.cls, self.body, is_open=self.declaration.open, detail=self.declaration.detail)
        for member, header in members.headers.items():
            try:
                header.check(self.facts.status)
            except InvalidHeader as error:
                raise InvalidDefinition(name, f"the member {member!r} cannot be a header. {error}") from error
        return members

    @cached_property
    def model(self) -> type[BaseModel]:
        """The pydantic model of the documents, the type URI as written."""
        return self.model_for(self.facts)

    def usual_detail(self, values: Mapping[str, object]) -> str | None:
        """
        Return the `detail` of an occurrence whose raise site gives none.

        Raises:
            ValueError: A member cannot be formatted as the template says.
            TypeError: A member has no format.
        """
        return self.members.detail(values) or (self._sentence and self._sentence(values))

    @cached_property
    def _sentence(self) -> Callable[[Mapping[str, object]], str] | None:
        results = (base.__dict__[ATTRIBUTE].sentence for base in self.cls.__mro__ if ATTRIBUTE in base.__dict__)
        return next((result for result in results if result is not None), None)

    def model_for(self, facts: ProblemType) -> type[BaseModel]:
        """
        Return the pydantic model of the documents, with the type URI of *facts*.

        Raises:
            AbstractProblem: The class is a base.
        """
        if self.declaration.abstract:
            raise AbstractProblem(self.cls.__qualname__, "documented")
        unsent = [name for name in self.members.names if name not in self.members.sent]
        name = self.declaration.schema_name or self.cls.__name__
        return document_model(self.body, name, facts, unsent=unsent, doc=self.cls.__dict__.get("__doc__"))


def definition_of(cls: type) -> Definition:
    """Return the definition of a problem class."""
    definition: Definition = getattr(cls, ATTRIBUTE)
    return definition


def _mirrored(base: Any) -> Any:
    """Return the model of a base, parametrised as the base is; `None` for a base that has no members."""
    origin = get_origin(base) or base
    if origin is Generic:
        return base
    if ATTRIBUTE not in getattr(origin, "__dict__", {}):
        inherited = getattr(origin, ATTRIBUTE, None)
        return inherited.body if inherited is not None else None
    model: Any = definition_of(origin).body
    return model if origin is base else model[get_args(base)]
