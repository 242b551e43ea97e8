"""The edge: what uvicorn leaves open to a hostile client. Caps on headers and requests, absolute deadlines.

uvicorn has no header deadline and httptools no limit on headers. One sweep per process (`router.hooks.sweep`) closes
whoever is too slow, so a connection costs no timer of its own.
"""

from __future__ import annotations

import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from router.hooks import words
from router.hooks.crowd import Crowd, Crowded, Why
from router.hooks.errand import Errand, Hooks, asked_of
from router.hooks.reply import Reply
from router.problems import Problem
from router.requests import headers_of

HEADER_BYTES = 16 * 1024
FRAME_BYTES = 8
"""Bytes around each byte of a body that comes in chunks of one."""
HEADERS_WITHIN = 5.0
BODY_WITHIN = 10.0
READ_WITHIN = 30.0
"""Seconds a client may leave our answer unread."""
LINGER = 1.0
"""Seconds a connection is still listened to when the server stops: a sender that writes at this moment is answered.
Closed in its face, it could not know what became of its delivery."""
PIPELINED = 8
"""Requests of one connection that may wait behind the one being answered: each costs some kilobytes and a body.
Beyond, those already taken are answered, and the connection ends."""
KEEP_ALIVE = 5.0
"""Seconds a connection may rest between two requests; longer ones leak where the other side has gone without a word."""


class _Refused(Exception):
    """Ends the parsing of a request from within one of the parser's callbacks."""


