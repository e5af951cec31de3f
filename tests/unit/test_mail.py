"""Messages leave by a real server, or as a file that opens as a draft; never by a forged header."""

from __future__ import annotations

import email
import email.policy
import socket

import pytest

from data import mail
from tests import loopback_smtp


def test_a_message_reaches_the_server() -> None:
    message = mail.compose("vigie@example.org", "caf@example.org", "Attention ici : délais", "Bonjour,\nÉlan.\n")
    with loopback_smtp.server() as received:
        mail.send(received.url, message)
    ((sender, recipients, text),) = received.messages
    assert (sender, recipients) == ("vigie@example.org", ["caf@example.org"])
    read = email.message_from_bytes(text.encode(), policy=email.policy.default)
    assert read["Subject"] == "Attention ici : délais"
    assert "Élan." in read.get_content()


def test_a_refused_recipient_is_not_said_to_be_told() -> None:
    message = mail.compose("vigie@example.org", "nobody@example.org", "x", "y")
    with loopback_smtp.server(refused=("nobody@example.org",)) as received, pytest.raises(mail.NotSent, match="refuse"):
        mail.send(received.url, message)
    assert received.messages == []


def test_a_server_out_of_reach_says_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = mail.compose("vigie@example.org", "caf@example.org", "x", "y")
    with pytest.raises(mail.NotSent, match="Téléchargez-le"):
        mail.send(f"smtp://127.0.0.1:{port}", message)
    with pytest.raises(mail.NotSent, match="VIGIE_SMTP_URL"):
        mail.send("http://example.org", message)


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a@example.org\nBcc: all@example.org"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(mail.NotSent):
        mail.compose("vigie@example.org", address, "x", "y")


def test_a_subject_can_not_add_headers() -> None:
    message = mail.compose("vigie@example.org", "caf@example.org", "x\nBcc: all@example.org", "y")
    assert "Bcc" not in message
    assert message["Subject"] == "x Bcc: all@example.org"


def test_the_file_opens_as_a_draft() -> None:
    message = mail.compose("vigie@example.org", "caf@example.org", "Objet", "Texte é\n")
    read = email.message_from_bytes(mail.as_file(message), policy=email.policy.default)
    assert read["X-Unsent"] == "1"
    assert "X-Unsent" not in message
    assert read.get_content() == "Texte é\n"
