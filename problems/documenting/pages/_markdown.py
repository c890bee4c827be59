"""
Docstrings as HTML: the subset of Markdown that is common in docstrings.

Paragraphs, lists, fenced code, `code`, **strong**, *emphasis* and [links](https://example.com/). Other text stays
plain text, including HTML. The running time is linear in the length of the text, even for hostile input.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

__all__ = ["inline", "to_html"]

_FENCE: Final = re.compile(r"^(`{3,}+)[^`\n]*\n(.*?)(?:^\1`*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ITEM: Final = re.compile(r"^(?:([-*+])|\d+[.)]) +", re.MULTILINE)
_TICKS: Final = re.compile(r"`+")
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(((?:https?://|mailto:|[./#])[^\s()<>\"]*)\)")
_EM: Final = re.compile(r"(?<![\w*])\*(?=\S)(?P<em>(?:[^*]|\*\*[^*]+\*\*)+?)(?<=\S)\*(?![\w*])", re.DOTALL)
_STRESS: Final = re.compile(rf"\*\*(?=\S)|{_EM.pattern}", re.DOTALL)
_END_OF_STRONG: Final = re.compile(r"(?<=\S)\*\*(?!\*)")
_NESTED: Final = 4
"""The maximum depth of nested emphasis."""


def to_html(text: str) -> str:
    """
    Return *text* as HTML.

    >>> to_html("Wait for `Retry-After`.")
    '<p>Wait for <code>Retry-After</code>.</p>'
    """
    parts: list[str] = []
    end = 0
    for fence in _FENCE.finditer(text):
        parts += _blocks(text[end : fence.start()])
        parts.append(f'<pre tabindex="0"><code>{escape(fence[2].rstrip())}</code></pre>')
        end = fence.end()
    return "\n".join([*parts, *_blocks(text[end:])])


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if not block.strip():
            continue
        item = _ITEM.match(block)
        yield _list(block, "ul" if item[1] else "ol") if item else f"<p>{inline(block.strip())}</p>"


def _list(block: str, tag: str) -> str:
    starts = [match.start() for match in _ITEM.finditer(block)]
    items = [block[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    shown = "".join(f"<li>{inline(_ITEM.sub('', item, count=1).strip())}</li>" for item in items)
    return f"<{tag}>{shown}</{tag}>"


def inline(text: str) -> str:
    """
    Return inline Markdown as HTML.

    >>> inline("**Never** [ask](https://shop.example/) for <b>")
    '<strong>Never</strong> <a href="https://shop.example/">ask</a> for &lt;b&gt;'
    """
    shown: list[str] = []
    end = 0
    for start, stop, code in _code_in(text):  # code spans take precedence
        shown += [_marked(text[end:start]), f"<code>{escape(code.strip())}</code>"]
        end = stop
    return "".join([*shown, _marked(text[end:])])


def _code_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the code of each span: it ends with as many backticks as it begins with."""
    runs = [(run.start(), run.end()) for run in _TICKS.finditer(text)]
    following: dict[int, int] = {}
    ends: list[int | None] = []
    for number in range(len(runs) - 1, -1, -1):
        size = runs[number][1] - runs[number][0]
        ends.append(following.get(size))
        following[size] = number
    ends.reverse()
    number = 0
    while number < len(runs):
        end = ends[number]
        if end is None:
            number += 1
            continue
        yield runs[number][0], runs[end][1], text[runs[number][1] : runs[end][0]]
        number = end + 1


def _marked(text: str) -> str:
    shown: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        shown += [_stressed(text[end : link.start()]), f'<a href="{escape(link[2])}">{_stressed(link[1])}</a>']
        end = link.end()
    return "".join([*shown, _stressed(text[end:])])


def _stressed(text: str, depth: int = _NESTED) -> str:
    shown: list[str] = []
    end = at = 0
    opening = _STRESS
    while depth and (result := opening.search(text, at)):
        tag, inner, stop = "em", result["em"], result.end()
        if inner is None:
            closing = _END_OF_STRONG.search(text, stop + 1)
            if closing is None:  # later markers have no closing one either, so stop looking
                opening, at = _EM, result.start()
                continue
            tag, inner, stop = "strong", text[stop : closing.start()], closing.end()
        shown += [escape(text[end : result.start()]), f"<{tag}>{_stressed(inner, depth - 1)}</{tag}>"]
        end = at = stop
    return "".join([*shown, escape(text[end:])])
