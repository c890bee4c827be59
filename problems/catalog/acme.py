"""
The problem types of ACME, the protocol by which certificates are issued (RFC 8555, section 6.7).

A set of its own, not part of the catalog's names: `Registry.from_module(acme)` is their registry. RFC 8555 gives them
neither titles nor status codes; those here are what servers send, and the status on the wire wins. The URIs of servers
from before the RFC are known as aliases.
"""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from problems.catalog.client import BadRequest, Conflict, Forbidden, TooManyRequests
from problems.catalog.server import InternalServerError

__all__ = [
    "AccountDoesNotExist",
    "AlreadyReplaced",
    "AlreadyRevoked",
    "BadCSR",
    "BadNonce",
    "BadPublicKey",
    "BadRevocationReason",
    "BadSignatureAlgorithm",
    "Compound",
    "ConnectionFailed",
    "DNSFailed",
    "ExternalAccountRequired",
    "ForbiddenByCAA",
    "Identifier",
    "IncorrectResponse",
    "InvalidContact",
    "Malformed",
    "NotAuthorized",
    "OrderNotReady",
    "RateLimited",
    "RejectedIdentifier",
    "ServerInternal",
    "Subproblem",
    "TLSFailed",
    "UnsupportedContact",
    "UnsupportedIdentifier",
    "UserActionRequired",
]

URN: Final = "urn:ietf:params:acme:error:"
"""The prefix of all of them; no other tokens than the registered ones are allowed."""

_OLD: Final = "urn:acme:error:"


class Identifier(BaseModel):
    """The subject of a certificate, such as a domain name."""

    type: str
    value: str


