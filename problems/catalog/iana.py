"""
The problem types of the IANA registry "HTTP Problem Types", and of the drafts that will enter it.

The titles are the registered ones; the members are optional in all of them (RFC 9457, section 4.2).
"""

from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict  # pydantic supports `typing.TypedDict` only from Python 3.12

from problems.catalog.client import BadRequest, Conflict, TooManyRequests
from problems.catalog.server import ServiceUnavailable

__all__ = [
    "AbnormalUsageDetected",
    "DateNotAcceptable",
    "DigestInvalidValues",
    "DigestMismatchedValues",
    "DigestUnsupportedAlgorithms",
    "InconsistentUploadLength",
    "InvalidDigest",
    "MismatchedDigest",
    "MismatchingUploadOffset",
    "ObliviousKeyNotAcceptable",
    "QuotaExceeded",
    "TemporaryReducedCapacity",
    "UnsupportedAlgorithm",
]

REGISTRY_URI: Final = "https://iana.org/assignments/http-problem-types#"
"""The prefix of registered types: exactly so, without `www` (RFC 9457, section 4.2)."""

ViolatedPolicies = Annotated[list[str] | None, Field(alias="violated-policies")]


class DateNotAcceptable(BadRequest, type=f"{REGISTRY_URI}date", title="Date Not Acceptable"):
    """The `Date` of the request differs too much from the server's clock (RFC 9458, section 6.5.2)."""


class ObliviousKeyNotAcceptable(
    BadRequest,
    type=f"{REGISTRY_URI}ohttp-key",
    title="Oblivious HTTP key configuration not acceptable",
):
    """The server does not know the key of an encapsulated request (RFC 9458, section 5.3)."""


class QuotaExceeded(TooManyRequests, type=f"{REGISTRY_URI}quota-exceeded", title="Quota Exceeded"):
    """The client used up a quota (draft-ietf-httpapi-ratelimit-headers)."""

    violated_policies: ViolatedPolicies = None


class AbnormalUsageDetected(
    TooManyRequests,
    type=f"{REGISTRY_URI}abnormal-usage-detected",
    title="Abnormal Usage Detected",
):
    """The client behaves unlike others (draft-ietf-httpapi-ratelimit-headers)."""

    violated_policies: ViolatedPolicies = None


class TemporaryReducedCapacity(
    ServiceUnavailable,
    type=f"{REGISTRY_URI}temporary-reduced-capacity",
    title="Temporary Reduced Capacity",
):
    """The server lowered its quotas for a while (draft-ietf-httpapi-ratelimit-headers)."""

    violated_policies: ViolatedPolicies = None


class UnsupportedAlgorithm(TypedDict, total=False):
    """A hashing algorithm that is not supported, and the field that asked for it."""

    algorithm: str
    header: str


class InvalidDigest(TypedDict, total=False):
    """A digest that cannot be one of its algorithm."""

    algorithm: str
    header: str
    reason: str


class MismatchedDigest(TypedDict, total=False):
    """A digest that does not match the content."""

    algorithm: str
    provided_digest: str
    header: str


class DigestUnsupportedAlgorithms(
    BadRequest,
    type=f"{REGISTRY_URI}digest-unsupported-algorithms",
    title="Unsupported Hashing Algorithms",
):
    """The server supports none of the hashing algorithms (draft-ietf-httpapi-digest-fields-problem-types)."""

    unsupported_algorithms: list[UnsupportedAlgorithm] | None = None


class DigestInvalidValues(BadRequest, type=f"{REGISTRY_URI}digest-invalid-values", title="Invalid Digest Values"):
    """A digest cannot be one of its algorithm (draft-ietf-httpapi-digest-fields-problem-types)."""

    invalid_digests: list[InvalidDigest] | None = None


class DigestMismatchedValues(
    BadRequest,
    type=f"{REGISTRY_URI}digest-mismatched-values",
    title="Mismatched Digest Values",
):
    """A digest does not match the content (draft-ietf-httpapi-digest-fields-problem-types)."""

    mismatched_digests: list[MismatchedDigest] | None = None


class MismatchingUploadOffset(
    Conflict,
    type=f"{REGISTRY_URI}mismatching-upload-offset",
    title="Mismatching Upload Offset",
):
    """The upload goes on at another offset (draft-ietf-httpbis-resumable-upload)."""

    expected_offset: Annotated[int | None, Field(alias="expected-offset")] = None
    provided_offset: Annotated[int | None, Field(alias="provided-offset")] = None


class InconsistentUploadLength(
    BadRequest,
    type=f"{REGISTRY_URI}inconsistent-upload-length",
    title="Inconsistent Upload Length Values",
):
    """The requests of one upload disagree about its length (draft-ietf-httpbis-resumable-upload)."""
