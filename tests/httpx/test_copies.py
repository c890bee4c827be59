"""Clients and sessions that raise problems: what becomes of their copies, and what they leave behind."""

import copy
import gc
import pickle
import weakref

import httpx
import httpx2
import pytest
import requests

import problems.requests
from problems.errors import SetupError
from problems.httpx import raise_problems
from tests.httpx.shop import REGISTRY

CLIENTS = {
    "httpx2": lambda: raise_problems(httpx2.Client(), REGISTRY),
    "httpx2, async": lambda: raise_problems(httpx2.AsyncClient(), REGISTRY),
    "httpx": lambda: raise_problems(httpx.Client(), REGISTRY),
    "httpx, async": lambda: raise_problems(httpx.AsyncClient(), REGISTRY),
    "requests": lambda: problems.requests.raise_problems(requests.Session(), REGISTRY),
}


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
class TestClients:
    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_a_copy_is_refused(self, make, again):
        """
        It would return errors as if nothing had been asked for.
        """
        with pytest.raises(SetupError, match=r"Copy it first, and call `raise_problems\(copy, registry\)`"):
            again(make())

    def test_no_cycle(self, make):
        """
        An unreferenced client is freed at once, without the garbage collector.
        """
        plain = make()
        del plain.__dict__["send"]  # what the libraries hold themselves is not ours
        other = make()
        gc.collect()
        gc.disable()
        try:
            is_alone, is_shadowed = weakref.ref(plain), weakref.ref(other)
            del plain, other
            assert (is_alone() is None) == (is_shadowed() is None)
        finally:
            gc.enable()


def test_a_send_that_outlives_its_client():
    """
    The message says to keep the client.
    """
    send = raise_problems(httpx2.Client(), REGISTRY).send
    gc.collect()
    with pytest.raises(SetupError, match="Keep the client"):
        send(httpx2.Request("GET", "https://shop.example"))