class Subproblem(BaseModel):
    """One of the errors that an error consists of (RFC 8555, section 6.7.1)."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    type: str
    detail: str | None = None
    identifier: Identifier | None = None


class AcmeBadRequest(BadRequest, abstract=True):
    """The base of the errors that are usually sent with 400."""

    subproblems: list[Subproblem] | None = None


class AccountDoesNotExist(
    AcmeBadRequest,
    type=f"{URN}accountDoesNotExist",
    title="Account does not exist",
    aliases=(f"{_OLD}accountDoesNotExist",),
):
    """The request names an account that does not exist."""


class AlreadyRevoked(
    AcmeBadRequest, type=f"{URN}alreadyRevoked", title="Already revoked", aliases=(f"{_OLD}alreadyRevoked",)
):
    """The certificate has been revoked already."""


class BadCSR(AcmeBadRequest, type=f"{URN}badCSR", title="Bad certificate signing request", aliases=(f"{_OLD}badCSR",)):
    """The certificate signing request is unacceptable, for one because of a short key."""


class BadNonce(AcmeBadRequest, type=f"{URN}badNonce", title="Bad nonce", aliases=(f"{_OLD}badNonce",)):
    """The server does not take the anti-replay nonce; its answer has a fresh one to try again with."""


class BadPublicKey(AcmeBadRequest, type=f"{URN}badPublicKey", title="Bad public key", aliases=(f"{_OLD}badPublicKey",)):
    """The server does not support the public key of the request."""


class BadRevocationReason(
    AcmeBadRequest,
    type=f"{URN}badRevocationReason",
    title="Bad revocation reason",
    aliases=(f"{_OLD}badRevocationReason",),
):
    """The server does not allow the reason for the revocation."""


class BadSignatureAlgorithm(
    AcmeBadRequest,
    type=f"{URN}badSignatureAlgorithm",
    title="Bad signature algorithm",
    aliases=(f"{_OLD}badSignatureAlgorithm",),
):
    """The server does not support the algorithm of the signature."""


class Compound(AcmeBadRequest, type=f"{URN}compound", title="Several errors", aliases=(f"{_OLD}compound",)):
    """What went wrong is in `subproblems`."""


class ConnectionFailed(
    AcmeBadRequest, type=f"{URN}connection", title="Connection failed", aliases=(f"{_OLD}connection",)
):
    """The server could not connect to the target of the validation."""


class DNSFailed(AcmeBadRequest, type=f"{URN}dns", title="DNS query failed", aliases=(f"{_OLD}dns",)):
    """There was a problem with a DNS query during validation."""


class IncorrectResponse(
    AcmeBadRequest, type=f"{URN}incorrectResponse", title="Incorrect response", aliases=(f"{_OLD}incorrectResponse",)
):
    """The response did not match what the challenge requires."""


class InvalidContact(
    AcmeBadRequest, type=f"{URN}invalidContact", title="Invalid contact", aliases=(f"{_OLD}invalidContact",)
):
    """The contact address of an account is invalid."""


class Malformed(AcmeBadRequest, type=f"{URN}malformed", title="Malformed request", aliases=(f"{_OLD}malformed",)):
    """The request message is malformed."""


class RejectedIdentifier(
    AcmeBadRequest, type=f"{URN}rejectedIdentifier", title="Rejected identifier", aliases=(f"{_OLD}rejectedIdentifier",)
):
    """The server will not issue certificates for the identifier."""


class TLSFailed(AcmeBadRequest, type=f"{URN}tls", title="TLS error", aliases=(f"{_OLD}tls",)):
    """The server received a TLS error during validation."""


class UnsupportedContact(
    AcmeBadRequest, type=f"{URN}unsupportedContact", title="Unsupported contact", aliases=(f"{_OLD}unsupportedContact",)
):
    """The contact address of an account has a scheme that is not supported."""


class UnsupportedIdentifier(
    AcmeBadRequest,
    type=f"{URN}unsupportedIdentifier",
    title="Unsupported identifier",
    aliases=(f"{_OLD}unsupportedIdentifier",),
):
    """The identifier is of a type that is not supported."""


class AcmeForbidden(Forbidden, abstract=True):
    """The base of the errors that are usually sent with 403."""

    subproblems: list[Subproblem] | None = None


class ForbiddenByCAA(AcmeForbidden, type=f"{URN}caa", title="Forbidden by CAA", aliases=(f"{_OLD}caa",)):
    """A CAA record forbids the authority to issue the certificate."""


class ExternalAccountRequired(
    AcmeForbidden,
    type=f"{URN}externalAccountRequired",
    title="External account required",
    aliases=(f"{_OLD}externalAccountRequired",),
):
    """The request has to name an external account."""


class OrderNotReady(
    AcmeForbidden, type=f"{URN}orderNotReady", title="Order not ready", aliases=(f"{_OLD}orderNotReady",)
):
    """The order cannot be finalized yet."""


class NotAuthorized(AcmeForbidden, type=f"{URN}unauthorized", title="Not authorized", aliases=(f"{_OLD}unauthorized",)):
    """The client lacks the authorization it needs."""


class UserActionRequired(
    AcmeForbidden, type=f"{URN}userActionRequired", title="User action required", aliases=(f"{_OLD}userActionRequired",)
):
    """A user has to visit the URL in `instance` first."""


class AcmeConflict(Conflict, abstract=True):
    """The base of the errors that are usually sent with 409."""

    subproblems: list[Subproblem] | None = None


class AlreadyReplaced(
    AcmeConflict, type=f"{URN}alreadyReplaced", title="Already replaced", aliases=(f"{_OLD}alreadyReplaced",)
):
    """The order says that it replaces a certificate that another order replaces (RFC 9773, section 7.4)."""


class AcmeTooManyRequests(TooManyRequests, abstract=True):
    """The base of the errors that are usually sent with 429."""

    subproblems: list[Subproblem] | None = None


class RateLimited(AcmeTooManyRequests, type=f"{URN}rateLimited", title="Rate limited", aliases=(f"{_OLD}rateLimited",)):
    """The request exceeds a rate limit."""


class AcmeInternalServerError(InternalServerError, abstract=True):
    """The base of the errors that are usually sent with 500."""

    subproblems: list[Subproblem] | None = None


class ServerInternal(
    AcmeInternalServerError, type=f"{URN}serverInternal", title="Internal error", aliases=(f"{_OLD}serverInternal",)
):
    """The server had an internal error."""
