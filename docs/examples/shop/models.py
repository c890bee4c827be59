"""What the shop and its clients talk about."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

Amount = Annotated[int, Field(ge=1, le=100, description="How many of it.")]


class Item(BaseModel):
    item_id: int
    name: str
    price: Annotated[int, Field(description="In cents.")]
    stock: int


class Stock(BaseModel):
    stock: Annotated[int, Field(ge=0)]


class OrderAmount(BaseModel):
    amount: Amount


class OrderRequest(BaseModel):
    item_id: int
    amount: Amount


class Order(OrderRequest):
    order_id: int
    customer: str
    paid_at: datetime | None = None


class Payment(BaseModel):
    card: Annotated[str, Field(pattern=r"^\d{16}$", description="The number of the card.")]


class Rating(BaseModel):
    item_id: int
    stars: float
