"""The style sheet of problem pages, and the security policy that allows just that."""

import base64
import hashlib
from typing import Final

__all__ = ["POLICY", "STYLE"]

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff; --tint: #f3f5f7;
  --link: #0757b5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb8; --line: #3b434d; --paper: #14171b;
  --tint: #1f242a; --link: #86bbff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
header, main, footer { max-width: 46rem; margin: 0 auto; padding: 1rem 1.25rem; overflow-wrap: anywhere; }
header { padding-bottom: 0; }
footer { border-top: 1px solid var(--line); color: var(--soft); margin-top: 2rem; padding-bottom: 3rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.2rem); line-height: 1.2; margin: .25rem 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
code { background: var(--tint); border-radius: .25rem; padding: .1em .3em; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem;
  overflow-x: auto; overflow-wrap: normal; }
pre code { background: none; padding: 0; }
dl { margin: 0; }
dt { margin-top: .9rem; }
dt + dd, dd { margin: .15rem 0 0 1.25rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
.facts dt, .facts dd { margin: 0; }
.facts dt, .soft { color: var(--soft); }
.types { list-style: none; padding: 0; }
.types li { border-top: 1px solid var(--line); padding: .8rem 0; }
.types li:target { background: var(--tint); outline: .5rem solid var(--tint); }
.types a { font-weight: 600; }
.types p { margin: .15rem 0 0; }
.status { font-variant-numeric: tabular-nums; color: var(--soft); white-space: nowrap; }
@media (max-width: 30rem) { .facts { display: block; } .facts dd { margin: 0 0 .5rem; } }
@media print { body { background: #fff; color: #000; } }
"""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded and nothing is run; the one style sheet is in the page."""
