"""
A YAML 1.2 reader with the types of JSON, for OpenAPI documents.

Uses the loader of libyaml if PyYAML was built with it. Does not know OpenAPI.
"""

import re
from collections.abc import Hashable, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from problems.tools._targets import TargetError

if TYPE_CHECKING:
    import yaml
else:  # the extra `cli` brings it; only YAML needs it
    with suppress(ImportError):
        import yaml

__all__ = ["read_yaml"]

_LIMIT: Final = 5_000_000
"""The maximum number of values in a document with all aliases expanded."""

# YAML 1.2.2, section 10.3.2: the core schema.
_TYPES: Final = (
    ("null", re.compile(r"\A(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"\A(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    ("int", re.compile(r"\A(?:[-+]?[0-9]++|0o[0-7]++|0x[0-9a-fA-F]++)\Z"), list("-+0123456789")),
    ("float", re.compile(r"\A[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?\Z"), list("-+.0123456789")),
    ("float", re.compile(r"\A(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"), list("-+.")),
    ("merge", re.compile(r"\A<<\Z"), ["<"]),
)


def read_yaml(text: str, source: str) -> JsonValue:
    """
    Return the value in a YAML document.

    Raises:
        TargetError: The text is not YAML, its aliases repeat too much, or PyYAML is not installed.
    """
    if "yaml" not in globals():
        raise TargetError(
            f"{source!r} is YAML, but PyYAML is not installed. Run `pip install 'typed-problems[cli]'`, "
            f"or convert the file to JSON."
        )
    try:
        value: JsonValue = yaml.load(text, Loader=_loader())  # noqa: S506 - a subclass of `SafeLoader`
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        message = " ".join(str(error).split())
        raise TargetError(f"{source!r} is not valid YAML: {message}.") from None
    if _size(value) > _LIMIT:
        raise TargetError(
            f"{source!r} contains more than {_LIMIT:,} values once its aliases are expanded. Remove aliases from it."
        )
    return value


def _size(value: JsonValue) -> int:
    """Return the number of values with all aliases expanded; a value inside itself counts once."""
    sizes: dict[int, int] = {}
    left: list[tuple[JsonValue, bool]] = [(value, False)]
    while left:
        one, is_measured = left.pop()
        if not isinstance(one, dict | list):
            continue
        inner = [*one.values()] if isinstance(one, dict) else one
        if is_measured:
            sizes[id(one)] = 1 + sum(sizes.get(id(item), 0) if isinstance(item, dict | list) else 1 for item in inner)
        elif id(one) not in sizes:
            sizes[id(one)] = 0
            left.append((one, True))
            left += ((item, False) for item in inner if isinstance(item, dict | list))
    return sizes.get(id(value), 1)


@cache
def _loader() -> "type[yaml.SafeLoader]":
    """Return a safe loader that only makes JSON values."""
    fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    own: dict[str, object] = {"yaml_implicit_resolvers": {}, "yaml_constructors": {}, "flatten_mapping": _flatten}
    loader: type[yaml.SafeLoader] = type("JsonLoader", (fast,), own)
    for tag, pattern, first in _TYPES:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", pattern, first)  # pyright: ignore[reportUnknownMemberType]  # the stubs do not type it
    scalars = {"null": _null, "bool": _bool, "int": _int, "float": _float}
    for tag, make in scalars.items():
        loader.add_constructor(f"tag:yaml.org,2002:{tag}", make)
    loader.add_constructor(None, _plain)
    return loader


def _null(loader: "yaml.SafeLoader", node: "yaml.ScalarNode") -> None:
    loader.construct_scalar(node)


def _bool(loader: "yaml.SafeLoader", node: "yaml.ScalarNode") -> bool:
    return str(loader.construct_scalar(node)).lower() == "true"


def _int(loader: "yaml.SafeLoader", node: "yaml.ScalarNode") -> int:
    text = str(loader.construct_scalar(node))
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _float(loader: "yaml.SafeLoader", node: "yaml.ScalarNode") -> float:
    return float(str(loader.construct_scalar(node)).lower().replace(".inf", "inf").replace(".nan", "nan"))


def _plain(loader: "yaml.SafeLoader", node: "yaml.Node") -> object:
    """Return the value of a node with any other tag: a text, a list or an object."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_yaml_seq(node)  # pyright: ignore[reportUnknownMemberType]  # the stubs do not type it
    return loader.construct_yaml_map(node)  # pyright: ignore[reportUnknownMemberType]  # the stubs do not type it


def _flatten(_loader: "yaml.SafeLoader", node: "yaml.Node") -> None:
    """Insert the pairs of merged mappings (`<<`) before a mapping's own pairs, each key once."""
    pairs: dict[Hashable, tuple[yaml.Node, yaml.Node]] = {}
    own: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if key.tag != "tag:yaml.org,2002:merge" or not (merged := [*_mappings(value)]):
            own.append((key, value))
            continue
        for mapping in reversed(merged):
            _flatten(_loader, mapping)
            pairs |= {_key(item[0]): item for item in mapping.value}
    if pairs:
        node.value = [*(pair for key, pair in pairs.items() if key not in {_key(item[0]) for item in own}), *own]


def _mappings(value: "yaml.Node") -> "Iterable[yaml.Node]":
    """Return the mappings in a value of `<<`."""
    parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return parts if all(isinstance(part, yaml.MappingNode) for part in parts) else []


def _key(node: "yaml.Node") -> Hashable:
    return (node.tag, node.value) if isinstance(node, yaml.ScalarNode) else id(node)
