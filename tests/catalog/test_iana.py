import pytest

from problems import BadRequest, Conflict, Registry, ServiceUnavailable, TooManyRequests, catalog
from problems.catalog import (
    AbnormalUsageDetected,
    DateNotAcceptable,
    DigestInvalidValues,
    DigestMismatchedValues,
    DigestUnsupportedAlgorithms,
    InconsistentUploadLength,
    MismatchingUploadOffset,
    ObliviousKeyNotAcceptable,
    QuotaExceeded,
    TemporaryReducedCapacity,
    iana,
)
from problems.errors import InvalidMembers

PREFIX = "https://iana.org/assignments/http-problem-types#"

TYPES = [
    (DateNotAcceptable, "date", "Date Not Acceptable", BadRequest, {}),
    (ObliviousKeyNotAcceptable, "ohttp-key", "Oblivious HTTP key configuration not acceptable", BadRequest, {}),
    (QuotaExceeded, "quota-exceeded", "Quota Exceeded", TooManyRequests, {"violated-policies": ["daily"]}),
    (
        TemporaryReducedCapacity,
        "temporary-reduced-capacity",
        "Temporary Reduced Capacity",
        ServiceUnavailable,
        {"violated-policies": ["daily"]},
    ),
    (
        AbnormalUsageDetected,
        "abnormal-usage-detected",
        "Abnormal Usage Detected",
        TooManyRequests,
        {"violated-policies": ["daily"]},
    ),
    (
        DigestUnsupportedAlgorithms,
        "digest-unsupported-algorithms",
        "Unsupported Hashing Algorithms",
        BadRequest,
        {"unsupported_algorithms": [{"algorithm": "foo", "header": "Want-Content-Digest"}]},
    ),
    (
        DigestInvalidValues,
        "digest-invalid-values",
        "Invalid Digest Values",
        BadRequest,
        {"invalid_digests": [{"algorithm": "sha-512", "header": "Content-Digest", "reason": "Too short."}]},
    ),
    (
        DigestMismatchedValues,
        "digest-mismatched-values",
        "Mismatched Digest Values",
        BadRequest,
        {"mismatched_digests": [{"algorithm": "sha-256", "provided_digest": "a", "header": "Repr-Digest"}]},
    ),
    (
        MismatchingUploadOffset,
        "mismatching-upload-offset",
        "Mismatching Upload Offset",
        Conflict,
        {"expected-offset": 100, "provided-offset": 90},
    ),
    (
        InconsistentUploadLength,
        "inconsistent-upload-length",
        "Inconsistent Upload Length Values",
        BadRequest,
        {},
    ),
]

types = pytest.mark.parametrize(("cls", "name", "title", "base", "members"), TYPES, ids=[name for _, name, *_ in TYPES])


@types
class TestEveryType:
    def test_its_facts(self, cls, name, title, base, members):
        """
        URI and title are the registered ones, the status comes from the base (RFC 9457, section 4.2).
        """
        assert (PREFIX + name, title, base.problem_type.status) == cls.problem_type

    def test_its_base(self, cls, name, title, base, members):
        """
        It is caught by the class of its status.
        """
        assert issubclass(cls, base)

    def test_its_members(self, cls, name, title, base, members):
        """
        Members have the registered names.
        """
        assert members == dict(cls(**members).problem_details.extensions)

    def test_all_of_them_are_optional(self, cls, name, title, base, members):
        """
        A foreign document is accepted without these members.
        """
        assert [None for _ in members] == list(cls().problem_details.extensions.values())

    def test_it_is_read_back(self, cls, name, title, base, members):
        """
        A registry of it reads what others send.
        """
        problem = Registry(cls).revive_document(
            {"type": PREFIX + name, **members}, status=cls.problem_type.status, headers={}
        )

        assert (True, members) == (isinstance(problem, cls), dict(problem.problem_details.extensions))

    def test_it_is_closed(self, cls, name, title, base, members):
        """
        A registered type has the members of its definition.
        """
        with pytest.raises(InvalidMembers, match="'more' is not a member"):
            cls(more=1)

    def test_it_is_exported(self, cls, name, title, base, members):
        """
        All of them are in `problems.catalog`.
        """
        assert (True, cls) == (cls.__name__ in catalog.__all__, getattr(catalog, cls.__name__))


def test_the_package_lists_them():
    """
    Their module is loaded later, so its names are written down twice.
    """
    assert set(iana.__all__) <= set(catalog.__all__)


def test_all_of_them_in_one_registry():
    """
    The types of the IANA registry do not get in each other's way.
    """
    assert len(TYPES) == len(Registry(*(cls for cls, *_ in TYPES)))


def test_names_in_python():
    """
    A member whose name is none in Python has another there.
    """
    assert (100, ["daily"]) == (
        MismatchingUploadOffset(expected_offset=100).expected_offset,
        QuotaExceeded(violated_policies=["daily"]).violated_policies,
    )


def test_retry_after():
    """
    A quota comes back some time (RFC 9457, section 4).
    """
    assert "60" == QuotaExceeded(violated_policies=["daily"], retry_after=60).headers["retry-after"]
