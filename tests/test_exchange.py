"""The exchange: an exception is decided once, and what follows when its answer was sent happens once."""

import pytest
from starlette.exceptions import HTTPException

from problems import Conflict, NotFound, Policy, Registry, ValidationProblem
from problems.answering._exchange import Setup, decide
from problems.declaring._watch import WATCH
from problems.errors import InvalidRegistry, ProblemsWarning, SetupError, UndeclaredProblem

FACTS = {"method": "GET", "path": "/items/7", "headers": []}


class NeedsMore(ValidationProblem, type="https://shop.example/more", title="More"):
    more: int


def decision_of(exc, notes=None, facts=FACTS, *, declares=None, **options):
    """Return the decision about an exception under a policy."""
    setup = Setup.of(None, Policy(**options))
    if declares is not None:
        setup = setup._replace(declares=declares)
    return decide(exc, setup, facts, {} if notes is None else notes)


def nothing(_facts, _registry, *, implied=True):
    """Declare no types."""
    return ()


class TestSetup:
    @pytest.mark.parametrize(
        ("registry", "policy", "error"),
        [
            pytest.param(Policy(), Policy(), SetupError, id="a policy as registry"),
            pytest.param([NotFound], Policy(), SetupError, id="a list as registry"),
            pytest.param(None, {}, SetupError, id="a mapping as policy"),
            pytest.param(Registry(NeedsMore), Policy(), InvalidRegistry, id="invalid requests need more"),
        ],
    )
    def test_refused(self, registry, policy, error):
        """
        Wrong arguments of `add_problems` are an error at the start.
        """
        with pytest.raises(error):
            Setup.of(registry, policy)


class TestDecide:
    def test_a_crash_is_decided_once(self):
        """
        Each handler that a crash passes gets the same decision, with the same instance.
        """
        notes, crash = {}, KeyError("x")

        assert decision_of(crash, notes) is decision_of(crash, notes)

    @pytest.mark.parametrize("first", [KeyError("x"), NotFound()], ids=["crash", "problem"])
    def test_another_exception_is_decided_anew(self, first):
        """
        A decision is about one exception, and only a crash is kept.
        """
        notes, second = {}, NotFound()
        decision_of(first, notes)

        assert second is decision_of(second, notes).exception
        assert decision_of(second, notes) is not decision_of(second, notes)

    @pytest.mark.parametrize("instance", ["urn:uuid:7", None])
    def test_the_instance_of_a_policy(self, instance):
        """
        A function of the policy identifies the occurrence, or leaves it without an instance.
        """
        assert instance == decision_of(NotFound(), instance=lambda _: instance).answer.instance

    @pytest.mark.expects_failure
    def test_an_instance_that_is_not_a_text(self):
        """
        A function that returns another value costs the client only the instance.
        """
        decision = decision_of(NotFound(), instance=lambda _: 7)

        assert (404, None) == (decision.answer.status, decision.answer.instance)

    @pytest.mark.parametrize("exc", [NotFound(), KeyError("x")], ids=["problem", "crash"])
    def test_observers_of_the_process(self, exc, monkeypatch):
        """
        Each problem that is answered is observed once.
        """
        seen = []
        monkeypatch.setattr(WATCH, "observers", (seen.append,))
        decision = decision_of(exc)

        assert [decision.answer.problem] == seen


class TestRead:
    def test_an_exception_of_a_framework(self):
        """
        An adapter translates the exceptions of its framework; a problem is answered as itself.
        """
        setup = Setup.of(None, Policy())._replace(read=lambda exc, facts, policy: Conflict())
        statuses = [decide(exc, setup, FACTS, {}).answer.status for exc in (KeyError("x"), NotFound())]

        assert [409, 404] == statuses

    def test_an_exception_that_is_not_translated(self):
        """
        Without an adapter's function an exception is answered as it is.
        """
        assert 418 == decision_of(HTTPException(418)).answer.status

    @pytest.mark.expects_failure
    def test_a_function_that_fails(self):
        """
        If the function of the adapter fails, the exception is answered as itself.
        """

        def fail(exc, facts, policy):
            raise RuntimeError("It cannot be read.")

        setup = Setup.of(None, Policy())._replace(read=fail)

        assert 418 == decide(HTTPException(418), setup, FACTS, {}).answer.status


class TestWithoutContent:
    async def test_no_problem_is_reported(self, monkeypatch, recwarn):
        """
        A response without content is not a problem: observers, hooks, declarations and notes are left alone.
        """
        hook, seen, exc = Hook(), [], HTTPException(204)
        monkeypatch.setattr(WATCH, "observers", (seen.append,))
        decision = decision_of(exc, declares=nothing, undeclared="raise", hooks=(hook,))
        decision.announce()
        await decision.sent()
        decision.note()

        assert ([], [], [], []) == (seen, hook.early, hook.late, [*recwarn])
        assert not hasattr(exc, "__notes__")


