"""Messages that leave the product: as a file to open in one's own mailer, or by an SMTP server when one is set.

The rule it protects: nothing is said to be sent that a server did not accept, and no header can be forged by what a
person typed.
"""

from __future__ import annotations

import smtplib
import ssl
from copy import deepcopy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from data.errors import VigieError
from data.operations.tables import now

_TIMEOUT_S = 15.0


class NotSent(VigieError):
    """The server refused the message or can't be reached; the person can still take it as a file."""


def compose(sender: str, recipient: str, subject: str, body: str) -> EmailMessage:
    """The message. Raises NotSent when an address can't be one."""
    message = EmailMessage()
    try:
        for name, value in (("From", sender), ("To", recipient)):
            message[name] = Address(addr_spec=value.strip())
    except (ValueError, IndexError, MessageError) as error:
        raise NotSent(f"L'adresse « {recipient.strip()} » n'est pas valable.") from error
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain or "localhost")
    message.set_content(body)
    return message


def as_file(message: EmailMessage) -> bytes:
    """An .eml file that opens as a draft, ready to be sent."""
    draft = deepcopy(message)
    draft["X-Unsent"] = "1"
    return draft.as_bytes()


def send(server: str, message: EmailMessage) -> None:
    """Hand the message to `server`: `smtp://[user:password@]host[:port]`, `smtps://…`, or `smtp+starttls://…`. Raises
    NotSent.
    """
    address = urlsplit(server)
    if address.scheme not in ("smtp", "smtps", "smtp+starttls") or not address.hostname:
        raise NotSent("L'adresse du serveur de messagerie (VIGIE_SMTP_URL) n'est pas valable.")
    try:
        with _connected(address.scheme, address.hostname, address.port) as connection:
            if address.username:
                connection.login(unquote(address.username), unquote(address.password or ""))
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSent(f"Le serveur refuse l'adresse {message['To']}.") from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"Le message n'est pas parti : {error}. Téléchargez-le et envoyez-le vous-même.") from error


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    connection = smtplib.SMTP(host, port or (587 if scheme == "smtp+starttls" else 25), timeout=_TIMEOUT_S)
    if scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection
