"""
The one class: `Problem`, its header, its members, its received form, and `raises`.

May import `problems._wire` and `problems.errors`, and no other part of the package.
"""

from problems.declaring._raises import raises
from problems.declaring._received import ReceivedProblem
from problems.declaring._response_header import ResponseHeader
from problems.declaring.problem import ClientProblem, Problem, ServerProblem

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "Problem",
    "ClientProblem",
    "ServerProblem",
    "ResponseHeader",
    "raises",
    "ReceivedProblem",
]
