"""
A reader of YAML 1.2 with the types of JSON: OpenAPI documents are written in it.

Uses the loader of libyaml where PyYAML was built with it. Does not know OpenAPI.
"""

import re
from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any, Final

from problems.tools._targets import TargetError

try:
    import yaml
except ImportError:  # the extra `cli` brings it; only YAML needs it
    yaml = None  # type: ignore[assignment]  # asked for below

__all__ = ["read_yaml"]

_LIMIT: Final = 5_000_000
"""The most values of a document in which every alias is written out."""

# YAML 1.2.2, section 10.3.2: the core schema.
_TYPES: Final = (
    ("null", re.compile(r"\A(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"\A(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    ("int", re.compile(r"\A(?:[-+]?[0-9]++|0o[0-7]++|0x[0-9a-fA-F]++)\Z"), list("-+0123456789")),
    ("float", re.compile(r"\A[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?\Z"), list("-+.0123456789")),
    ("float", re.compile(r"\A(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"), list("-+.")),
    ("merge", re.compile(r"\A<<\Z"), ["<"]),
)


def read_yaml(text: str, source: str) -> Any:
    """
    Return the value in a YAML document.

    Raises:
        TargetError: The text is not YAML, its aliases repeat too much, or PyYAML is not installed.
    """
    if yaml is None:
        raise TargetError(
            f"{source!r} is YAML, and PyYAML is not installed. Run `pip install 'typed-problems[cli]'`, "
            f"or convert the file to JSON."
        )
    try:
        value = yaml.load(text, Loader=_loader())
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        told = " ".join(str(error).split())
        raise TargetError(f"{source!r} is not valid YAML: {told}.") from None
    if _size(value) > _LIMIT:
        raise TargetError(
            f"{source!r} contains more than {_LIMIT:,} values once its aliases are written out. Write it without them."
        )
    return value


def _size(value: object) -> int:
    """Return how many values there are if each alias is written out; a value inside itself counts once."""
    sizes: dict[int, int] = {}
    left: list[tuple[object, bool]] = [(value, False)]
    while left:
        one, is_measured = left.pop()
        if not isinstance(one, dict | list):
            continue
        inner = [*one.values()] if isinstance(one, dict) else one
        if is_measured:
            sizes[id(one)] = 1 + sum(sizes.get(id(it), 0) if isinstance(it, dict | list) else 1 for it in inner)
        elif id(one) not in sizes:
            sizes[id(one)] = 0
            left.append((one, True))
            left += ((it, False) for it in inner if isinstance(it, dict | list))
    return sizes.get(id(value), 1)


@cache
def _loader() -> Any:
    """Return a safe loader that makes the values of JSON, and nothing else."""
    fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("JsonLoader", (fast,), {"yaml_implicit_resolvers": {}, "yaml_constructors": {}})
    loader.flatten_mapping = _flatten
    for tag, pattern, first in _TYPES:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", pattern, first)
    scalars = {"null": _null, "bool": _bool, "int": _int, "float": _float}
    for tag, make in scalars.items():
        loader.add_constructor(f"tag:yaml.org,2002:{tag}", make)
    loader.add_constructor("tag:yaml.org,2002:seq", fast.construct_yaml_seq)
    loader.add_constructor("tag:yaml.org,2002:map", fast.construct_yaml_map)
    loader.add_constructor(None, _plain)
    return loader


def _null(loader: Any, node: Any) -> None:
    loader.construct_scalar(node)


def _bool(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() == "true"


def _int(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _float(loader: Any, node: Any) -> float:
    return float(str(loader.construct_scalar(node)).lower().replace(".inf", "inf").replace(".nan", "nan"))


def _plain(loader: Any, node: Any) -> Any:
    """Return the value of a node with any other tag: a text, a list or an object."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_yaml_seq(node)
    return loader.construct_yaml_map(node)


def _flatten(_loader: Any, node: Any) -> None:
    """Put the pairs of merged mappings (`<<`) in front of a mapping's own, each key once."""
    pairs: dict[Hashable, Any] = {}
    own: list[Any] = []
    for key, value in node.value:
        if key.tag != "tag:yaml.org,2002:merge" or not (merged := [*_mappings(value)]):
            own.append((key, value))
            continue
        for mapping in reversed(merged):
            _flatten(_loader, mapping)
            pairs |= {_key(it[0]): it for it in mapping.value}
    if pairs:
        node.value = [*(it for key, it in pairs.items() if key not in {_key(it[0]) for it in own}), *own]


def _mappings(value: Any) -> Iterable[Any]:
    """Return the mappings that a value of `<<` names."""
    parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return parts if all(isinstance(it, yaml.MappingNode) for it in parts) else []


def _key(node: Any) -> Hashable:
    return (node.tag, node.value) if isinstance(node, yaml.ScalarNode) else id(node)
