"""
The places of rejected inputs, through a whole application with generated inputs.

An input is generated together with its type, then one value in it is broken: the test knows the place without asking
pydantic. Names are chosen that look like pydantic's own labels.
"""

from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import unquote

import pytest
from fastapi import Body, Cookie, FastAPI, File, Form, Header, Query, UploadFile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass
from starlette.testclient import TestClient
from typing_extensions import TypedDict

from problems.fastapi import add_problems

WRONG = "hunter2"
"""Is not a number, a list or an object."""

NAMES = ("a", "x", "0", "1", "int", "str", "dict", "list", "kind", "body", "query", "cat", "M0", "a/b", "~0", "é ü")
NAMES += (
    "",
    "%41",
    "function-before[<lambda>(), int]",
    "dict[str,int]",
    "list[int]",
    "tagged-union",
    "__root__",
    "#",
    "-1",
)


class Shape(NamedTuple):
    """
    A type, an input that fits, and the places in it that can be broken.

    Attributes:
        annotation: The type.
        value: The input, as JSON.
        breaks: The paths of values that can be replaced, of members that can be removed and of names that can be
            replaced.
        is_exact: Whether one break is one error: in a union there is one for each member.
    """

    annotation: Any
    value: Any
    breaks: tuple[tuple[str, tuple[Any, ...]], ...]
    is_exact: bool = True

    def below(self, *steps):
        """Return the breaks as the parent has them."""
        return tuple((kind, (*steps, *path)) for kind, path in self.breaks)


def unchanged(value):
    return value


LEAVES = [
    Shape(int, 1, (("replace", ()),)),
    Shape(Annotated[int, BeforeValidator(unchanged)], 1, (("replace", ()),)),
    Shape(Annotated[int, AfterValidator(unchanged)], 1, (("replace", ()),)),
    Shape(int | None, 1, (("replace", ()),)),
    Shape(Literal[1, 2], 1, (("replace", ()),)),
    Shape(Annotated[float, Field(ge=0)], 1.5, (("replace", ()),)),
]


