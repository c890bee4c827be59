"""
OpenAPI fragments for problem types: component schemas, responses, operations.

Pure functions from classes to dictionaries: does not import a framework and does not change an application.
Validators, documentation pages and code generators agree on this format: a flat schema with a constant `type` for each
problem type, one response for each status, and a named union with a discriminator for a status with several types.
"""

import copy
from typing import Any

from problems.declaring.problem import Problem
from problems.openapi._components import Components
from problems.openapi._document import DocumentedOperation, extend_document
from problems.openapi._inputs import InvalidInputs
from problems.openapi._invalid import possible_errors
from problems.openapi._walk import objects_in, references_in
from problems.registry import Registry

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


def component_schemas(registry: Registry, *types: type[Problem], version: str = "3.1.0") -> dict[str, Any]:
    """
    Return the component schemas of problem types, and of the models their members use.

    >>> from problems import NotFound, Registry
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    ...     item_id: int
    >>> registry = Registry(ItemNotFound, base="https://shop.example/problems/")
    >>> component_schemas(registry, ItemNotFound)["ItemNotFound"]["properties"]["type"]
    {'const': 'https://shop.example/problems/item-not-found', 'type': 'string'}

    Args:
        registry: Defines the type URIs.
        types: The problem types.
        version: The OpenAPI version of the document; 3.0 has its own dialect of JSON Schema.
    """
    return copy.deepcopy(Components.of(registry, types, version=version).schemas)


def component_responses(registry: Registry, *types: type[Problem]) -> dict[str, Any]:
    """Return the component responses of problem types, under the names of their schemas."""
    return copy.deepcopy(Components.of(registry, types).responses)


def operation_responses(
    registry: Registry, operation_id: str, *types: type[Problem]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return the responses of one operation by status, and the additional schemas that they refer to.

    For documents that are built by hand or by other tools. The responses refer to the components of
    `component_schemas` and `component_responses`.
    """
    return copy.deepcopy(Components.of(registry, types).of_operation(types, operation_id))
