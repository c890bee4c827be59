"""The problem types that the servers of these tests raise."""

from problems import Conflict, NotFound, Registry, TooManyRequests


class ItemNotFound(NotFound, type="item-not-found", title="Item not found", detail="No item has the id {item_id}."):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    item_id: int
    available: int


class Overloaded(TooManyRequests, type="overloaded", title="Overloaded"):
    """Too many orders."""


BASE = "https://shop.example/problems/"
REGISTRY = Registry(ItemNotFound, OutOfStock, Overloaded, base=BASE)

PROBLEM_JSON = "application/problem+json"
NOT_FOUND = {
    "type": f"{BASE}item-not-found",
    "title": "Item not found",
    "status": 404,
    "detail": "No item has the id 7.",
    "item_id": 7,
}
