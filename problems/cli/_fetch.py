"""One GET, for `problems lint --check-uris`: the only place of this package that opens a connection by itself."""

import urllib.error
import urllib.request
from typing import Final

from problems._wire.media_types import HTML

__all__ = ["fetch"]

_SECONDS: Final = 10


def fetch(uri: str) -> int | None:
    """Return the status that *uri* is answered with after redirects, nothing if there is no answer."""
    try:
        request = urllib.request.Request(uri, headers={"Accept": HTML})  # noqa: S310 - callers pass http and https only
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - likewise http or https
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, ValueError):
        return None
