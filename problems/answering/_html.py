"""
Problem details as a page for people, with the document inside for programs (RFC 9457, appendix C).

No script, nothing loaded; sentences of its own in four languages. Knows neither requests nor problem classes.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Final, NamedTuple

from problems._wire.details import ProblemDetails
from problems._wire.json import encode, is_array, is_object
from problems._wire.media_types import HTML as HTML_TYPE
from problems._wire.media_types import PROBLEM_JSON
from problems._wire.problem_type import ABOUT_BLANK
from problems.answering.representations import Render, Representation

__all__ = ["HTML", "Sentences", "embedded", "html", "render_html"]

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1d21; --paper: #fff; --soft: #595f69; --line: #d8dbe0; --link: #0b57b0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef1; --paper: #16181c; --soft: #a9b0bb; --line: #383d46; --link: #8ab8ff }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 12vh 1.5rem 3rem }
.status { margin: 0; color: var(--soft); font-variant-numeric: tabular-nums; letter-spacing: .08em }
h1 { margin: .25rem 0 1rem; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.2 }
h1, p, dd { overflow-wrap: anywhere }
.detail { font-size: 1.125rem; white-space: pre-line }
.advice { color: var(--soft) }
.detail, .advice, .back, .id { margin: 0 0 1rem }
.back { margin-top: 1.5rem }
.id code { display: inline-block; font: .875rem/1.5 ui-monospace, monospace; color: var(--ink) }
dl { margin: 0 }
main > dl { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 1rem }
dt { color: var(--soft); font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
dd { margin: 0 0 1rem; white-space: pre-line }
dd > dl, li > dl { padding-inline-start: 1rem; border-inline-start: 2px solid var(--line) }
ol { margin: .25rem 0 0; padding: 0; list-style: none }
li { margin: 0 0 .5rem }
a { color: var(--link) }
"""

_SHA256: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_LINKED: Final = ("https://", "http://")
_SHOWN_ABOVE: Final = ("title", "status", "detail", "instance")

# RFC 8259, section 7: any character of a string may be written so. Without these, no end tag, no comment and no
# line separator of JavaScript can stand in it.
_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class Sentences(NamedTuple):
    """
    What the page says to people in one language, besides the problem itself.

    Attributes:
        denied: For 401 and 403.
        missing: For 404 and 410.
        busy: For 429 and 503.
        client: For any other 4xx.
        server: For any other 5xx.
        back: The text of the link to the start page.
        quote: Stands before the id of the occurrence.
    """

    denied: str
    missing: str
    busy: str
    client: str
    server: str
    back: str
    quote: str

    def advice(self, status: int) -> str:
        """Return the sentence for a status code."""
        special = {401: self.denied, 403: self.denied, 404: self.missing, 410: self.missing}
        special |= {429: self.busy, 503: self.busy}
        return special.get(status, self.client if status < 500 else self.server)


_ENGLISH: Final = Sentences(
    denied="You do not have access. Sign in, or ask for access, and try again.",
    missing="Check the address, or start again from the home page.",
    busy="This is not possible at the moment. Try again later.",
    client="The request was not carried out. Check what you entered, and try again.",
    server="The error is on our side, not on yours. Try again later.",
    back="Go to the home page",
    quote="If you ask for help, quote this id:",
)
_SENTENCES: Final[Mapping[str, Sentences]] = {
    "en": _ENGLISH,
    "de": Sentences(
        denied="Sie haben keinen Zugriff. Melden Sie sich an oder bitten Sie um Zugriff, und versuchen Sie es erneut.",
        missing="Prüfen Sie die Adresse, oder beginnen Sie auf der Startseite.",
        busy="Das ist im Moment nicht möglich. Versuchen Sie es später erneut.",
        client="Die Anfrage wurde nicht ausgeführt. Prüfen Sie Ihre Eingaben, und versuchen Sie es erneut.",
        server="Der Fehler liegt bei uns, nicht bei Ihnen. Versuchen Sie es später erneut.",
        back="Zur Startseite",
        quote="Wenn Sie um Hilfe bitten, nennen Sie diese Kennung:",
    ),
    "fr": Sentences(
        denied="Vous n'avez pas accès. Connectez-vous ou demandez un accès, puis réessayez.",
        missing="Vérifiez l'adresse, ou recommencez depuis la page d'accueil.",
        busy="Ce n'est pas possible pour le moment. Réessayez plus tard.",
        client="La demande n'a pas été exécutée. Vérifiez votre saisie, puis réessayez.",
        server="L'erreur vient de nous, pas de vous. Réessayez plus tard.",
        back="Aller à la page d'accueil",
        quote="Si vous demandez de l'aide, indiquez cet identifiant :",
    ),
    "es": Sentences(
        denied="No tiene acceso. Inicie sesión o pida acceso, e inténtelo de nuevo.",
        missing="Compruebe la dirección, o empiece de nuevo en la página de inicio.",
        busy="No es posible en este momento. Inténtelo más tarde.",
        client="La solicitud no se ha realizado. Compruebe los datos e inténtelo de nuevo.",
        server="El error es nuestro, no suyo. Inténtelo más tarde.",
        back="Ir a la página de inicio",
        quote="Si pide ayuda, indique este identificador:",
    ),
}


