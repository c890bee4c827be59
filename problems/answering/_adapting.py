"""
One problem in the representation and the language that a client prefers.

Only for policies that offer more than JSON in one language. Never fails: what
the application's own texts and templates do wrong is logged, and the problem
is sent without them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic_core import from_json

from problems._wire.details import ProblemDetails
from problems._wire.headers import field_value
from problems._wire.json import encode_members
from problems._wire.media_types import PROBLEM_JSON, PROBLEM_XML, TEXT_XML, XML, essence, is_json
from problems._wire.negotiation import choose, named
from problems._wire.problem_type import ProblemType
from problems._wire.template import Template
from problems._wire.text import plain
from problems.answering._legacy import legacy_detail
from problems.answering.instrumentation.logging import guarded
from problems.answering.policy import Policy, RequestFacts, RequestId
from problems.answering.representations import Representation
from problems.answering.texts import Part, Texts
from problems.catalog import ValidationProblem
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem, detail_of, extensions_of
from problems.registry import Form, Registry

__all__ = ["Line", "adapted", "merged"]

Line = tuple[bytes, bytes]

_VARY: Final = b"vary"
_MOST_OFFERED: Final = 100
"""More than any application has; the iterator of a user-defined list may not end."""
_NOTHING_ELSE: Final[Mapping[str, Representation | None]] = {PROBLEM_JSON: None}
_JSON: Final = (b"content-type", PROBLEM_JSON.encode())


class _Wording(NamedTuple):
    """The parts of a document that differ by language."""

    title: str
    detail: str | None
    members: bytes
    language: str | None = None


def adapted(
    problem: Problem, instance: str | None, facts: RequestFacts, policy: Policy, registry: Registry
) -> tuple[bytes, list[Line]]:
    """Return the content for the client in *facts*, and the header fields that describe the content."""
    declared = registry.facts(type(problem))
    wording = _worded(problem, declared, policy.texts, facts)
    form = Form(declared._replace(title=wording.title))
    body = form.write(wording.detail, instance, wording.members)
    offered = _offered(policy, facts)
    body, lines = _represented(body, wording.language, facts.header(b"accept"), offered)
    legacy, deciding = legacy_detail(problem, wording.detail, declared.status, facts, policy)
    if legacy is not None and lines == [_JSON]:
        body = form.write(legacy, instance, wording.members)
    if wording.language is not None:
        lines.append((b"content-language", wording.language.encode("latin-1", "replace")))
    varies = [b"Accept"] * bool(offered) + [b"Accept-Language"] * (policy.texts is not None)
    if varies or deciding:
        lines.append((_VARY, _union([*varies, *deciding])))
    if isinstance(policy.instance, RequestId) and facts.instance is not None:
        with guarded("An identifier cannot be sent as a header field; it is in the body only."):
            value = field_value(policy.instance.header, facts.instance)
            lines.append((policy.instance.header.lower().encode("latin-1"), value.encode("latin-1")))
    return body, lines


def merged(lines: list[Line], own: list[Line]) -> list[Line]:
    """Return *lines* overridden by the lines of an exception, with one combined Vary (RFC 9110, section 12.5.5)."""
    theirs = {name for name, _ in own}
    every = [*(line for line in lines if line[0] not in theirs), *own]
    varies = _union(value for name, value in (*own, *lines) if name == _VARY)
    return [line for line in every if line[0] != _VARY] + [(_VARY, varies)] * bool(varies)


def _union(values: Iterable[bytes]) -> bytes:
    names: dict[bytes, bytes] = {}
    for name in b",".join(values).split(b","):
        if name.strip():
            names.setdefault(name.strip().lower(), name.strip())
    return b"*" if b"*" in names else b", ".join(names.values())


def _offered(policy: Policy, facts: RequestFacts) -> Sequence[Representation]:
    if not callable(policy.representations):
        return policy.representations
    with guarded("`Policy(representations=…)` failed; a problem is sent as JSON."):
        return _checked(policy.representations(facts))
    return ()


def _checked(offered: object) -> Sequence[Representation]:
    """
    Return the representations that a function offers, if they are valid.

    Raises:
        TypeError: It is not a sequence of representations.
    """
    if _is_sequence(offered):
        representations = tuple(islice(offered, _MOST_OFFERED))
        if all(isinstance(representation, Representation) for representation in representations):
            return representations
    raise TypeError(f"`Policy(representations=…)` must return a sequence of representations; got {type(offered)}.")


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def _represented(
    body: bytes, language: str | None, accept: str, offered: Sequence[Representation]
) -> tuple[bytes, list[Line]]:
    offers = _offers(offered, accept) if offered else _NOTHING_ELSE
    chosen = offers[choose(accept, list(offers))]
    if chosen is None:
        return body, [_JSON]
    with guarded("Writing a problem as %s failed; it is sent as JSON.", chosen.media_type):
        text = chosen.render(ProblemDetails.model_validate(from_json(body)), language)
        lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in chosen.headers.items()]
        return plain(text).encode("utf-8", "replace"), [(b"content-type", chosen.media_type.encode("latin-1")), *lines]
    return body, [_JSON]


def _offers(offered: Sequence[Representation], accept: str) -> Mapping[str, Representation | None]:
    """
    Return by which media types each representation can be asked for; that without one is JSON.

    A client that names the JSON of its everyday responses means JSON for errors too, and likes a page no better for
    not having heard of RFC 9457. Such a name stands behind the representation whose name it is, if there is one.
    """
    exact = {essence(offer.media_type): offer for offer in offered}
    further = [name for name in named(accept) if is_json(name) and name not in exact]
    offers: dict[str, Representation | None] = dict.fromkeys((PROBLEM_JSON, *further))
    for offer in offered:
        offers[offer.media_type] = offer
        if essence(offer.media_type) == PROBLEM_XML:
            # Not every `+xml`: browsers ask for XHTML, which is a page.
            offers.update((name, offer) for name in (XML, TEXT_XML) if name not in exact)
    return offers


def _worded(problem: Problem, declared: ProblemType, texts: Texts | None, facts: RequestFacts) -> _Wording:
    wording = _Wording(declared.title, detail_of(problem), extensions_of(problem))
    if texts is None:
        return wording
    with guarded("The texts failed; a problem is sent as it is written in the code."):
        language = field_value("Content-Language", plain(texts.choose(facts.header(b"accept-language"))))
        translated = _translated(problem, declared, wording, _Language(texts, language))
        return translated._replace(language=texts.default if translated == wording else language)
    return wording


class _Language(NamedTuple):
    """A texts open at one language."""

    texts: Texts
    tag: str

    def text(self, key: str, part: Part) -> str | None:
        text: object = self.texts.text(self.tag, key, part)
        return None if text is None else plain(text)

    def filled(self, key: str, members: Mapping[str, Any]) -> str | None:
        """Return the detail for *key*, filled in, or `None` if that fails."""
        template = self.text(key, "detail")
        if template is None:
            return None
        with guarded("The text %r for %r in %r could not be filled in.", template, key, self.tag):
            # A translator may look into values no more than the author of a class may.
            return Template.read(template).fill(members)
        return None


def _translated(problem: Problem, facts: ProblemType, wording: _Wording, language: _Language) -> _Wording:
    # The titles of `about:blank` are status phrases, and may be translated too (RFC 9457, section 4.2.1).
    key = str(facts.status) if facts.is_blank else facts.uri
    detail, members = wording.detail, wording.members
    if detail is not None:
        is_usual = detail == _usual_detail(problem)
        translation = language.filled(key, _members_of(problem)) if is_usual else language.text(detail, "detail")
        detail = translation or detail
    if isinstance(problem, ValidationProblem):
        members = _translated_errors(members, language)
    return _Wording(language.text(key, "title") or wording.title, detail, members)


def _usual_detail(problem: Problem) -> str | None:
    """Return the detail that an occurrence has if its raise site gives none."""
    if isinstance(problem, ValidationProblem) and not definition_of(type(problem)).declaration.detail:
        return detail_of(problem)
    try:
        return definition_of(type(problem)).members.detail(vars(problem))
    except Exception:  # noqa: BLE001 - a member without the format asked for: the class knows what to do
        return None


def _members_of(problem: Problem) -> Mapping[str, object]:
    members = definition_of(type(problem)).members.texts(vars(problem))
    return {**members, "count": len(problem.errors)} if isinstance(problem, ValidationProblem) else members


def _translated_errors(members: bytes, language: _Language) -> bytes:
    document: dict[str, Any] = from_json(members)
    count = 0
    for error in document["errors"]:
        message = language.filled(error["code"], error.get("context", {}))
        count += message is not None
        error["detail"] = message or error["detail"]
    return encode_members(document) if count else members
