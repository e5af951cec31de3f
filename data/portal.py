"""Where the open data lives, and how today's address of each file is found.

Owns the table of addresses: the dataset API of data.gouv.fr (the experiences move to a new address every day), the
exports of the Services Publics+ portal, the fiches of DILA. The rule it protects: each kind of file has its addresses
in order of preference, and what an API says is believed only once its shape was checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from data.network import Refused
from data.transfer import Target

Kind = Literal["experiences", "structures", "fiches"]
Find = Callable[[], Target]  # raises Refused

FILES: dict[Kind, str] = {"experiences": "experiences.csv", "structures": "structures.csv", "fiches": "fiches.zip"}
LABELS: dict[Kind, str] = {
    "experiences": "Liste des expériences",
    "structures": "Référentiel des structures",
    "fiches": "Fiches service-public.fr",
}
_ALGORITHMS = {"sha1": "sha1", "sha256": "sha256", "sha2": "sha256"}  # data.gouv.fr's names of the checksums


@dataclass(frozen=True)
class Addresses:
    """The public sources. Tests give those of a server of their own."""

    dataset: str = "https://www.data.gouv.fr/api/1/datasets/liste-des-experiences-partagees-par-les-usagers/"
    explore: str = "https://opendata.plus.transformation.gouv.fr/api/explore/v2.1/catalog/datasets"
    dila: str = "https://lecomarquage.service-public.fr/vdd"


def offers(kind: Kind, addresses: Addresses, ask: Callable[[str], bytes]) -> tuple[Find, ...]:
    """The ways to today's file of a kind, best first; `ask` fetches a small answer (raises Refused)."""
    if kind == "experiences":
        return (
            lambda: discovered(addresses.dataset, ask(addresses.dataset)),
            lambda: _export(addresses, "export-experiences"),
        )
    if kind == "structures":
        return (lambda: _export(addresses, "export-structures"),)
    return (lambda: _fiches(addresses, "3.4"), lambda: _fiches(addresses, "3.3"))


def discovered(address: str, answer: bytes) -> Target:
    """The first CSV resource of a data.gouv.fr dataset. Raises Refused when the answer names none."""
    try:
        told = json.loads(answer)
    except ValueError:
        kind = "une page web" if answer.lstrip().startswith(b"<") else "un JSON mal formé"
        raise Refused(f"{address} : {kind} à la place de la description du jeu de données") from None
    resources = told.get("resources") if isinstance(told, dict) else None
    for resource in resources if isinstance(resources, list) else []:
        if not isinstance(resource, dict) or str(resource.get("format") or "").strip().lower() != "csv":
            continue
        url = resource.get("url")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            size = resource.get("filesize")
            return Target(
                url,
                checksum=_checksum(resource.get("checksum")),
                size=size if isinstance(size, int) and size > 0 else None,
                published=str(resource["last_modified"]) if resource.get("last_modified") else None,
            )
    raise Refused(f"{address} : le jeu de données n'annonce aucun fichier CSV")


def _checksum(told: Any) -> str | None:
    """`{"type": "sha1", "value": "…"}` as `sha1:…`; None for what can't be checked here."""
    if not isinstance(told, dict) or not isinstance(told.get("value"), str):
        return None
    algorithm = _ALGORITHMS.get(str(told.get("type")).lower())
    return f"{algorithm}:{told['value'].strip().lower()}" if algorithm else None


def _export(addresses: Addresses, dataset: str) -> Target:
    return Target(f"{addresses.explore}/{dataset}/exports/csv?use_labels=true&delimiter=%3B")


def _fiches(addresses: Addresses, layout: str) -> Target:
    return Target(f"{addresses.dila}/{layout}/part/zip/vosdroits-latest.zip")
