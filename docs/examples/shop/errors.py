"""The error vocabulary of the shop: shared by its server, its clients, its documents and its tests."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from problems import (
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Registry,
    ResponseHeader,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from problems.catalog import Challenges
from shop import payments


class AuthenticationRequired(Unauthorized, type="authentication-required", title="Authentication required"):
    """The operation needs the token of a customer."""

    challenges: Challenges = 'Bearer realm="shop"'


class StaffOnly(Forbidden, type="staff-only", title="Staff only"):
    """Only those who work here may do that."""


class ItemNotFound(
    NotFound,
    type="item-not-found",
    title="Item not found",
    detail="No item has the id {item_id}.",
):
    """No item has the requested id."""

    item_id: int


class ItemDiscontinued(
    Gone,
    type="item-discontinued",
    title="Item discontinued",
    detail="Item {item_id} is no longer sold.",
):
    """The item was sold once, and never will be again."""

    item_id: int
    successor: Annotated[int | None, Field(description="The item that replaces it.", examples=[8])] = None


class OutOfStock(
    Conflict,
    type="out-of-stock",
    title="Out of stock",
    detail="Only {available} of item {item_id} are left.",
):
    """Fewer items are in stock than were ordered."""

    item_id: int
    available: Annotated[int, Field(ge=0, description="How many can be ordered.", examples=[3])]


class OrderNotFound(NotFound, type="order-not-found", title="Order not found"):
    """The customer has no order with this id; whether another customer has one stays secret."""

    order_id: int


class OrderAlreadyPaid(
    Conflict,
    type="order-already-paid",
    title="Order already paid",
    detail="Order {order_id} was paid at {paid_at:%H:%M} and cannot be changed.",
):
    """A paid order can neither be changed nor paid again."""

    order_id: int
    paid_at: datetime


class TooManyOrders(TooManyRequests, type="too-many-orders", title="Too many orders"):
    """The customer ordered too often; `Retry-After` says when to go on."""

    limit: Annotated[int, ResponseHeader("X-Order-Limit", description="Orders per minute.")]


class WarehouseUnavailable(ServiceUnavailable, type="warehouse-unavailable", title="Warehouse unavailable"):
    """The warehouse cannot be asked at the moment; nothing was ordered."""


registry: Registry = Registry(
    AuthenticationRequired,
    StaffOnly,
    ItemNotFound,
    ItemDiscontinued,
    OutOfStock,
    OrderNotFound,
    OrderAlreadyPaid,
    TooManyOrders,
    WarehouseUnavailable,
    base="https://shop.example/problems/",
)
# A declined card is passed on as the payment provider's problem: its types keep their own URIs.
registry |= payments.registry
