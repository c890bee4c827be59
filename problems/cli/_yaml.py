"""
JSON written as YAML: what OpenAPI documents are written in.

Knows YAML 1.2 as OpenAPI wants it: no dates, and no truth but `true` and `false`.
"""

import re
from typing import Any

from problems.tools._targets import TargetError

try:
    import yaml
except ImportError:  # the extra `cli` brings it; only YAML needs it
    yaml = None  # type: ignore[assignment]  # asked for below

__all__ = ["read_yaml"]

_BOOLEAN = "tag:yaml.org,2002:bool"
_LEFT_OUT = ("tag:yaml.org,2002:timestamp", _BOOLEAN)


def read_yaml(text: str, source: str) -> Any:
    """
    Return what a YAML document holds.

    Raises:
        TargetError: It is none, or PyYAML is not installed.
    """
    if yaml is None:
        raise TargetError(
            f"{source!r} is YAML, and PyYAML is not installed. Run `pip install 'typed-problems[cli]'`, "
            f"or convert the file to JSON."
        )
    try:
        return yaml.load(text, Loader=_loader(yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        told = " ".join(str(error).split())
        raise TargetError(f"{source!r} holds no YAML: {told}.") from None


def _loader(safe: Any) -> Any:
    """Return the safe loader, with the types of JSON only."""
    kept = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
        for first, resolvers in safe.yaml_implicit_resolvers.items()
    }
    loader: Any = type("JsonLoader", (safe,), {"yaml_implicit_resolvers": kept})
    loader.add_implicit_resolver(_BOOLEAN, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    return loader