def render_html(
    details: ProblemDetails,
    language: str | None = None,
    *,
    sentences: Mapping[str, Sentences] = _SENTENCES,
    home: str = "/",
) -> str:
    """
    Return *details* as a page that shows every member and has the document in a `script` element.

    >>> "Out of &lt;stock&gt;</h1>" in render_html(ProblemDetails(title="Out of <stock>"))
    True

    Args:
        details: The problem.
        language: The tag of its language; English if it is not known.
        sentences: By language tag, the sentences for people; English, German, French and Spanish are built in.
        home: Where the link back leads; a path or an `https` URL.
    """
    members = details.model_dump(mode="json")
    title = escape(details.title or details.type)
    status = members.get("status", "")
    shown = {name: value for name, value in members.items() if name not in _SHOWN_ABOVE}
    if details.type == ABOUT_BLANK:  # it says no more than the status does
        del shown["type"]
    return "".join(
        (
            f'<!doctype html>\n<html lang="{escape(language or "en")}">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="robots" content="noindex">\n',
            f"<title>{status} {title}</title>\n<style>{_STYLE}</style>\n{embedded(details)}\n</head>\n<body>\n<main>\n",
            f'<p class="status">{status}</p>\n<h1 dir="auto">{title}</h1>\n',
            f'<p class="detail" dir="auto">{escape(details.detail)}</p>\n' if details.detail else "",
            *_for_people(details, *_chosen(sentences, language), home),
            *(_value(shown) if shown else ()),
            "\n</main>\n</body>\n</html>\n",
        )
    )


def _chosen(sentences: Mapping[str, Sentences], language: str | None) -> tuple[str, Sentences]:
    """Return the sentences in a language, or in the language that it is a variety of, or in English."""
    tag = language or "en"
    while tag:
        if tag in sentences:
            return tag, sentences[tag]
        tag = tag.rpartition("-")[0]
    return "en", sentences.get("en", _ENGLISH)


def _for_people(details: ProblemDetails, tag: str, sentences: Sentences, home: str) -> Iterator[str]:
    """Yield advice for the reader, a link back, and the id to quote."""
    lang = f'lang="{escape(tag)}"'
    if details.status:
        yield f'<p class="advice" {lang}>{escape(sentences.advice(details.status))}</p>\n'
    if details.instance:
        quoted = f'<code dir="ltr" translate="no">{escape(details.instance)}</code>'
        yield f'<p class="id" {lang}>{escape(sentences.quote)} {quoted}</p>\n'
    yield f'<p class="back" {lang}><a href="{escape(home)}">{escape(sentences.back)}</a></p>\n'


def embedded(details: ProblemDetails) -> str:
    r"""
    Return *details* as JSON in a `script` element, out of which nothing in them can break; for pages of your own.

    >>> embedded(ProblemDetails(title="</script>"))
    '<script type="application/problem+json">{"type":"about:blank","title":"\\u003c/script\\u003e"}</script>'
    """
    document = encode(details.model_dump(mode="json")).decode().translate(_ESCAPES)
    return f'<script type="{PROBLEM_JSON}">{document}</script>'


def _value(value: object) -> Iterator[str]:
    if is_object(value) and value:
        yield "<dl>"
        for name, member in value.items():
            yield f"<dt>{escape(name)}</dt><dd>"
            yield from _value(member)
            yield "</dd>"
        yield "</dl>"
    elif is_array(value) and value:
        yield "<ol>"
        for item in value:
            yield "<li>"
            yield from _value(item)
            yield "</li>"
        yield "</ol>"
    else:
        yield _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return escape(encode(value).decode())
    text = escape(value)
    is_link = value.startswith(_LINKED) and not any(char.isspace() for char in value)
    return f'<a href="{text}" rel="noreferrer">{text}</a>' if is_link else f"<bdi>{text}</bdi>"


def html(template: Render, *, content_security_policy: str = "") -> Representation:
    """
    Return the representation that *template* writes, for `Policy(representations=…)`.

    The template must escape what it shows: `detail` and members can hold what a client sent. Should it fail, the
    problem is sent as JSON.

    >>> from html import escape
    >>> def page(details: ProblemDetails, language: str | None) -> str:
    ...     return f"<!doctype html><title>Sorry</title><h1>{escape(details.title or '')}</h1>{embedded(details)}"
    >>> html(page).media_type
    'text/html; charset=utf-8'

    Args:
        template: Returns the page for some problem details and the tag of their language, if that is known.
        content_security_policy: What the page may load and run. By default styles, images and fonts of your own
            site and styles in the page; no script, and no frame around it.
    """
    return Representation(f"{HTML_TYPE}; charset=utf-8", template, _headers(content_security_policy or _OWN_SITE))


def _headers(policy: str) -> Mapping[str, str]:
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


_NOTHING_ELSE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STRICT: Final = f"default-src 'none'; style-src 'sha256-{_SHA256}'; {_NOTHING_ELSE}"
_OWN_SITE: Final = (
    f"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; {_NOTHING_ELSE}"
)

HTML: Final = html(render_html, content_security_policy=_STRICT)
"""`text/html`, a page for people, for `Policy(representations=…)`."""
