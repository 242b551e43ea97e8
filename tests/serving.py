"""A small HTTP server of a test, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer

LOOKS_EVERY = 0.01
"""Seconds between two looks whether to stop: of the usual half a second, each test would wait a half."""


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    """It answers, for as long as this lasts."""
    thread = threading.Thread(target=server.serve_forever, args=(LOOKS_EVERY,), daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()
