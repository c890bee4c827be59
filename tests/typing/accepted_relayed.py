"""A received problem of a declared class has the members of both, and every checker goes on reading there."""

from typing import assert_type

from problems import PaymentRequired, Problem, ReceivedProblem


class CardDeclined(PaymentRequired, type="https://pay.example/problems/card-declined", title="Card declined"):
    reason: str


def relay(problem: CardDeclined) -> Problem | None:
    """Return the problem to pass on, if it is one that was received."""
    if isinstance(problem, ReceivedProblem):
        assert_type(problem.relayed("reason", detail=True), Problem)
        assert_type(problem.instance, str | None)
        assert_type(problem.reason, str)
        return problem.relayed("reason")
    return None
