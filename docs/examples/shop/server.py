"""
The server: ten operations, and every error they can answer with.

Start it with `uvicorn --factory shop.server:create_app`.
"""
# ruff: noqa: FAST003 - the dependencies take the parameters in the paths

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import httpx2
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from problems import BadGateway, Policy, ReceivedProblem, raises
from problems.fastapi import add_problems, problem_pages, responses
from problems.httpx import raise_problems
from shop import payments
from shop.errors import (
    AuthenticationRequired,
    ItemDiscontinued,
    ItemNotFound,
    OrderAlreadyPaid,
    OrderNotFound,
    OutOfStock,
    StaffOnly,
    TooManyOrders,
    WarehouseUnavailable,
    registry,
)
from shop.models import Item, Order, OrderAmount, OrderRequest, Payment, Rating, Stock
from shop.payments import CardDeclined
from shop.store import STAFF, Store, WarehouseOffline

# What a request needs. A dependency declares what it raises; so each operation that has it declares that too.


async def get_store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def get_provider(request: Request) -> httpx2.AsyncClient:
    provider: httpx2.AsyncClient = request.app.state.provider
    return provider


TheStore = Annotated[Store, Depends(get_store)]
Provider = Annotated[httpx2.AsyncClient, Depends(get_provider)]
Credentials = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="`token-ada`, `token-bob` or, for staff, `token-grace`.")),
]


@raises(AuthenticationRequired)
async def get_customer(credentials: Credentials, store: TheStore) -> str:
    if credentials is None:
        raise AuthenticationRequired("Send the token of a customer.")
    customer = store.tokens.get(credentials.credentials)
    if customer is None:
        raise AuthenticationRequired(
            "The token is not valid, or no longer.",
            challenges='Bearer realm="shop", error="invalid_token"',
        )
    return customer


Customer = Annotated[str, Depends(get_customer)]


@raises(StaffOnly)
async def require_staff(customer: Customer) -> None:
    if customer != STAFF:
        raise StaffOnly


@raises(TooManyOrders)
async def limit_orders(customer: Customer, store: TheStore) -> None:
    store.note_order(customer)


@raises(ItemNotFound, ItemDiscontinued)
async def load_item(item_id: int, store: TheStore) -> Item:
    return store.item(item_id)


@raises(OrderNotFound)
async def load_order(order_id: int, customer: Customer, store: TheStore) -> Order:
    return store.order(order_id, customer)


TheOrder = Annotated[Order, Depends(load_order)]


@raises(OrderAlreadyPaid)
async def load_unpaid(order: TheOrder, store: TheStore) -> Order:
    return store.unpaid(order)


TheItem = Annotated[Item, Depends(load_item)]
UnpaidOrder = Annotated[Order, Depends(load_unpaid)]

# What there is to see.

texts = APIRouter(prefix="/items", tags=["items"])


@texts.get("")
async def list_items(store: TheStore, max_price: int | None = None) -> list[Item]:
    return [item for item in store.items.values() if max_price is None or item.price <= max_price]


@texts.get("/{item_id}")
async def get_item(item: TheItem) -> Item:
    return item


@texts.put("/{item_id}/stock", dependencies=[Depends(require_staff)])
async def set_stock(item: TheItem, stock: Stock) -> Item:
    item.stock = stock.stock
    return item


@texts.get("/{item_id}/rating")
async def get_rating(item: TheItem, store: TheStore) -> Rating:
    """Return how customers like an item; fails for an item without ratings."""
    stars = store.ratings.get(item.item_id, [])
    return Rating(item_id=item.item_id, stars=sum(stars) / len(stars))


# What was ordered. The customer is needed everywhere, so the router declares it once.

orders = APIRouter(prefix="/orders", tags=["orders"], dependencies=[Depends(get_customer)])


@orders.get("")
async def list_orders(customer: Customer, store: TheStore) -> list[Order]:
    return [order for order in store.orders.values() if order.customer == customer]


@orders.get("/{order_id}")
async def get_order(order: TheOrder) -> Order:
    return order


@orders.post("/{order_id}/payment")
@raises(CardDeclined, BadGateway)
async def pay_order(order: UnpaidOrder, payment: Payment, store: TheStore, provider: Provider) -> Order:
    """
    Pay an order by card.

    A declined card is the customer's to know, so that problem is relayed, and of it just what is named. Whatever
    else the provider has to say, perhaps that our key is invalid, is not: it escapes and is answered with 502.
    """
    charge = payments.Charge(card=payment.card, amount=order.amount * store.items[order.item_id].price)
    try:
        await provider.post("/charges", json=charge.model_dump())
    except CardDeclined as problem:
        if isinstance(problem, ReceivedProblem):
            raise problem.relayed("reason") from problem
        raise
    order.paid_at = datetime.now(UTC)
    return order


# These ask the warehouse, a part of the shop that knows no problems: what it raises is translated, see `create_app`.

buying = APIRouter(
    prefix="/orders",
    tags=["orders"],
    dependencies=[Depends(get_customer)],
    responses=responses(WarehouseUnavailable),
)


@buying.post("", status_code=201, dependencies=[Depends(limit_orders)])
@raises(ItemNotFound, ItemDiscontinued, OutOfStock)
async def place_order(new: OrderRequest, customer: Customer, store: TheStore, response: Response) -> Order:
    store.take(store.item(new.item_id), new.amount)
    order = store.place(new, customer)
    response.headers["Location"] = f"/orders/{order.order_id}"
    return order


@buying.patch("/{order_id}")
@raises(OutOfStock)
async def change_order(order: UnpaidOrder, change: OrderAmount, store: TheStore) -> Order:
    store.take(store.items[order.item_id], change.amount - order.amount)
    order.amount = change.amount
    return order


@buying.delete("/{order_id}", status_code=204)
async def cancel_order(order: UnpaidOrder, store: TheStore) -> None:
    store.put_back(store.items[order.item_id], order.amount)
    del store.orders[order.order_id]


def warehouse_unavailable(_: Exception) -> WarehouseUnavailable:
    return WarehouseUnavailable("Nothing was ordered. Try again soon.", retry_after=30)


def operation_id(route: APIRoute) -> str:
    return route.name


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with app.state.provider:
        yield


def create_app(provider: httpx2.AsyncClient | None = None) -> FastAPI:
    """
    Return a shop with data of its own.

    Args:
        provider: A client of the payment provider; by default of the stand-in, which runs in this process.
    """
    app = FastAPI(title="Shop", version="1.0", lifespan=lifespan, generate_unique_id_function=operation_id)
    app.state.store = Store()
    app.state.provider = provider or httpx2.AsyncClient(
        transport=httpx2.ASGITransport(payments.app),
        base_url="https://pay.example",
        headers={"Merchant": payments.MERCHANT_KEY},
    )
    raise_problems(app.state.provider, payments.registry)
    app.include_router(texts)
    app.include_router(orders)
    app.include_router(buying)
    app.mount("/problems", problem_pages(registry))  # where the type URIs lead to
    add_problems(app, registry, policy=Policy(translate={WarehouseOffline: warehouse_unavailable}))
    return app
