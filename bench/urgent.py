"""A P1 in the middle of a storm: seconds from its webhook until somebody is told, while more comes than is opened.

`python -m bench.urgent [seconds]`: a storm of distinct P3 with everything on one machine, and in it one P1 after the
other, each a quarter of a second after the one before was told.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time

from bench.end_to_end import CONNECTIONS, PORT, Sink, page
from bench.stage import Stage, a_stage

FIRST = 5_000_000
"""Numbers of the P1, which no P3 has."""


def main() -> None:
    """The waits, in their order."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    sink, waits = Sink(), list[float]()
    with a_stage(PORT, sink=sink.port) as stage:
        stage.serve()
        stage.work()
        storm = threading.Thread(target=_storm, args=(stage, seconds))
        storm.start()
        time.sleep(1)
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        ends = time.perf_counter() + seconds - 1
        while time.perf_counter() < ends:
            waits.append(page(sink, connection, FIRST + len(waits)))
            time.sleep(0.25)
        storm.join()
    sink.close()
    print("seconds until a P1 is told:", *(f"{wait:.2f}" for wait in waits))
    print(f"the longest of {len(waits)}: {max(waits):.2f}")


def _storm(stage: Stage, seconds: float) -> None:
    told = stage.load("distinct", number=int(12_000 * seconds), connections=CONNECTIONS, seconds=seconds)
    print(f"a storm of {told['rate']:,.0f} a second, {told['refused']} refused")


if __name__ == "__main__":
    main()
