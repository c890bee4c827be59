"""
Docstrings as HTML: the part of Markdown that people write in them.

Paragraphs, lists, fenced code, `code`, **strong**, *emphasis* and [links](https://example.com/). Everything else stays
the text it is; HTML in it is never passed on.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

__all__ = ["inline", "to_html"]

_FENCE: Final = re.compile(r"^(`{3,}+)[^`\n]*\n(.*?)(?:^\1`*\s*$|\Z)", re.MULTILINE | re.DOTALL)
_ITEM: Final = re.compile(r"^(?:([-*+])|\d+[.)]) +", re.MULTILINE)
_CODE: Final = re.compile(r"(?<!`)(`++)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(((?:https?://|mailto:|[./#])[^\s()<>\"]*)\)")
_STRESS: Final = re.compile(
    r"\*\*(?=\S)(?P<strong>.+?)(?<=\S)\*\*(?!\*)|(?<![\w*])\*(?=\S)(?P<em>(?:[^*]|\*\*[^*]+\*\*)+?)(?<=\S)\*(?![\w*])",
    re.DOTALL,
)


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
    starts = [found.start() for found in _ITEM.finditer(block)]
    items = [block[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    shown = "".join(f"<li>{inline(_ITEM.sub('', it, count=1).strip())}</li>" for it in items)
    return f"<{tag}>{shown}</{tag}>"


def inline(text: str) -> str:
    """
    Return one run of text as HTML.

    >>> inline("**Never** [ask](https://shop.example/) for <b>")
    '<strong>Never</strong> <a href="https://shop.example/">ask</a> for &lt;b&gt;'
    """
    shown: list[str] = []
    end = 0
    for code in _CODE.finditer(text):  # what is code is nothing else
        shown += [_marked(text[end : code.start()]), f"<code>{escape(code[2].strip())}</code>"]
        end = code.end()
    return "".join([*shown, _marked(text[end:])])


def _marked(text: str) -> str:
    shown: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        shown += [_stressed(text[end : link.start()]), f'<a href="{escape(link[2])}">{_stressed(link[1])}</a>']
        end = link.end()
    return "".join([*shown, _stressed(text[end:])])


def _stressed(text: str) -> str:
    shown: list[str] = []
    end = 0
    for stress in _STRESS.finditer(text):
        tag = str(stress.lastgroup)
        shown += [escape(text[end : stress.start()]), f"<{tag}>{_stressed(stress[tag])}</{tag}>"]
        end = stress.end()
    return "".join([*shown, escape(text[end:])])
