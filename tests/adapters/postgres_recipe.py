"""Prints the statuses of two requests to an application on the PostgreSQL server of the environment."""

import runpy
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from problems import Policy


def main():
    """Insert a row that is there already, then one that cannot be."""
    recipe = runpy.run_path(str(Path(__file__).with_name("test_recipes.py")))
    engine = recipe["database"]("postgresql+psycopg://")
    for email in ("alice@shop.example", None):
        client = recipe["client"](
            recipe["inserting"](engine, email), Policy(translate={IntegrityError: recipe["taken"]})
        )
        response = client.get("/")
        print(response.status_code if "INSERT" not in response.text else "leak")  # noqa: T201 - read by the test
    engine.dispose()


if __name__ == "__main__":
    main()
