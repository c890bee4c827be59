"""Compares two recorded runs of a suite. Pure functions from two folders to a list of differences."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.upstream.allowed import ALLOWED

VOLATILE = re.compile(
    r"/[\w/.-]*pytest-[\w/.-]*|(?<=--)[0-9a-f]{26}|boundary=[\w-]+|0x[0-9a-f]{6,}|\d+\.\d{5,}|[0-9a-f]{32}"
    r"|\d{2}:\d{2}:\d{2}(\.\d+)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|eyJ[\w=-]+\.[\w-]+\.[\w-]+"
    r"|cancel scope [0-9a-f]+|Task-\d+"
)
"""Temporary paths, boundaries, addresses, times, ids and tokens: different in each run."""


class Difference(NamedTuple):
    test: str
    kind: str
    text: str

    @property
    def reason(self) -> str | None:
        """Why the difference is allowed, or `None`."""
        for kind, test, pattern, reason in ALLOWED:
            if kind == self.kind and re.search(test, self.test) and re.search(pattern, self.text, re.DOTALL):
                return reason
        return None


class Run(NamedTuple):
    tests: dict[str, Any]
    exchanges: dict[tuple[str, str, int], Any]
    refused: list[Any]


def read(folder: Path) -> Run:
    run, seen = Run({}, {}, []), Counter[tuple[str, str]]()
    for line in (json.loads(text) for path in sorted(folder.glob("*.jsonl")) for text in path.read_text().splitlines()):
        if line["kind"] == "exchange":
            place = line["test"], line["target"]
            run.exchanges[(*place, seen[place])] = line
            seen[place] += 1
        elif line["kind"] == "refused":
            run.refused.append(line)
        elif run.tests.get(line["test"], {}).get("outcome") != "failed":
            run.tests[line["test"]] = line
    return run


def compare(before: Run, after: Run) -> Iterator[Difference]:
    """Yield all differences, those that are allowed included."""
    changed: set[str] = set()
    for line in after.refused:
        yield Difference(line["test"], "add_problems refused", line["text"])
    for (test, target, number), old in before.exchanges.items():
        new = after.exchanges.get((test, target, number))
        if new is None:  # a failed test stops at its first assertion
            if after.tests.get(test, {}).get("outcome") == "passed":
                yield Difference(test, "not sent", target)
        else:
            yield from (Difference(test, kind, f"{target}: {text}") for kind, text in differences(old, new))
        if new is None or any(
            steady(old.get(name)) != steady(new.get(name)) for name in ("messages", "raised", "handlers")
        ):
            changed.add(test)
    for test, line in before.tests.items():
        now = after.tests.get(test, {"outcome": "failed", "text": "not run"})
        if line["outcome"] == "passed" and now["outcome"] == "failed" and test not in changed:
            yield Difference(test, "test fails with the same exchanges", now["text"][-600:])


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if steady(old.get("raised")) != steady(new.get("raised")):
        yield "raised", f"{brief(old.get('raised', 'nothing'))} -> {brief(new.get('raised', 'nothing'))}"
    for name in Counter(old["handlers"]) - Counter(new["handlers"]):
        yield "handler not called", name
    if old["type"] == "http":
        yield from compare_responses(response(old["messages"]), response(new["messages"]), own=bool(old["handlers"]))
        return
    denials = [response(messages, "websocket.http.response.") for messages in (old["messages"], new["messages"])]
    if denials[0]["starts"] and denials[1]["starts"]:
        yield from compare_responses(*denials, own=bool(old["handlers"]))
    elif denials[1]["starts"] and not any(message["type"] == "websocket.accept" for message in old["messages"]):
        yield (
            "refusal",
            f"before accept: {brief(old['messages'])} -> {denials[1]['status']} {brief(denials[1]['body'])}",
        )
    elif steady(old["messages"]) != steady(new["messages"]):
        yield "websocket", f"{brief(old['messages'][-2:])} -> {brief(new['messages'][-2:])}"


def response(messages: list[Any], prefix: str = "http.response.") -> dict[str, Any]:
    starts = [message for message in messages if message["type"] == f"{prefix}start"]
    bodies = [message for message in messages if message["type"] == f"{prefix}body"]
    headers = [(name.lower(), value) for message in starts for name, value in message.get("headers", [])]
    ignored = ("last-modified", "etag", "date")
    return {
        "status": starts[0]["status"] if starts else 0,
        "starts": len(starts),
        "headers": Counter((name, "" if name in ignored else steady(value)) for name, value in headers),
        "body": "".join(message.get("body", "") for message in bodies),
        "complete": bool(bodies) and not bodies[-1].get("more_body", False),
        "other": [message["type"] for message in messages if message not in starts and message not in bodies],
        "is_problem": ("content-type", "application/problem+json") in headers,
    }


def compare_responses(old: dict[str, Any], new: dict[str, Any], *, own: bool) -> Iterator[tuple[str, str]]:
    change = f"{old['status']} {brief(old['body'])} -> {new['status']} {brief(new['body'])}"
    if (old["status"], old["starts"]) != (new["status"], new["starts"]):
        yield "status", change
        return
    yield from ((name, f"{old[name]} -> {new[name]}") for name in ("complete", "other") if old[name] != new[name])
    differ, replaced = steady(old["body"]) != steady(new["body"]), new["is_problem"] and not old["is_problem"]
    of_body = {"content-type", "content-length"} if replaced else {"content-length"} if differ else set()
    for (name, value), kind in {
        **dict.fromkeys(old["headers"] - new["headers"], "header lost"),
        **dict.fromkeys(new["headers"] - old["headers"] if old["status"] < 400 else (), "header added"),
    }.items():
        if name not in of_body:
            yield kind, f"{old['status']} {name}: {value}"
    document, changed = loaded(old["body"]), loaded(new["body"])
    if differ and isinstance(document, dict) and isinstance(changed, dict) and "openapi" in document and not replaced:
        yield from compare_openapi(document, changed)
    elif differ and (
        not replaced or old["status"] < 400 or (document.keys() - {"detail"} if isinstance(document, dict) else own)
    ):
        yield "body", change
    elif differ and new["body"]:
        yield from compare_errors(document["detail"] if isinstance(document, dict) else document, changed, change)


def compare_errors(detail: Any, problem: Any, change: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of an error that are missing in the problem that replaced it."""
    if not isinstance(problem, dict) or f" -> {problem.get('status')} " not in change:
        yield "problem", change
    elif isinstance(detail, list) and detail and all(isinstance(entry, dict) and "loc" in entry for entry in detail):
        errors = problem.get("errors", [])
        if len(errors) != len(detail):
            yield "validation count", change
        for entry, error in zip(detail, errors, strict=False):
            pair, text = f"{brief(entry)} -> {brief(error)}", json.dumps(error)
            place = json.dumps(
                {name: value for name, value in error.items() if name not in ("detail", "code", "context")}
            )
            last = ["", *(str(step).replace("~", "~0").replace("/", "~1") for step in entry["loc"][1:])][-1]
            checks = {"message": json.dumps(entry["msg"]) in text, "code": entry["type"] in text}
            checks["location"] = ("key" if last == "[key]" else last) in place
            yield from ((f"validation {name}", pair) for name, is_kept in checks.items() if not is_kept)
    elif isinstance(detail, dict | list):
        values = detail.values() if isinstance(detail, dict) else detail
        if any(json.dumps(value) not in json.dumps(problem) for value in values):
            yield "detail", change
    elif detail and detail != problem.get("detail"):
        yield "detail", change


def compare_openapi(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str]]:
    schemas, kept = (document.pop("components", {}).get("schemas", {}) for document in (old, new))
    for name in schemas.keys() - {"HTTPValidationError", "ValidationError"}:
        if schemas[name] != kept.get(name):
            yield "openapi", f"components/schemas/{name}: {brief(schemas[name])} -> {brief(kept.get(name))}"
    if (one := json.dumps(without_errors(old))) != (other := json.dumps(without_errors(new))):
        at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
        yield "openapi", f"{one[max(at - 80, 0) : at + 120]} -> {other[max(at - 80, 0) : at + 120]}"


def without_errors(value: Any) -> Any:
    """Return a part of an OpenAPI document without error responses, the others sorted by status."""
    if not isinstance(value, dict):
        return [without_errors(item) for item in value] if isinstance(value, list) else value
    parts = {name: without_errors(item) for name, item in value.items()}
    if isinstance(parts.get("responses"), dict):
        parts["responses"] = {
            status: each for status, each in sorted(parts["responses"].items()) if status[0] not in "45d"
        }
    return parts


def loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= 300 else f"{text[:280]} …"


def steady(value: Any) -> str:
    return VOLATILE.sub("~", value if isinstance(value, str) else json.dumps(value))
