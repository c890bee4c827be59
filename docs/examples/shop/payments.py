"""The payment provider: an external service with its own vocabulary, as small as a stand-in can be."""

from typing import Annotated, Literal

from fastapi import FastAPI, Header
from pydantic import BaseModel

from problems import PaymentRequired, Registry, Unauthorized, raises
from problems.fastapi import add_problems

MERCHANT_KEY = "shop-1234"


class CardDeclined(
    PaymentRequired,
    type="card-declined",
    title="Card declined",
    detail="The bank refused the payment: {reason}.",
):
    """The bank that issued the card refused the payment."""

    reason: Literal["expired", "insufficient-funds"]


class MerchantUnknown(Unauthorized, type="merchant-unknown", title="Merchant unknown"):
    """The merchant's key is missing or revoked."""


registry = Registry(CardDeclined, MerchantUnknown, base="https://pay.example/problems/")

app = FastAPI(title="Payments")
add_problems(app, registry)


class Charge(BaseModel):
    card: str
    amount: int


@app.post("/charges", status_code=201)
@raises(MerchantUnknown, CardDeclined)
async def charge(charge: Charge, merchant: Annotated[str, Header()] = "") -> Charge:
    """Charge a card; the test card …0002 is declined, and …0401 makes as if the merchant's key was revoked."""
    if merchant != MERCHANT_KEY or charge.card.endswith("0401"):
        raise MerchantUnknown(f"There is no merchant with the key {merchant!r}.", challenges="Merchant")
    if charge.card.endswith("0002"):
        raise CardDeclined(reason="insufficient-funds")
    return charge
