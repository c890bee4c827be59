"""`Policy`: how one application answers, as a value."""

import copy
import dataclasses
import pickle
import re

import pytest

from problems import NotFound, Policy, ReceivedProblem, Texts
from problems.answering._html import HTML
from problems.answering._xml import XML
from problems.answering.policy import RequestFacts, RequestId, fresh_instance
from problems.errors import InvalidHeader, SetupError
from problems.websockets import close_code

DOC = Policy.__doc__ or ""
TEXTS = Texts({"de": {}})
FULL = {"translate": {KeyError: NotFound}, "representations": [XML, HTML], "masked": ["iban"], "hooks": [print]}


class TestPolicy:
    @pytest.mark.parametrize(
        "name", ["expose_unexpected", "expose_server_detail", "traceback", "include_inputs", "framework_texts"]
    )
    def test_its_defaults_are_safe(self, name):
        """
        Options that expose or recognise more are off by default.
        """
        assert getattr(Policy(), name) is False

    def test_it_is_a_value(self):
        """
        Two policies with the same choices are equal.
        """
        assert Policy(validation_status=400) == Policy(validation_status=400)

    def test_it_is_frozen(self):
        """
        A policy does not change.
        """
        with pytest.raises(dataclasses.FrozenInstanceError):
            Policy().traceback = True

    @pytest.mark.parametrize("policy", [Policy(), Policy(**FULL)], ids=["defaults", "choices"])
    @pytest.mark.parametrize(
        "copied",
        [copy.copy, copy.deepcopy, lambda policy: pickle.loads(pickle.dumps(policy))],  # noqa: S301 - our own
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_its_copies_are_equal(self, policy, copied):
        """
        A policy can be copied and pickled, and a copy is as good as the original, in a set too.
        """
        assert ({policy}, policy.adapts) == ({copied(policy)}, copied(policy).adapts)

    def test_what_it_was_made_of_may_change(self):
        """
        A policy keeps its own copies of what it is given.
        """
        translate, hooks = {KeyError: NotFound}, [print]
        policy = Policy(translate=translate, hooks=hooks)
        translate.clear()
        hooks.clear()

        assert ({KeyError: NotFound}, (print,)) == (policy.translate, policy.hooks)

    @pytest.mark.parametrize(
        ("name", "value", "fix"),
        [
            pytest.param("hooks", print, "Write `(hook,)` for one.", id="no tuple"),
            pytest.param("hooks", ("print",), "Write `(hook,)` for one.", id="no functions"),
            pytest.param("validation_status", 700, "Use one from 400 to 499", id="no status"),
            pytest.param("validation_status", 204, "Use one from 400 to 499", id="no error"),
            pytest.param("validation_status", "400", "Use one from 400 to 499", id="a text"),
            pytest.param("validation_status", 399, "Use one from 400 to 499", id="below"),
            pytest.param("validation_status", 500, "Use one from 400 to 499", id="above"),
            pytest.param("masked", ["iban", 1], 'Write `{"iban"}` for one.', id="a number among names"),
            pytest.param("hooks", (print, "print"), "Write `(hook,)` for one.", id="a name among functions"),
            pytest.param("representations", (HTML, "x"), "Write `(HTML,)` for one", id="a name among representations"),
            pytest.param("log_levels", [NotFound], "Write `{NotFound: logging.DEBUG}`.", id="levels without a mapping"),
            pytest.param("log_levels", {404: 10}, "Write `{NotFound: logging.DEBUG}`.", id="a level of a status"),
            pytest.param("log_levels", {KeyError: 10}, "Write `{NotFound: logging.DEBUG}`.", id="of another class"),
            pytest.param("log_levels", {NotFound: "DEBUG"}, "Write `{NotFound: logging.DEBUG}`.", id="a level's name"),
            pytest.param("representations", "x", "Write `(HTML,)` for one", id="a name"),
            pytest.param("representations", HTML, "Write `(HTML,)` for one", id="no tuple of representations"),
            pytest.param("undeclared", "riase", "Use 'ignore', 'warn' or 'raise'.", id="a typo"),
            pytest.param("close_codes", {404: 4404}, "Give one that is called with a status code.", id="a mapping"),
            pytest.param("instance", "urn:uuid:1", "Give one of the request's facts", id="a constant"),
            pytest.param("instance", "X-Request-ID", 'RequestId("X-Request-ID")', id="a header"),
            pytest.param("instance", "x" * 500, "Give one of the request's facts", id="a long text"),
            pytest.param("masked", "iban", 'Write `{"iban"}` for one.', id="one name"),
            pytest.param("masked", [1], 'Write `{"iban"}` for one.', id="a number"),
            pytest.param("texts", {"de": {}}, "Put the texts into `Texts(", id="no texts"),
            pytest.param("traceback", "false", "Use one of them.", id="a text for a switch"),
            pytest.param("translate", [KeyError], "Write `{KeyError: NotFound}`", id="no mapping"),
            pytest.param("translate", {404: NotFound}, "its key 404 is not an exception class", id="a status"),
            pytest.param("translate", {(KeyError,): NotFound}, "Write `{KeyError: NotFound}`.", id="a tuple"),
            pytest.param("translate", {KeyboardInterrupt: NotFound}, "is not an exception class", id="no error class"),
            pytest.param("translate", {KeyError: 404}, "KeyError cannot become 404.", id="no target"),
            pytest.param(
                "translate", {KeyError: ValueError}, "Write `{KeyError: NotFound}`, or a function", id="no problem"
            ),
            pytest.param(
                "translate", {KeyError: ReceivedProblem}, "or a function of the exception.", id="a received problem"
            ),
        ],
    )
    def test_refused(self, name, value, fix):
        """
        An invalid option raises with its name, the value and the fix.
        """
        with pytest.raises(SetupError) as caught:
            Policy(**{name: value})

        begins = f"`Policy({name}={value!r}"[:120]

        assert (True, True) == (str(caught.value).startswith(begins), fix in str(caught.value))

    @pytest.mark.parametrize(
        ("name", "value", "kept"),
        [
            pytest.param("traceback", True, True, id="switch"),
            pytest.param("masked", ["iban"], frozenset({"iban"}), id="names"),
            pytest.param("validation_status", 400, 400, id="lowest status"),
            pytest.param("validation_status", 499, 499, id="highest status"),
            pytest.param("representations", [XML], (XML,), id="representations"),
            pytest.param("representations", len, len, id="function of representations"),
            pytest.param("texts", TEXTS, TEXTS, id="texts"),
            pytest.param("hooks", [print], (print,), id="hooks"),
            pytest.param("translate", {KeyError: NotFound}, {KeyError: NotFound}, id="translated class"),
            pytest.param("translate", {KeyError: repr}, {KeyError: repr}, id="translating function"),
            pytest.param("log_levels", {NotFound: 10}, {NotFound: 10}, id="levels"),
            pytest.param("undeclared", "warn", "warn", id="mode"),
            pytest.param("instance", None, None, id="no instance"),
            pytest.param("instance", repr, repr, id="instance"),
            pytest.param("close_codes", abs, abs, id="close codes"),
            pytest.param("legacy_detail", bool, bool, id="function of a switch"),
        ],
    )
    def test_kept(self, name, value, kept):
        """
        A policy keeps each valid option, collections in a form that does not change.
        """
        assert kept == getattr(Policy(**{name: value}), name)

    @pytest.mark.parametrize(
        ("options", "adapts"),
        [
            pytest.param({}, False, id="default"),
            pytest.param({"representations": ()}, False, id="no representations"),
            pytest.param({"representations": (XML,)}, True, id="representations"),
            pytest.param({"texts": TEXTS}, True, id="texts"),
            pytest.param({"instance": RequestId()}, True, id="request id"),
            pytest.param({"instance": repr}, False, id="instance"),
            pytest.param({"legacy_detail": True}, True, id="legacy detail"),
            pytest.param({"legacy_detail": bool}, True, id="legacy detail for some"),
        ],
    )
    def test_whether_there_is_anything_to_adapt(self, options, adapts):
        """
        A policy knows whether a client or a request can change the form of a problem.
        """
        assert adapts is Policy(**options).adapts

    def test_its_close_codes_are_the_registered_ones(self):
        """
        The private range is left to the application unless it asks for it.
        """
        assert close_code is Policy().close_codes

    def test_every_choice_is_explained(self):
        """
        The docstring names each attribute.
        """
        assert [] == [field.name for field in dataclasses.fields(Policy) if field.init and f"{field.name}:" not in DOC]


class TestRequestFacts:
    def test_a_field_that_comes_twice(self):
        """
        Several lines of one field are one value (RFC 9110, section 5.3).
        """
        facts = RequestFacts({"headers": [(b"accept", b"a"), (b"host", b"x"), (b"accept", b"b")]})

        assert ("a, b", "") == (facts.header(b"accept"), facts.header(b"cookie"))


class TestRequestId:
    @pytest.mark.parametrize("sent", ["", "a b", "x" * 300, "ä"], ids=["none", "space", "long", "not ASCII"])
    def test_an_unusual_id_is_replaced(self, sent):
        """
        Only an id of usual characters is repeated; any other one is replaced.
        """
        headers = [(b"x-request-id", sent.encode())] if sent else []

        assert RequestId()(RequestFacts({"headers": headers})).startswith("urn:uuid:")

    def test_its_header(self):
        """
        The name is the name of a field.
        """
        with pytest.raises(InvalidHeader):
            RequestId("X Request")


class TestFreshInstance:
    def test_is_a_random_uuid(self):
        """
        It is a URN of a UUID of version 4 (RFC 9562, section 5.4).
        """
        form = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

        assert re.fullmatch(form, fresh_instance(RequestFacts({"path": "/"})))

    def test_is_another_each_time(self):
        """
        No two occurrences have the same.
        """
        assert 100 == len({fresh_instance(RequestFacts({"path": "/"})) for _ in range(100)})
