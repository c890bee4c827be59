"""
W5: what importing the package and declaring types costs.

Every round is a fresh interpreter; classes are declared a thousand at a time.
"""

from collections.abc import Iterator
from typing import Final

from benchmarks._child import compare_children
from benchmarks._measure import Result, table

_PYDANTIC: Final = (
    "import pydantic\nfrom pydantic import BaseModel, Field\nimport pydantic_core\nimport starlette.exceptions"
)
IMPORTS: Final = {
    "pydantic + starlette.exceptions": _PYDANTIC,
    "problems": f"{_PYDANTIC}\nimport problems",
    "problems.httpx": f"{_PYDANTIC}\nimport problems.httpx",
    "fastapi-rfc9457 (client)": f"{_PYDANTIC}\nimport fastapi_rfc9457",
}
AFTER_FASTAPI: Final = {
    "fastapi": "import fastapi",
    "fastapi + problems.fastapi": "import fastapi, problems.fastapi",
    "fastapi + fastapi_rfc9457.server": "import fastapi, fastapi_rfc9457.server",
}
ADDED: Final = {"problems.fastapi": "import problems.fastapi"}
"""Measured on its own: as a difference, the time would carry the noise of FastAPI's import, ten times as long."""
DECLARE: Final = {
    "plain HTTPException subclass": """
for number in range(1000):
    class Plain(HTTPException):
        item_id: int
        def __init__(self, item_id): self.item_id = item_id
""",
    "problems": """
for number in range(1000):
    class Ours(NotFound, type=f"https://shop.example/{number}", title="Item not found"):
        item_id: int
""",
}
FIRST_USE: Final = {"the first instance of a type": "Second(item_id=1, name='x')"}
"""What is built once for each type; pydantic itself is warm."""
BEFORE_FIRST_USE: Final = """
from problems import NotFound
class First(NotFound, type="https://shop.example/1", title="Item not found"):
    item_id: int
    name: str
class Second(NotFound, type="https://shop.example/2", title="Item not found"):
    item_id: int
    name: str
First(item_id=1, name="x")
"""
BEFORE_DECLARE: Final = "from starlette.exceptions import HTTPException\nfrom problems import NotFound"


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    fresh = max(5, rounds // 4)
    results = compare_children(_installed(IMPORTS), reference="pydantic + starlette.exceptions", rounds=fresh)
    yield table("W5  import", results, against="pydantic", targets={"problems": 1.1}), results
    results = compare_children(_installed(AFTER_FASTAPI), reference="fastapi", rounds=fresh)
    yield table("W5  import after FastAPI", results, against="fastapi"), results
    results = compare_children(ADDED, reference="problems.fastapi", rounds=fresh, before="import fastapi")
    title = "W5  import in an interpreter that has loaded FastAPI (target: 10,000 µs)"
    yield table(title, results, against="itself"), results
    results = compare_children(DECLARE, reference="plain HTTPException subclass", rounds=fresh, before=BEFORE_DECLARE)
    yield table("W5  declare 1,000 types", results, against="plain class", targets={"problems": 2.5}), results
    results = compare_children(FIRST_USE, reference=next(iter(FIRST_USE)), rounds=fresh, before=BEFORE_FIRST_USE)
    yield table("W5  first use of a type (target: 1,000 µs once)", results, against="itself"), results


def _installed(codes: dict[str, str]) -> dict[str, str]:
    try:
        import fastapi_rfc9457  # noqa: F401 - only there while it is measured
    except ImportError:
        return {name: code for name, code in codes.items() if "rfc9457" not in code}
    return codes
