"""
OpenAPI fragments for problem types: component schemas, responses, operations.

Pure functions from classes to dictionaries: does not import a framework and does not change an application.
Validators, documentation pages and code generators agree on this format: a flat schema with a constant `type` for each
problem type, one response for each status, and a named union with a discriminator for a status with several types.
"""

from typing import TYPE_CHECKING

from problems._wire.later import later

if TYPE_CHECKING:
    from problems.openapi._components import Components
    from problems.openapi._document import DocumentedOperation, extend_document
    from problems.openapi._fragments import component_responses, component_schemas, operation_responses
    from problems.openapi._inputs import InvalidInputs
    from problems.openapi._invalid import possible_errors
    from problems.openapi._walk import objects_in, references_in

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "component_schemas",
    "component_responses",
    "operation_responses",
    "Components",
    "DocumentedOperation",
    "extend_document",
    "InvalidInputs",
    "possible_errors",
    "objects_in",
    "references_in",
]

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # Loaded when a document is built: an application may serve for a month and never build one.
    __getattr__, __dir__ = later(
        __name__,
        dict.fromkeys(
            ("component_responses", "component_schemas", "operation_responses"), "problems.openapi._fragments"
        )
        | dict.fromkeys(("DocumentedOperation", "extend_document"), "problems.openapi._document")
        | dict.fromkeys(("objects_in", "references_in"), "problems.openapi._walk")
        | {
            "Components": "problems.openapi._components",
            "InvalidInputs": "problems.openapi._inputs",
            "possible_errors": "problems.openapi._invalid",
        },
    )
