"""
Looks for bytes that make a client raise anything but a problem, guided by what of the package they reach.

Needs `atheris`: `python -m tests.httpx.fuzz -runs=1000000 -max_len=2000`. A finding is written to a file; give the name
of the file to run it again. Without atheris: `python -m tests.httpx.fuzz --random 1000000`.
"""

import pickle
import random
import sys
import time
from typing import Final

import httpx
import httpx2

from problems import Problem
from problems.catching import Dialect, errors_of
from problems.catching.messages import problem_from_line
from problems.httpx import raise_for_problem
from tests.httpx.shop import PROBLEM_JSON, REGISTRY

MEDIA_TYPES: Final = (
    PROBLEM_JSON,
    "application/problem+xml",
    "application/json",
    "Application/Problem+JSON; charset=utf-16",
    "application/problem+json;charset=shift_jis",
    "text/html",
    "",
)
URLS: Final = ("https://shop.example/items/7", "http://a:b@[::1]:1/x?y#z", "https://shop.example")
DIALECT: Final = Dialect(
    media_types=("application/json",), nested=("error", "a"), identity="code", title="error", detail="message"
)
PIECES: Final = (
    b'{}[],:"\\ \n\xff\xfe\0 true null -0.0 1e999 ' + b"9" * 40,
    b'{"type": "https://shop.example/problems/item-not-found", "item_id": ',
    b'{"errors": {"json": {"a.b": ["x"]}}, "detail": [{"loc": ["query", 1], "msg": ""}], "code": ',
    b'<problem xmlns="urn:ietf:rfc:7807"><status>404</status><i>',
)


def check(data: bytes) -> None:
    """Answer with *data*: three bytes that choose the rest of the response, and the body."""
    kind, status, url, body = *(data + b"\0\0\0")[:3], data[3:]
    library = httpx2 if kind & 1 else httpx
    headers = [
        (b"content-type", MEDIA_TYPES[kind % len(MEDIA_TYPES)].encode()),
        (b"retry-after", bytes(byte for byte in body[:9] if byte >= 32)),
    ]
    request = library.Request("GET", URLS[url % len(URLS)])
    response = library.Response(400 + status * 7 % 200, headers=headers, content=body, request=request)
    problem_from_line(body, REGISTRY)
    try:
        raise_for_problem(response, REGISTRY, dialect=DIALECT if url & 4 else None)
    except Problem as problem:
        hold(response, problem)
    else:
        raise SystemError("An error response raised nothing.")


def hold(response: httpx.Response | httpx2.Response, problem: Problem) -> None:
    """Ask a problem for all it has."""
    text = str(problem)
    assert (len(text) <= 300, text.isprintable(), 502) == (True, True, problem.status_code)
    assert response.status_code == problem.status
    assert text == str(pickle.loads(pickle.dumps(problem)))  # noqa: S301 - our own
    assert problem.problem_details.model_dump_json()
    assert len(errors_of(problem.problem_details)) <= 1_000


def at_random(rounds: int) -> None:
    """Check mutations of some pieces, and print the longest time of one."""
    chance, longest = random.Random(rounds), 0.0  # noqa: S311 - the same ones each time
    for _ in range(rounds):
        body = bytearray(b"".join(chance.choices(PIECES, k=chance.randrange(1, 4))))
        for _ in range(chance.randrange(12)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(3)) or b'"]}'[: chance.randrange(4)]
        start = time.process_time()
        check(chance.randbytes(3) + bytes(body))
        longest = max(longest, time.process_time() - start)
    print(f"{rounds} responses, none raised anything but a problem; the longest took {longest * 1000:.1f} ms")  # noqa: T201 - run by hand


if __name__ == "__main__" and sys.argv[1:2] == ["--random"]:
    at_random(int(sys.argv[2]))
elif __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
