"""
The components and responses of problem types as plain dictionaries, for documents that are built by hand.

The documents of applications are extended by `problems.openapi._document`.
"""

import copy
from typing import Any

from problems.declaring.problem import Problem
from problems.openapi._components import Components
from problems.registry import Registry

__all__ = ["component_responses", "component_schemas", "operation_responses"]


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
