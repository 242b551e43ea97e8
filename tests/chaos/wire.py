"""A wire to Redis that can be cut without a word, as a firewall or a dead switch does it: no reset, no data, no end."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

CHUNK = 65536


class Wire:
    """Listens on loopback and leads to a UNIX socket. Connections of the time of a cut stay half open for ever."""

    def __init__(self) -> None:
        self.target = Path()
        self._epoch = 0
        self._whole = threading.Event()
        self._whole.set()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where Redis seems to be."""
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """From now on nothing arrives, in either direction, and nobody is told."""
        self._epoch += 1
        self._whole.clear()

    def mend(self) -> None:
        """New connections lead to Redis again; the old ones are dead, and still nobody has been told."""
        self._whole.set()

    def close(self) -> None:
        """End everything."""
        for one in [self._listener, *self._ends]:
            with suppress(OSError):
                one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(near,), daemon=True).start()

    def _lead(self, near: socket.socket) -> None:
        self._ends.append(near)
        if not self._whole.is_set():
            return  # Taken by nobody, told nothing.
        far = socket.socket(socket.AF_UNIX)
        self._ends.append(far)
        try:
            far.connect(str(self.target))
        except OSError:
            near.close()
            return
        for ends in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(*ends, self._epoch), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, epoch: int) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if self._epoch != epoch:
                    return
                sink.sendall(data)
            if self._epoch == epoch:
                sink.shutdown(socket.SHUT_WR)
