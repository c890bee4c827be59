"""
What is told to operators about each answered problem.

Nothing here changes an answer: observers see an occurrence after it was sent.
"""

from problems.instrumentation._occurrence import Hook, Occurrence

__all__ = ["Hook", "Occurrence"]
