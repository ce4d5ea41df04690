"""A server of one file on this machine, which can do what servers do wrong."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file and how it is served; what was asked for and sent is noted down.

    `cut` is after how many bytes of the body the connection breaks off, `pause` how long the server waits
    between two blocks in seconds; a `hush` server takes the question and never answers.
    """

    body: bytes
    ranges: bool = True
    tag: str | None = '"first"'
    tells_length: bool = True
    cut: int | None = None
    pause: float = 0.0
    status: int = 200
    hush: bool = False
    address: str = ""
    asked: list[str | None] = field(default_factory=list)  # the Range of each question
    sent: int = 0  # bytes of bodies
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(body, **manners):
    """Serve a file for as long as the block lasts."""
    served = Served(body, **manners)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    served.address = f"http://127.0.0.1:{server.server_port}/tunes"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Served
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        served, asked = self.served, self.headers.get("Range")
        served.asked.append(asked)
        self.close_connection = True
        if served.hush:
            served.closing.wait()
            return
        start = self._start(asked)
        status = 416 if start > len(served.body) else 206 if start else served.status
        rest = served.body[start:] if status in (200, 206) else b""
        self._head(status, start, len(rest))
        self._send(rest if served.cut is None else rest[: served.cut])

    def _start(self, asked):
        same = self.headers.get("If-Range") in (None, self.served.tag)
        if not (asked and same and self.served.ranges):
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _head(self, status, start, length):
        served = self.served
        self.send_response(status)
        if served.tag:
            self.send_header("ETag", served.tag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        if served.tells_length:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, data):
        step = 1 << 14
        for at in range(0, len(data), step):
            if self.served.closing.wait(self.served.pause):
                return
            try:
                self.wfile.write(data[at : at + step])
            except OSError:
                return  # whoever asked has gone
            self.served.sent += len(data[at : at + step])

    def log_message(self, *_):
        """Print nothing."""