class Edge(HttpToolsProtocol):
    """uvicorn's HTTP protocol with caps and deadlines, in loop time; None: the client owes us nothing."""

    deadline: float | None = None
    """When the rest of a request must have come."""
    read_by: float | None = None
    """When the answers that wait must have been read."""
    _fed = 0
    _carried = 0
    """Bytes of the body among those that were fed."""
    _in_headers = True
    _taken = False
    """Is there a cycle for the request that is coming in?"""
    _deaf = False
    """The connection ends with the answers that are still to be given; nothing more is read."""
    _errands = 0
    """How many have gone the short way in this read."""
    _errand: Errand | None = None
    """The delivery that is coming in, where it takes the short way."""
    _answering: Any = None
    """The cycle or errand whose answer is given next."""
    ends = False
    """The server stops: the next answer is the last."""
    _refusal: Problem = words.MALFORMED
    _proxied = False
    """Is the other side a trusted proxy, which speaks for others?"""
    _counted: str | None = None
    """For whom this connection counts in the crowd."""
    rests_since: float | None = None
    """When the last answer was given, of a connection that is kept alive."""

    def __init__(self, *arguments: Any, crowd: Crowd, hooks: Hooks, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._crowd, self._hooks = crowd, hooks

    def connection_made(self, transport: Any) -> None:
        """Take the connection, unless there are too many even without the slowest, or too many of its address."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            # Head and body of an answer are two writes: with Nagle, which asyncio leaves on for a socket
            # handed to it, the body waits 40 ms for the client's delayed ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deadline = self.loop.time() + HEADERS_WITHIN
        peer = self.client[0] if self.client else None
        self._proxied = self._crowd.is_proxy(peer)
        if not self._proxied and not self._counts_for(peer):
            self._refuse(words.CROWDED)
        elif len(self.connections) > self._crowd.at_most and not self._make_room():
            self._crowd.note(Why.ALL)
            self._refuse(words.FULL)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client has said all it will: what it has asked is answered, and half a request is none."""
        if self._idle or self._taken or self.scope.get("path") == words.ENDLESS:
            return False
        self._deaf, self.cycle.keep_alive = True, False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is one fewer."""
        self._no_longer_counts()
        if self._answering is not None:
            # uvicorn tells the newest request alone, while an older one writes into what is closed.
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def _counts_for(self, address: str | None) -> bool:
        """Count this connection for the address; False when there are too many of it."""
        self._no_longer_counts()
        try:
            self._counted = self._crowd.enter(address)
        except Crowded:
            self._crowd.note(Why.ONE)
            return False
        return True

    def _no_longer_counts(self) -> None:
        self._crowd.leave(self._counted)
        self._counted = None

    def _make_room(self) -> bool:
        """Close the connection that has rested or kept us waiting longest; False when all are being answered."""
        others = [one for one in self.connections if one is not self and isinstance(one, Edge)]
        waits = {one: one.deadline or one.rests_since for one in others if not one.transport.is_closing()}
        slow = [one for one, since in waits.items() if since is not None]
        if not slow:
            return False
        self._crowd.note(Why.SLOW)
        min(slow, key=lambda one: waits[one] or 0.0).transport.abort()
        return True

    def data_received(self, data: bytes) -> None:
        """Feed the parser, never more header bytes than the cap and one read."""
        if self._deaf:
            return
        self.rests_since = None
        if self.deadline is None and self._idle:
            # Also for the blank lines that may come before a request and that begin none.
            self.deadline = self.loop.time() + HEADERS_WITHIN
        self._fed += len(data)
        self._errands = 0
        super().data_received(data)
        if self._fed - self._carried > self._allowance and not self.transport.is_closing():
            self._refusal = words.too_long(HEADER_BYTES)
            self.send_400_response("too long")

    @property
    def _allowance(self) -> int:
        """Bytes that may come beside the body: the head, and the frames of its chunks."""
        return HEADER_BYTES if self._in_headers else 2 * HEADER_BYTES + FRAME_BYTES * self._carried

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._carried += len(body)
        if self._errand is None:
            super().on_body(body)
        else:
            self._errand.feed(body)

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]

    def on_message_begin(self) -> None:
        """A request begins, unless too many wait already, or the last answer of this connection is given."""
        if len(self.pipeline) >= PIPELINED or self.transport.is_closing():
            raise _Refused
        super().on_message_begin()
        self.rests_since = None
        self._refusal = words.MALFORMED
        self._carried, self._in_headers = 0, True
        self.deadline = self.loop.time() + HEADERS_WITHIN

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; after the head it is a trailer, which would pass the cap, and proxies, as a header."""
        if not self._in_headers:
            self._refusal = words.TRAILER
            raise _Refused
        # As uvicorn does it, written out: a delivery has a dozen headers.
        self.headers.append((name.lower(), value))
        if len(name) == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        """The headers are whole: refuse them, or wait for the body."""
        self._in_headers = False
        wrong = words.wrong_head(self.url, self.headers, HEADER_BYTES, self.parser.get_http_version())
        if wrong is not None:
            self._refusal = wrong
            raise _Refused
        if self._proxied:
            forwarded = b",".join(value for name, value in self.headers if name == b"x-forwarded-for").decode("latin-1")
            if not self._counts_for(self._crowd.behind(forwarded)):
                self._refusal = words.CROWDED
                raise _Refused
        self.deadline = self.loop.time() + BODY_WITHIN
        self._errand = self._short_way()
        if self._errand is None:
            super().on_headers_complete()
        else:
            self.cycle = self._answering = self._errand  # type: ignore[assignment]
        self._taken = True
        if self.ends:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _short_way(self) -> Errand | None:
        """The short way, for a delivery that waits for no answer before its own.

        A few in one read: what is refused is answered at once, and one read may hold thousands.
        """
        if not self._idle or self.flow.write_paused or self._errands >= PIPELINED:
            return None
        self._errands += 1
        asked = asked_of(self.parser.get_method(), self.url, headers_of(self.headers), self._hooks.limit)
        if asked is None:
            return None
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        return Errand(self._hooks, asked, keep_alive, self._answered)

    def _answered(self, errand: Errand, reply: Reply) -> None:
        self.transport.write(reply.written(errand.keep_alive, self.server_state.default_headers))
        if not errand.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_message_complete(self) -> None:
        """The request is whole: from here on the client waits for us."""
        self.deadline = None
        self._fed = self._carried = 0
        self._in_headers, self._taken = True, False
        if self._errand is None:
            super().on_message_complete()
        else:
            self._errand.run()

    def on_response_complete(self) -> None:
        """An answer is given; if it was the last, the connection rests, and the sweep ends it: no timer of its own."""
        if self.pipeline:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self.rests_since = self.loop.time()
        if self._proxied:
            self._no_longer_counts()

    def pause_writing(self) -> None:
        """The client does not read what we answer."""
        self.read_by = self.loop.time() + READ_WITHIN
        super().pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self.read_by = None
        super().resume_writing()

    def send_400_response(self, _msg: str) -> None:
        """uvicorn's word for a request its parser refused; it is answered in its turn, or not at all."""
        if self._deaf:
            return
        if self._taken and (self.pipeline or self.cycle.response_started):
            self.transport.abort()  # A second answer, or one out of turn, would be read as another request's.
        elif self._taken or self._idle:
            self._refuse(self._refusal)
        else:
            self._deaf = True
            self.deadline = None
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """The server stops: answer what is asked already, and whoever is just about to ask."""
        self.ends = True
        if self._idle:
            self.loop.call_later(LINGER, self._rest_is_over)
        else:
            self.cycle.keep_alive = False

    def _rest_is_over(self) -> None:
        if self._idle and not self._fed:
            self.transport.close()

    def expire(self) -> None:
        """A deadline has passed."""
        if self.transport.is_closing() or not self._idle:
            # Closing would wait for the unread answer; an unfinished body leaves the app with a disconnect.
            self.transport.abort()
        else:
            self._refuse(words.too_slow(HEADERS_WITHIN, BODY_WITHIN))

    def _refuse(self, problem: Problem) -> None:
        if not self.transport.is_closing():
            self.transport.write(Reply.to(problem).written(False, self.server_state.default_headers))
            self.transport.close()
