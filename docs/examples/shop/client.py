"""Typed clients of the shop: what the server raises, they raise."""

import httpx2
from pydantic import TypeAdapter

from problems.httpx import raise_problems
from shop.errors import OutOfStock, registry
from shop.models import Item, Order, OrderRequest, Payment

ITEMS = TypeAdapter(list[Item])


class Shop:
    """
    The shop, for programs that wait.

    Args:
        http: A client with the shop's base URL and the customer's token. It raises problems from now on.
    """

    def __init__(self, http: httpx2.Client) -> None:
        self.http = raise_problems(http, registry)

    def items(self, max_price: int | None = None) -> list[Item]:
        params = {} if max_price is None else {"max_price": max_price}
        return ITEMS.validate_json(self.http.get("/items", params=params).content)

    def item(self, item_id: int) -> Item:
        return Item.model_validate_json(self.http.get(f"/items/{item_id}").content)

    def order(self, item_id: int, amount: int) -> Order:
        new = OrderRequest(item_id=item_id, amount=amount)
        return Order.model_validate_json(self.http.post("/orders", json=new.model_dump()).content)

    def order_at_most(self, item_id: int, amount: int) -> Order:
        """Order as many as wanted, or else all there are."""
        try:
            return self.order(item_id, amount)
        except OutOfStock as problem:
            if not problem.available:
                raise
            return self.order(item_id, problem.available)

    def pay(self, order_id: int, card: str) -> Order:
        payment = Payment(card=card)
        response = self.http.post(f"/orders/{order_id}/payment", json=payment.model_dump())
        return Order.model_validate_json(response.content)


class AsyncShop:
    """
    The shop, for programs that await.

    Args:
        http: A client with the shop's base URL and the customer's token. It raises problems from now on.
    """

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = raise_problems(http, registry)

    async def items(self, max_price: int | None = None) -> list[Item]:
        params = {} if max_price is None else {"max_price": max_price}
        return ITEMS.validate_json((await self.http.get("/items", params=params)).content)

    async def item(self, item_id: int) -> Item:
        return Item.model_validate_json((await self.http.get(f"/items/{item_id}")).content)

    async def order(self, item_id: int, amount: int) -> Order:
        new = OrderRequest(item_id=item_id, amount=amount)
        return Order.model_validate_json((await self.http.post("/orders", json=new.model_dump())).content)

    async def order_at_most(self, item_id: int, amount: int) -> Order:
        """Order as many as wanted, or else all there are."""
        try:
            return await self.order(item_id, amount)
        except OutOfStock as problem:
            if not problem.available:
                raise
            return await self.order(item_id, problem.available)

    async def pay(self, order_id: int, card: str) -> Order:
        payment = Payment(card=card)
        response = await self.http.post(f"/orders/{order_id}/payment", json=payment.model_dump())
        return Order.model_validate_json(response.content)
