"""The writes of one transaction, sent as MULTI … EXEC on the connection that watches."""

from __future__ import annotations

from typing import Any

from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError, WatchError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers.writing.commands import Commands, conclude


class Bundle(Commands):
    """Takes write commands for a pipeline that watches; `execute` sends them all."""

    def __init__(self, pipe: Pipeline) -> None:
        super().__init__()
        self._pipe = pipe

    def execute(self) -> None:
        """All or nothing. Raises WatchError when what was read has changed or nobody knows, ResponseError when refused.

        What is written follows from what was read: a bundle on a pipeline that watches nothing is refused.
        """
        connection: Any = self._pipe.connection
        if not len(self):
            return
        if connection is None or not self._pipe.watching:
            raise ValueError("a transaction that watches nothing")
        try:
            # Without redis-py's PING after a long pause: it may connect anew, and then nothing is watched any more.
            connection.send_packed_command([self.transaction()], check_health=False)
            answers = [_answer(connection) for _ in range(len(self) + 2)]
        except (RedisConnectionError, RedisTimeoutError) as wrong:
            connection.disconnect()
            raise WatchError(f"{type(wrong).__name__} while it was sent") from wrong
        self._pipe.watching = False  # EXEC has ended that.
        conclude(answers)


def _answer(connection: Any) -> Any:
    """One answer. A command that is refused still has others after it, whose answers must be read too."""
    try:
        return connection.read_response()
    except ResponseError as refused:
        return refused