class TestUndeclared:
    @pytest.mark.parametrize("process", [None, "raise"], ids=["policy", "process"])
    def test_raised(self, process, monkeypatch):
        """
        An undeclared problem is an error if the policy or the process says so; the message names the operation.
        """
        monkeypatch.setattr(WATCH, "undeclared", process)
        with pytest.raises(UndeclaredProblem, match="GET /items/7"):
            decision_of(NotFound(), declares=nothing, undeclared="ignore" if process else "raise")

    def test_ignored_by_default(self, recwarn):
        """
        By default the declarations of an operation are not even read.
        """

        def forbidden(_facts, _registry, *, implied=True):
            raise AssertionError("The declarations are read.")

        decision = decision_of(NotFound(), declares=forbidden)

        assert (404, []) == (decision.answer.status, [*recwarn])

    def test_warned(self):
        """
        A warning leaves the answer as it is.
        """
        with pytest.warns(ProblemsWarning, match="GET /items/7"):
            decision = decision_of(NotFound(), declares=nothing, undeclared="warn")

        assert 404 == decision.answer.status

    @pytest.mark.parametrize("exc", [NotFound(), KeyError("x")], ids=["declared", "crash"])
    def test_not_undeclared(self, exc, recwarn):
        """
        A declared problem and a crash are not undeclared.
        """
        decision_of(exc, declares=lambda *_, **__: (NotFound, Conflict), undeclared="raise")

        assert [] == [*recwarn]


class Hook:
    """A hook that keeps the occurrences before and after an answer is sent."""

    def __init__(self):
        self.early, self.late = [], []

    def before(self, occurrence):
        """Keep an occurrence whose answer is about to be sent."""
        self.early.append(occurrence)

    def __call__(self, occurrence):
        """Keep an occurrence whose answer was sent."""
        self.late.append(occurrence)


class TestSent:
    async def test_hooks_are_called_once(self):
        """
        A second announcement and a second report are without effect.
        """
        hook = Hook()
        decision = decision_of(NotFound(), hooks=(hook,))
        for _ in range(2):
            decision.announce()
        early = len(hook.early), len(hook.late)
        for _ in range(2):
            await decision.sent()

        assert ((1, 0), (1, 1), True) == (early, (len(hook.early), len(hook.late)), decision.is_sent)
        assert ("GET", "/items/7", 404) == (hook.late[0].method, hook.late[0].path, hook.late[0].status)

    async def test_it_is_logged_without_hooks(self, caplog):
        """
        The log record does not need a hook.
        """
        with caplog.at_level("INFO", logger="problems"):
            await decision_of(NotFound()).sent()

        assert [404] == [record.problem_status for record in caplog.records]


class TestNote:
    @pytest.mark.parametrize("requests", [1, 2])
    def test_the_instance_of_the_last_request(self, requests):
        """
        An exception that is raised again has the note of its last answer, and keeps the notes of others.
        """
        crash = KeyError("x")
        crash.add_note("A note of the application.")
        for _ in range(requests):
            decision = decision_of(crash)
            decision.note()
        instance = decision.answer.instance

        assert ["A note of the application.", f"The client received a problem with the instance {instance}"] == (
            crash.__notes__
        )

    def test_no_instance(self):
        """
        Without an instance there is no note.
        """
        crash = KeyError("x")
        decision_of(crash, instance=None).note()

        assert not hasattr(crash, "__notes__")

    @pytest.mark.parametrize("notes", [7, [7]], ids=["not a list", "not a text"])
    def test_notes_of_another_kind(self, notes):
        """
        Notes that other code made may be anything.
        """
        crash = KeyError("x")
        crash.__notes__ = notes
        decision_of(crash).note()

        assert crash.__notes__ == 7 or 7 in crash.__notes__


def refuse():
    """Raise a problem, a call below the handler of another exception."""
    raise NotFound


class TestContext:
    async def occurrence(self, exc):
        """Return the exception that hooks get for an exception."""
        hook = Hook()
        await decision_of(exc, hooks=(hook,)).sent()
        return hook.late[0].exception

    async def test_of_this_request(self):
        """
        The exception in whose handling another was raised stays its context.
        """
        try:
            try:
                raise KeyError("x")  # noqa: TRY301 - the context
            except KeyError:
                refuse()
        except NotFound as error:
            raised = error

        assert isinstance((await self.occurrence(raised)).__context__, KeyError)

    async def test_of_an_earlier_request(self):
        """
        A context that was caught elsewhere is of an earlier request, and is removed.
        """
        kept = NotFound()

        def first():
            try:
                raise KeyError("x")  # noqa: TRY301 - the context
            except KeyError:
                raise kept  # noqa: B904 - with its context

        def again():
            kept.__traceback__ = None
            raise kept

        for attempt in (first, again):
            with pytest.raises(NotFound):
                attempt()

        assert (await self.occurrence(kept)).__context__ is None
