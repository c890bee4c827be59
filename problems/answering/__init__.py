"""
The response to an exception: its problem, the content that is sent, and the representation.

Pure functions and values; may import `problems._wire`, `problems.declaring`, `problems.catalog` and
`problems.registry`, and neither a door of a framework nor `problems.catching`.
"""

from typing import TYPE_CHECKING

from problems._wire.invalid_params import MASKED_NAMES, invalid_params
from problems._wire.later import later
from problems.answering._answer import Answer, answer
from problems.answering.instrumentation import Hook, Occurrence
from problems.answering.policy import Policy, RequestFacts, RequestId, Translation, fresh_instance
from problems.answering.representations import Representation
from problems.answering.texts import Texts

if TYPE_CHECKING:
    from problems.answering._html import HTML, Sentences, embedded, html, render_html
    from problems.answering._texts_template import texts_template
    from problems.answering._xml import XML, render_xml

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "Policy",
    "RequestFacts",
    "RequestId",
    "fresh_instance",
    "Translation",
    "Hook",
    "Occurrence",
    "Texts",
    "texts_template",
    "Representation",
    "HTML",
    "html",
    "embedded",
    "render_html",
    "Sentences",
    "XML",
    "render_xml",
    "answer",
    "Answer",
    "invalid_params",
    "MASKED_NAMES",
]

if not TYPE_CHECKING:  # or type checkers would accept any attribute of this module
    # Loaded when asked for: most applications send JSON only.
    __getattr__, __dir__ = later(
        __name__,
        dict.fromkeys(("HTML", "Sentences", "embedded", "html", "render_html"), "problems.answering._html")
        | dict.fromkeys(("XML", "render_xml"), "problems.answering._xml")
        | {"texts_template": "problems.answering._texts_template"},
    )
