"""What the shop knows, in memory. Raises problems of its vocabulary, but knows no requests and no responses."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from problems import raises
from shop.errors import ItemDiscontinued, ItemNotFound, OrderAlreadyPaid, OrderNotFound, OutOfStock, TooManyOrders
from shop.models import Item, Order, OrderRequest

DISCONTINUED = {5: 7}
"""The items that are no longer sold, and their successors."""

REMOTE = {13}
"""The items in a warehouse that cannot be reached."""

STAFF = "grace"
ORDERS_PER_MINUTE = 10


class WarehouseOffline(Exception):
    """The warehouse system did not answer; raised by a part of the shop that does not know HTTP."""


def reach_warehouse(item: Item) -> None:
    """Ask the warehouse of an item for it."""
    if item.item_id in REMOTE:
        raise WarehouseOffline("dial tcp 10.0.3.7:5432: i/o timeout")


@dataclass
class Store:
    """
    All that changes in one shop.

    Attributes:
        tokens: The names of the customers by their tokens.
        items: What is sold.
        orders: What was ordered.
        ratings: The stars that customers gave to items.
        recent: When each customer ordered lately.
    """

    tokens: dict[str, str] = field(
        default_factory=lambda: {"token-ada": "ada", "token-bob": "bob", "token-grace": STAFF}
    )
    items: dict[int, Item] = field(
        default_factory=lambda: {
            7: Item(item_id=7, name="Teapot", price=2400, stock=3),
            8: Item(item_id=8, name="Cup", price=600, stock=40),
            13: Item(item_id=13, name="Samovar", price=39900, stock=1),
        }
    )
    orders: dict[int, Order] = field(default_factory=dict[int, Order])
    ratings: dict[int, list[int]] = field(default_factory=lambda: {7: [5, 4]})
    recent: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    @raises(ItemNotFound, ItemDiscontinued)
    def item(self, item_id: int) -> Item:
        """Return an item that is sold."""
        if item_id in DISCONTINUED:
            raise ItemDiscontinued(item_id=item_id, successor=DISCONTINUED[item_id])
        if item_id not in self.items:
            raise ItemNotFound(item_id=item_id)
        return self.items[item_id]

    @raises(OrderNotFound)
    def order(self, order_id: int, customer: str) -> Order:
        """Return an order of a customer."""
        order = self.orders.get(order_id)
        if order is None or customer not in {order.customer, STAFF}:
            raise OrderNotFound(order_id=order_id)
        return order

    @raises(OrderAlreadyPaid)
    def unpaid(self, order: Order) -> Order:
        """Return an order that can be changed."""
        if order.paid_at is not None:
            raise OrderAlreadyPaid(order_id=order.order_id, paid_at=order.paid_at)
        return order

    @raises(OutOfStock)
    def take(self, item: Item, amount: int) -> None:
        """Take items out of the stock."""
        reach_warehouse(item)
        if amount > item.stock:
            raise OutOfStock(item_id=item.item_id, available=item.stock)
        item.stock -= amount

    def put_back(self, item: Item, amount: int) -> None:
        """Put items back into the stock."""
        reach_warehouse(item)
        item.stock += amount

    def place(self, new: OrderRequest, customer: str) -> Order:
        """Make an order of what was taken."""
        order = Order(order_id=len(self.orders) + 1, customer=customer, **new.model_dump())
        self.orders[order.order_id] = order
        return order

    @raises(TooManyOrders)
    def note_order(self, customer: str) -> None:
        """Take note that a customer orders, unless it was too often in the last minute."""
        now, minute = datetime.now(UTC), timedelta(minutes=1)
        recent = self.recent[customer] = [time for time in self.recent[customer] if time > now - minute]
        if len(recent) >= ORDERS_PER_MINUTE:
            raise TooManyOrders(limit=ORDERS_PER_MINUTE, retry_after=recent[0] + minute - now)
        recent.append(now)
