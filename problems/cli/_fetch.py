"""
GET requests for `problems lint --check-uris`: the only module of this package that opens connections by itself.

The servers are not trusted: no server can block the requests to the others, and all requests end in time.
"""

import time
from collections.abc import Iterable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from problems._wire.media_types import HTML

__all__ = ["statuses_of"]

_SECONDS: Final = 5.0
_SECONDS_FOR_ALL: Final = 20.0
_AT_ONCE: Final = 8


def statuses_of(uris: Iterable[str], seconds: float = _SECONDS_FOR_ALL) -> Mapping[str, int]:
    """
    Return the status of the final response to a GET of each of *uris*; a URI without a response is left out.

    Args:
        uris: Absolute URIs of the schemes http and https.
        seconds: The maximum time to wait for responses.
    """
    waiting: SimpleQueue[str] = SimpleQueue()
    for uri in dict.fromkeys(uris):
        waiting.put(uri)
    statuses: dict[str, int] = {}
    end = time.monotonic() + seconds
    # Daemon threads: a server that sends one byte a second must not keep the process alive.
    workers = [
        Thread(target=_work, args=(waiting, statuses), daemon=True) for _ in range(min(_AT_ONCE, waiting.qsize()))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, end - time.monotonic()))
    return dict(statuses)


def _work(waiting: SimpleQueue[str], statuses: dict[str, int]) -> None:
    while True:
        try:
            uri = waiting.get_nowait()
        except Empty:
            return
        try:
            statuses[uri] = _status(uri)
        except Exception:  # noqa: BLE001, S112 - http.client raises many types for invalid HTTP; none has a status
            continue


def _status(uri: str) -> int:
    opener = OpenerDirector()  # only handles http and https, in redirects too
    for handler in (
        ProxyHandler, HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPRedirectHandler, HTTPErrorProcessor
    ):  # fmt: skip
        opener.add_handler(handler())
    try:
        with opener.open(Request(uri, headers={"Accept": HTML}), timeout=_SECONDS) as response:  # noqa: S310 - see above
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code