@st.composite
def models(draw, children):
    """Return a model, dataclass or TypedDict whose members have aliases of every kind."""
    kind = draw(st.sampled_from(["model", "model", "dataclass", "typed dictionary"]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    fields, value, breaks, is_exact = {}, {}, [], True
    for number, name in enumerate(names):
        wire, child, python, annotation = name, draw(children), f"f{number}", None
        alias = "plain" if kind == "typed dictionary" else draw(st.sampled_from(ALIASES))
        steps: tuple[Any, ...] = (wire,)
        if alias == "plain":
            python = wire = f"{wire}_{number}" if wire.isidentifier() and not wire.startswith("_") else python
            steps, annotation = (wire,), child.annotation
        elif alias == "camel":
            python, steps, annotation = f"some_name{number}", (f"someName{number}",), child.annotation
        elif alias in PATHS:
            steps = (wire, *PATHS[alias])
        value[steps[0]] = {"path": [child.value], "deep path": {"n m": child.value}}.get(alias, child.value)
        fields[python] = annotation or Annotated[child.annotation, Field(**_alias(alias, wire))]
        breaks += [*child.below(*steps), ("remove", steps)]
        breaks += [("remove path", steps[:1])] if alias == "path" else []
        is_exact = is_exact and child.is_exact
    if kind == "typed dictionary":
        annotation = TypedDict(f"T{len(fields)}", fields)
    elif kind == "dataclass":
        cls = type("D", (), {"__annotations__": fields, "__module__": __name__})
        annotation = dataclass(cls, config=ConfigDict(alias_generator=_camel))
    else:
        config = ConfigDict(alias_generator=_camel, protected_namespaces=())
        annotation = create_model("M0", __config__=config, **{name: (it, ...) for name, it in fields.items()})
    return Shape(annotation, value, tuple(breaks), is_exact)


PATHS = {"path": (0,), "deep path": ("n m",)}
ALIASES = ("plain", "alias", "validation_alias", "choices", "camel", *PATHS)


def _alias(kind, wire):
    if kind == "alias":
        return {"alias": wire}
    names = {"choices": AliasChoices(wire, "other"), **{it: AliasPath(wire, *PATHS[it]) for it in PATHS}}
    return {"validation_alias": names.get(kind, wire)}


def _camel(name):
    return to_camel(name) if name.startswith("some_") else name


@st.composite
def containers(draw, children):
    """Return a list, tuple, dictionary, union or another container."""
    kind, child = draw(st.sampled_from(CONTAINERS)), draw(children)
    if kind == "list":
        size = draw(st.integers(1, 3))
        breaks = tuple(it for index in range(size) for it in child.below(index))
        return child._replace(annotation=list[child.annotation], value=[child.value] * size, breaks=breaks)
    if kind == "tuple":
        other = draw(children)
        annotation, breaks = tuple[child.annotation, other.annotation], child.below(0) + other.below(1)
        return Shape(annotation, [child.value, other.value], breaks, child.is_exact and other.is_exact)
    if kind == "dictionary":
        name = draw(st.sampled_from([*NAMES, "[key]"]))
        return child._replace(
            annotation=dict[str, child.annotation], value={name: child.value}, breaks=child.below(name)
        )
    if kind == "numbered dictionary":
        breaks = (*child.below("7"), ("rename", ("7",)))
        return child._replace(annotation=dict[int, child.annotation], value={"7": child.value}, breaks=breaks)
    if kind == "root model":
        return child._replace(annotation=RootModel[child.annotation])
    if kind == "optional":
        return child._replace(annotation=child.annotation | None)
    if kind == "tagged union":
        first = create_model("cat", kind=(Literal["cat"], ...), x=(child.annotation, ...))
        second = create_model("dog", kind=(Literal["dog"], ...), y=(int, ...))
        annotation = Annotated[first | second, Field(discriminator="kind")]
        breaks, value = (*child.below("x"), ("remove", ("x",))), {"kind": "cat", "x": child.value}
        return Shape(annotation, value, breaks, is_exact=False)  # early versions of FastAPI lose the discriminator
    # The label of a union and the name of a path that is absent look alike.
    breaks = tuple(it for it in child.breaks if it[0] != "remove path")
    annotation = child.annotation | Annotated[str, Field(max_length=1)]
    return child._replace(annotation=annotation, breaks=breaks, is_exact=False)


CONTAINERS = ("list", "tuple", "dictionary", "numbered dictionary", "root model", "optional", "tagged union", "union")

shapes = st.recursive(st.sampled_from(LEAVES), lambda it: models(it) | containers(it), max_leaves=6)


def broken(value, kind, path):
    """Return *value* with one break."""
    if not path:
        return WRONG
    step, *rest = path
    copy = value.copy()
    if rest or kind == "replace":
        copy[step] = broken(value[step], kind, rest)
    elif kind == "rename":
        copy[WRONG] = copy.pop(step)
    else:
        del copy[step]
    return copy


def resolve(steps, document):
    """Return the value that the reference tokens of a pointer lead to (RFC 6901, section 4)."""
    for step in steps:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def tokens(entry):
    """Return the reference tokens of a pointer in URI fragment form (RFC 6901, section 6)."""
    pointer = unquote(entry["pointer"].removeprefix("#"))
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def leads_somewhere(entry, document):
    """Return whether the pointer of an entry leads to a value, or just past one if a member is missing."""
    steps = tokens(entry)
    if entry["code"] != "missing":
        resolve(steps, document)  # raises a LookupError if there is no such value
        return True
    *parent, name = steps
    container = resolve(parent, document)
    return int(name) >= len(container) if isinstance(container, list) else name not in container


def post(annotation, **sent):
    """Return the entries of the answer to a request that an endpoint with one parameter rejects."""
    app, path = FastAPI(), sent.pop("path", "/")

    def endpoint(it): ...

    endpoint.__annotations__["it"] = annotation
    app.post("/{it}" if path != "/" else "/")(endpoint)
    add_problems(app)
    response = TestClient(app, cookies=sent.pop("cookies", None)).post(path, **sent)

    assert 422 == response.status_code
    return response.json()["errors"]


class TestBodies:
    @settings(max_examples=150)
    @given(shape=shapes, data=st.data(), embed=st.booleans())
    def test_the_broken_value_is_named(self, shape, data, embed):
        """
        The pointer of the entry leads to the value that was broken, to the name, or to the member that is missing.
        """
        kind, path = data.draw(st.sampled_from(shape.breaks))
        kind = kind.removesuffix(" path")
        sent, prefix = broken(shape.value, kind, path), ("it",) if embed else ()
        document = {"it": sent} if embed else sent
        entries = post(Annotated[shape.annotation, Body(embed=embed)], json=document)
        expected = [str(step) for step in (*prefix, *path[: None if kind != "rename" else -1])]
        expected += [WRONG] if kind == "rename" else []
        found = [(tokens(entry), entry["code"] == "missing", entry.get("key", False)) for entry in entries]

        assert all(leads_somewhere(entry, document) for entry in entries)
        assert (expected, kind == "remove", kind == "rename") in found
        assert not shape.is_exact or len(found) == 1


class Numbers(BaseModel):
    """A model of parameters."""

    first: int = 1
    second: Annotated[int, Field(alias="Second-One")] = 1
    many: list[int] = []


class Upload(BaseModel):
    """A model of a form with a file."""

    file: UploadFile
    size: int


MARKERS = {"query": Query, "header": Header, "cookie": Cookie, "form": Form}


def sending(place, pairs):
    """Return the arguments of a request with *pairs* at a place."""
    if place == "cookie":
        return {"cookies": dict(pairs)}
    if place == "form":
        return {"data": {name: [value for it, value in pairs if it == name] for name, _ in pairs}}
    return {"params" if place == "query" else "headers": list(pairs)}


def where(entry):
    """Return the place of an entry: pointer, or location, name and index."""
    return entry.get("pointer") or (entry["in"], entry["parameter"].lower(), entry.get("index"))


class TestParameters:
    @given(place=st.sampled_from(["query", "header", "form"]), values=st.lists(st.booleans(), min_size=1, max_size=6))
    @example(place="query", values=[False])
    @example(place="form", values=[True, False, True])
    def test_lists(self, place, values):
        """
        Each rejected value of a list is one entry with its index.
        """
        wrong = [index for index, is_fine in enumerate(values) if not is_fine]
        pairs = [("it", "1" if is_fine else WRONG) for is_fine in values]
        if not wrong:
            return
        entries = post(Annotated[list[int], MARKERS[place]()], **sending(place, pairs))
        expected = [f"#/it/{index}" if place == "form" else (place, "it", index) for index in wrong]

        assert expected == [where(entry) for entry in entries]

    @pytest.mark.parametrize("place", ["query", "header", "cookie", "form"])
    @given(
        wrong=st.sets(st.sampled_from(["first", "Second-One"]), min_size=1),
        values=st.lists(st.booleans(), max_size=3),
    )
    def test_models(self, place, wrong, values):
        """
        Each rejected field of a model of parameters is named as it was sent, with the index of a list.
        """
        names = ["first", "Second-One"]
        pairs = [(name, WRONG if name in wrong else "1") for name in names]
        if place != "cookie":  # a cookie has one value
            pairs += [("many", "1" if is_fine else WRONG) for is_fine in values]
        entries = post(Annotated[Numbers, MARKERS[place]()], **sending(place, pairs))
        indices = [index for index, is_fine in enumerate(values) if not is_fine and place != "cookie"]
        if place == "form":
            expected = [f"#/{name}" for name in names if name in wrong] + [f"#/many/{index}" for index in indices]
        else:
            expected = [(place, name.lower(), None) for name in names if name in wrong]
            expected += [(place, "many", index) for index in indices]

        assert expected == [where(entry) for entry in entries]

    @pytest.mark.parametrize("place", ["query", "header", "cookie"])
    @pytest.mark.parametrize("alias", ["a-b", "a.b", "X-It"])
    def test_an_alias(self, place, alias):
        """
        A parameter that is rejected or missing has the name that it is sent with.
        """
        annotation = Annotated[int, MARKERS[place](alias=alias)]
        rejected, missing = post(annotation, **sending(place, [(alias, WRONG)])), post(annotation)

        assert [[(place, alias.lower(), None)]] * 2 == [
            [where(it) for it in entries] for entries in (rejected, missing)
        ]

    def test_a_part_of_the_path(self):
        """
        A rejected part of the path is named as in the path of the route.
        """
        assert [("path", "it", None)] == [where(entry) for entry in post(int, path=f"/{WRONG}")]


class TestFiles:
    @pytest.mark.parametrize(
        ("annotation", "sent", "expected"),
        [
            pytest.param(UploadFile, {}, ["#/it"], id="a file that is missing"),
            pytest.param(Annotated[bytes, File()], {}, ["#/it"], id="bytes that are missing"),
            pytest.param(UploadFile, {"data": {"it": WRONG}}, ["#/it"], id="a text instead of a file"),
            pytest.param(
                list[UploadFile], {"files": [("it", ("a", b"1")), ("it", (None, WRONG))]}, ["#/it/1"], id="in a list"
            ),
            pytest.param(Annotated[bytes, File(max_length=1)], {"files": {"it": b"12"}}, ["#/it"], id="too long"),
            pytest.param(
                Annotated[list[bytes], File(max_length=1)],
                {"files": [("it", b"1"), ("it", b"1")]},
                ["#/it"],
                id="too many",
            ),
            pytest.param(
                Annotated[Upload, Form()], {"files": {"size": (None, WRONG)}}, ["#/file", "#/size"], id="in a model"
            ),
            pytest.param(
                Annotated[Upload, Form()],
                {"data": {"size": "1"}, "files": {"file": (None, WRONG)}},
                ["#/file"],
                id="in a form",
            ),
        ],
    )
    def test_each_is_at_its_name(self, annotation, sent, expected):
        """
        A file that is missing or rejected is at the name of its part of the form.
        """
        assert expected == [entry["pointer"] for entry in post(annotation, **sent)]


class Owned(BaseModel):
    """A model that nothing is optional in."""

    name: int
    tags: int
    owner: int


class TestMissing:
    @given(
        missing=st.sets(st.sampled_from(["name", "tags", "owner"])),
        sizes=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), min_size=1, max_size=3),
        is_copied=st.booleans(),
    )
    def test_each_is_in_its_own_container(self, missing, sizes, is_copied):
        """
        Of several equal containers each has its own entries, also if a validator has copied them.
        """
        content = {name: 1 for name in ("name", "tags", "owner") if name not in missing}
        document = {name: [dict(content) for _ in range(size)] for name, size in sizes.items()}
        inner = Annotated[Owned, BeforeValidator(dict)] if is_copied else Owned
        if not missing:
            return
        entries = post(dict[str, list[inner]], json=document)
        expected = [
            [name, str(index), member]
            for name, size in sizes.items()
            for index in range(size)
            for member in ("name", "tags", "owner")
            if member in missing
        ]

        assert expected == [tokens(entry) for entry in entries]
