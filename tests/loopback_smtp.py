"""A mail server on the loopback address that keeps what it receives: just enough SMTP for `smtplib`."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """What the server accepted, and where it listens."""

    port: int = 0
    messages: list[tuple[str, list[str], str]] = field(default_factory=list)  # sender, recipients, text
    refused: tuple[str, ...] = ()  # recipients it does not know

    @property
    def url(self) -> str:
        """The setting that leads here."""
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def server(refused: tuple[str, ...] = ()) -> Iterator[Received]:
    """Listen until the block ends."""
    received = Received(refused=refused)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            sender, recipients = "", []
            self.say("220 loopback")
            for raw in self.rfile:
                line = raw.decode("utf-8").strip()
                verb = line.upper()
                if verb.startswith(("EHLO", "HELO")):
                    self.say("250 loopback")
                elif verb.startswith("MAIL FROM:"):
                    sender = line[10:].split(">")[0].strip(" <")
                    self.say("250 ok")
                elif verb.startswith("RCPT TO:"):
                    who = line[8:].split(">")[0].strip(" <")
                    known = who not in received.refused
                    recipients += [who] if known else []
                    self.say("250 ok" if known else "550 unknown here")
                elif verb == "DATA":
                    self.say("354 go on")
                    text = []
                    for part in self.rfile:
                        if part == b".\r\n":
                            break
                        text.append(part.decode("utf-8"))
                    received.messages.append((sender, recipients, "".join(text)))
                    self.say("250 kept")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        received.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield received
        listening.shutdown()
