"""
The request-level problem types of JMAP, a protocol to synchronise mail and more (RFC 8620, section 3.6.1).

A set of its own, not part of the catalog's names: `Registry.from_module(jmap)` is their registry.
"""

from typing import Final

from problems.catalog.client import BadRequest

__all__ = ["LimitExceeded", "NotJSON", "NotRequest", "UnknownCapability"]

URN: Final = "urn:ietf:params:jmap:error:"
"""The prefix of all of them."""


class UnknownCapability(BadRequest, type=f"{URN}unknownCapability", title="Unknown capability"):
    """The request uses a capability that the server does not support."""


class NotJSON(BadRequest, type=f"{URN}notJSON", title="Not JSON"):
    """The media type of the request is not `application/json`, or its content is not I-JSON."""


class NotRequest(BadRequest, type=f"{URN}notRequest", title="Not a request"):
    """The request is JSON, but no request of JMAP."""


class LimitExceeded(BadRequest, type=f"{URN}limit", title="Limit exceeded"):
    """
    The request exceeds a limit of the server.

    Attributes:
        limit: The name of the limit, such as `maxSizeRequest`.
    """

    limit: str
