"""Real counterparts in threads: a web server, a mail server, a syslog receiver."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def web(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that remembers what it was sent."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            seen.append({"method": self.command, "path": self.path, "headers": dict(self.headers),
                         "body": self.rfile.read(length).decode()})  # fmt: skip
            body = json.dumps({"answer": {"list": [1, "two"]}}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of the library

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def lines(talk: bool) -> Iterator[tuple[str, list[str]]]:
    """A TCP server that remembers lines; with ``talk`` it speaks SMTP (RFC 5321), as much as a client needs."""
    seen: list[str] = []
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if not talk:
                seen.append(self.rfile.read().decode())
                ended.set()
                return
            self.say("220 here")
            in_text = False
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                seen.append(line)
                if in_text:
                    in_text = line != "."
                    if not in_text:
                        self.say("250 taken")
                    continue
                word = line[:4].upper()
                in_text = word == "DATA"
                self.say({"DATA": "354 go on", "QUIT": "221 bye", "EHLO": "250 here"}.get(word, "250 ok"))
                if word == "QUIT":
                    break
            ended.set()

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", seen
        ended.wait(5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
