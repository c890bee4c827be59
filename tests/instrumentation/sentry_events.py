"""
Prints the events that Sentry gets for the requests in the arguments, as JSON.

A program of its own: Sentry patches the frameworks of the process it runs in.
"""

import json
import sys
from pathlib import Path

import sentry_sdk
from sentry_sdk.transport import Transport
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))
from conftest import make_app


class Kept(Transport):
    """Keeps the events that would be sent."""

    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event["exception"]["values"][-1])


told = {}
for request in sys.argv[1:]:
    kept = Kept()
    sentry_sdk.init("https://key@sentry.example/1", transport=kept)
    TestClient(make_app(), raise_server_exceptions=False).request(*request.split())
    told[request] = [(event["type"], event["mechanism"]["handled"]) for event in kept.events]
sys.stdout.write(json.dumps(told))
