"""Talking to a server that may be slow, busy or wrong: what its failures mean, and how long to insist.

The rules it protects: a failure that time may cure is tried again, with growing waits, and no other; a server that asks
to wait (Retry-After) is obeyed; every failure is one line that names the address.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from data.errors import VigieError

log = logging.getLogger(__name__)
_T = TypeVar("_T")
_TRY_LATER = {408, 425, 429, 500, 502, 503, 504}


class Refused(VigieError):
    """An address does not give the file; another one may."""


class Gone(Refused):
    """Nothing at this address (any more)."""


class Interrupted(Refused):
    """It did not work this time; trying again may cure it, after `after` seconds when the server said so."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Patience:
    """How long to insist. Waits are seconds."""

    attempts: int = 6  # in a row without receiving anything new
    first: float = 1.0  # doubled at each attempt, with jitter
    longest: float = 60.0
    obeyed: float = 900.0  # longest Retry-After that is waited for
    sleep: Callable[[float], None] = time.sleep

    def insist(self, work: Callable[[], _T], vain: Callable[[], int] | None = None) -> _T:
        """Run `work` until it no longer raises Interrupted; `vain` counts the attempts that brought nothing new."""

        def count(state: RetryCallState) -> int:
            return vain() if vain else state.attempt_number

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, Interrupted) and error.after is not None:
                return error.after
            return min(self.longest, self.first * 2.0 ** (max(1, count(state)) - 1)) * random.uniform(0.5, 1.0)

        def say(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            log.warning("%s; trying again in %.0f s", error, state.next_action.sleep if state.next_action else 0.0)

        return Retrying(
            retry=retry_if_exception_type(Interrupted),
            stop=lambda state: count(state) >= self.attempts,
            wait=wait,
            sleep=self.sleep,
            before_sleep=say,
            reraise=True,
        )(work)


def ask(client: httpx.Client, url: str, patience: Patience) -> bytes:
    """A small answer, whole. Raises Refused."""

    def once() -> bytes:
        with guarded(url):
            response = client.get(url)
            accept(response, url, patience)
            return response.content

    return patience.insist(once)


def accept(response: httpx.Response, url: str, patience: Patience) -> None:
    """Raise what the status means: Interrupted, Gone or Refused."""
    status = response.status_code
    if status in (200, 206):
        return
    said = f"{url} : le serveur a répondu {status} {response.reason_phrase}".rstrip()
    if status in _TRY_LATER:
        after = _retry_after(response.headers.get("Retry-After"))
        if after is not None and after > patience.obeyed:
            raise Refused(f"{said} et demande de revenir dans {after / 60:.0f} min")
        raise Interrupted(said, after)
    raise (Gone if status in (404, 410) else Refused)(said)


def refuse_page(response: httpx.Response, url: str) -> None:
    """Raise Refused when a web page comes instead of a file."""
    kind = response.headers.get("Content-Type", "").lower()
    if kind.startswith(("text/html", "application/xhtml")):
        raise Refused(f"{url} : une page web à la place du fichier (celle d'un proxy, ou une erreur du portail)")


def _retry_after(value: str | None) -> float | None:
    """Seconds asked for, from a number or a date; None when nothing readable was asked."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


@contextmanager
def guarded(url: str) -> Iterator[None]:
    """Network failures, in one line each: cured by time (Interrupted) or not (Refused)."""
    try:
        yield
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise Refused(f"{url} : {error}") from None
    except httpx.TimeoutException:
        raise Interrupted(f"{url} : pas de réponse à temps") from None
    except (httpx.TransportError, httpx.DecodingError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise Refused(f"{url} : son certificat n'est pas reconnu ici (SSL_CERT_FILE désigne le vôtre)") from None
        raise Interrupted(f"{url} : connexion perdue ({error or type(error).__name__})") from None
