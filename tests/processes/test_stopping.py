"""SIGTERM under load, as in every rolling restart: no delivery lost, doubled, or left without an answer."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path

import pytest

from tests.processes.test_redis_away import lost, told
from tests.processes.tocsin import TOKEN, Running, a_tocsin, wait_for

pytestmark = pytest.mark.processes

SENDERS = 8


class Sender(threading.Thread):
    """Delivers one alarm after the other over a connection it keeps; opens a new one when told that it ends."""

    def __init__(self, tocsin: Running, number: int, stop: threading.Event) -> None:
        super().__init__()
        self._tocsin = tocsin
        self._number = number
        self._stopping = stop
        self.unanswered: list[str] = []
        self.statuses: set[int] = set()
        self.sent = 0

    def run(self) -> None:
        """Until told to stop."""
        connection = http.client.HTTPConnection("127.0.0.1", self._tocsin.port, timeout=20)
        while not self._stopping.is_set():
            try:
                connection.connect()
            except OSError:
                continue
            while not self._stopping.is_set() and connection.sock is not None:
                self._deliver(connection)
            connection.close()

    def _deliver(self, connection: http.client.HTTPConnection) -> None:
        key = f"host {self._number} {self.sent}"
        self.sent += 1
        body = json.dumps({"id": key, "title": f"{key} is down", "status": "firing"})
        try:
            connection.request("POST", f"/hooks/monitor/{TOKEN}", body)
            answer = connection.getresponse()
            answer.read()
        except OSError as wrong:
            self.unanswered.append(repr(wrong))
            connection.close()
            return
        self.statuses.add(answer.status)
        if answer.status == 202:
            self._tocsin.posted.append(key)
        self._stopping.wait(0.02)


def test_a_receiver_told_to_stop_answers_every_delivery(tmp_path: Path) -> None:
    """Eight senders, connections kept alive: each delivery is answered 202 and pages once, and it ends in time."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        stop = threading.Event()
        senders = [Sender(tocsin, number, stop) for number in range(SENDERS)]
        for one in senders:
            one.start()
        for _ in range(2):
            so_far = len(tocsin.posted)
            assert wait_for(lambda so_far=so_far: len(tocsin.posted) > so_far + 20, 30)
            process = tocsin.children["receiver"].process
            assert process is not None
            process.terminate()
            assert wait_for(lambda process=process: process.poll() is not None, 10)
        so_far = len(tocsin.posted)
        assert wait_for(lambda: len(tocsin.posted) > so_far, 30)
        stop.set()
        for one in senders:
            one.join()
        assert [one.unanswered for one in senders] == [[]] * SENDERS
        assert set().union(*(one.statuses for one in senders)) == {202}
        assert lost(tocsin) == set()
        assert set(told(tocsin).values()) == {1}
