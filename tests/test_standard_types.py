import pytest

from problems import Forbidden, Registry, TooManyRequests
from problems.catalog import acme, iana, jmap

RATE_LIMITED = {
    "type": "urn:ietf:params:acme:error:rateLimited",
    "detail": "Too many certificates already issued.",
    "status": 429,
}


def revived(document, registry):
    """Return the problem in a document."""
    return registry.revive_document(document, status=document["status"])


class TestRegistries:
    @pytest.mark.parametrize(
        ("module", "size"),
        [pytest.param(acme, 25, id="acme"), pytest.param(iana, 10, id="iana"), pytest.param(jmap, 4, id="jmap")],
    )
    def test_each_is_a_registry(self, module, size):
        """
        The types of a standard are known by one expression.
        """
        assert size == len(Registry.from_module(module))

    def test_they_go_together(self):
        """
        One client may talk to servers of several standards.
        """
        together = Registry.from_module(acme) | Registry.from_module(iana) | Registry.from_module(jmap)

        assert acme.RateLimited is together.get(RATE_LIMITED["type"])


class TestACME:
    REGISTRY = Registry.from_module(acme)

    def test_a_type(self):
        """
        It is the class of its usual status too.
        """
        problem = revived(RATE_LIMITED, self.REGISTRY)

        assert (True, True) == (isinstance(problem, acme.RateLimited), isinstance(problem, TooManyRequests))

    def test_the_old_name(self):
        """
        Servers from before the RFC are understood.
        """
        assert acme.RateLimited is self.REGISTRY.get("urn:acme:error:rateLimited")

    def test_subproblems(self):
        """
        The parts of an error are typed; an error with another status is also of the class of that status.
        """
        part = {"type": f"{acme.URN}caa", "detail": "CAA", "identifier": {"type": "dns", "value": "a.example"}}
        document = {"type": f"{acme.URN}rejectedIdentifier", "status": 403, "subproblems": [part]}
        problem = revived(document, self.REGISTRY)

        assert ("a.example", 403, True) == (
            problem.subproblems[0].identifier.value,
            problem.status,
            isinstance(problem, Forbidden),
        )


def test_jmap_limit():
    """
    The limit that was exceeded is a member.
    """
    document = {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxSizeRequest", "status": 400}

    assert "maxSizeRequest" == revived(document, Registry.from_module(jmap)).limit
