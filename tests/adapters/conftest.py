"""Real servers: uvicorn in a thread, on a free port of the loopback interface."""

import threading
from contextlib import ExitStack

import pytest
import uvicorn


class Served:
    """An application that is being served, and where."""

    def __init__(self, app, **options):
        options = {"http": "h11", "ws": "none", **options}
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, **options))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.http = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"

    def stop(self):
        """Stop, and so be done with all that there is to log."""
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture
def serve():
    """Serves applications until the test ends."""
    with ExitStack() as stack:

        def start(app, **options):
            served = Served(app, **options)
            stack.callback(served.stop)
            return served

        yield start
