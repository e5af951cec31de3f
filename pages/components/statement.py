"""What the public may read of how replies are made: steps, the model really in use and where it runs, data, choices.

One text for the page « Transparence », for the public address (`asgi.py`, without sign-in) and for the file to publish
elsewhere. The rule it protects: what is said of the model is read from the process that drafts and from the settings,
never assumed; a model run by a server elsewhere is said to be so, with what is sent to it.
"""

from __future__ import annotations

import html
import ipaddress
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine

from data import snapshots
from data.errors import NoSnapshot
from data.operations import replies, rules, workers
from data.operations.tables import now
from data.settings import Settings
from pages.components import french

PATH = "/public/transparence"  # of this server, without sign-in; with .txt, the same as plain text
TITLE = "Comment les réponses sont préparées"
LEAD = (
    "Chaque réponse est lue, corrigée et envoyée par un agent. Une intelligence artificielle peut lui en proposer une "
    "première version ; elle ne publie rien elle-même."
)
DAYS = 90  # of replies counted by model
_EXTRACTIVE = "extractive"
_STYLE = (
    "body{font:1.0625rem/1.6 system-ui,-apple-system,'Segoe UI','Liberation Sans',Arial,sans-serif;color:#161616;"
    "background:#fff;max-width:44rem;margin:0 auto;padding:1.5rem 1rem 3rem;overflow-wrap:anywhere}"
    "h1{font-size:1.75rem;line-height:1.25;color:#000091}h2{font-size:1.25rem;margin-top:2rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}h1{color:#8585f6}}"
)


@dataclass(frozen=True)
class Section:
    """A heading, its sentences, then its points; numbered when their order matters."""

    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    ordered: bool = False


def sections(config: Settings, store: Engine) -> list[Section]:
    """The statement as things stand."""
    without = sum(not chosen.mention for chosen in rules.chosen(store).values())
    said = (
        f"{french.count(without, 'structure a', 'structures ont')} choisi de ne pas la publier."
        if without
        else "Aucune structure n'a retiré cette mention."
    )
    return [
        Section(
            "Étape par étape",
            points=(
                "Les coordonnées repérées dans l'avis (téléphone, adresse électronique, numéros) sont masquées. Un nom "
                "seul peut rester.",
                "Le système cherche des réponses déjà publiées à des avis semblables et des fiches de service-public.fr.",
                "Une proposition est écrite à partir de ces sources, montrées à l'agent à côté du texte.",
                "Des contrôles signalent à l'agent les liens, numéros et chiffres qui ne sont dans aucune source. Ils "
                "ne voient pas tout : c'est la lecture de l'agent qui fait foi. Il corrige, récrit, ou écrit sans aide.",
                "L'agent envoie, au nom de son service. Le texte exact lui est montré une dernière fois.",
            ),
            ordered=True,
        ),
        Section("Avec quel modèle", tuple(_models(config, store))),
        Section("Avec quelles données", tuple(_data(config))),
        Section(
            "Ce qui ne passe pas par l'IA",
            (
                "Un avis où des mots de détresse ou de danger sont repérés, et tout avis qu'un agent choisit de confier à "
                "une personne : l'assistance est alors désactivée pour cet avis, définitivement. Le repérage se fait par "
                "mots et peut en manquer.",
            ),
        ),
        Section(
            "La mention sous les réponses",
            (
                "Sauf choix contraire d'une structure, une réponse née d'une proposition porte cette phrase :",
                f"« {rules.MENTION} »",
                said,
            ),
        ),
        Section(
            "Ce qui est gardé",
            (
                "Chaque proposition est gardée avec ses sources, son modèle et ses contrôles, pour pouvoir dire d'où vient "
                f"une phrase. Le temps que chaque agent y passe est effacé après {config.personal_days} jours. Un avis "
                "retiré du portail est effacé ici aussi, avec sa réponse et ses propositions.",
            ),
        ),
    ]


def as_html(found: list[Section]) -> str:
    """The statement as a page of its own, which loads nothing."""
    body = [f"<h1>{TITLE}</h1>", f"<p>{html.escape(LEAD)}</p>"]
    for section in found:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(sentence)}</p>" for sentence in section.sentences]
        if section.points:
            kind = "ol" if section.ordered else "ul"
            items = "".join(f"<li>{html.escape(point)}</li>" for point in section.points)
            body.append(f"<{kind}>{items}</{kind}>")
    body.append(f"<p><small>{_dated()}</small></p>")
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{TITLE}</title><style>{_STYLE}</style></head><body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def as_text(found: list[Section]) -> str:
    """The statement as plain text."""
    parts = [TITLE, LEAD]
    for section in found:
        points = [f"{f'{n}.' if section.ordered else '-'} {point}" for n, point in enumerate(section.points, 1)]
        parts.append("\n".join([section.title.upper(), *section.sentences, *points]))
    return "\n\n".join([*parts, _dated()]) + "\n"


def _dated() -> str:
    return f"Texte établi par Vigie le {french.clock(now())}."


def _models(config: Settings, store: Engine) -> list[str]:
    """What drafts now, what is set but does not serve, and what drafted the replies of the last months."""
    alive = workers.alive(store)
    serving = list(dict.fromkeys(worker.model for worker in alive)) or [_EXTRACTIVE]
    told = [f"En ce moment : {_told(model)}" for model in serving]
    if config.model not in ("", _EXTRACTIVE) and all(model.startswith(_EXTRACTIVE) for model in serving):
        told.append(f"Le modèle choisi ({_set(config)}) ne répond pas en ce moment.")
    counted = replies.by_model(store, since=now() - timedelta(days=DAYS))
    if total := sum(counted.values()):
        parts = [
            f"{french.number(n)} sans proposition" if not model else f"{french.number(n)} avec {_named(model)}"
            for model, n in sorted(counted.items(), key=lambda item: -item[1])
        ]
        sent = french.count(total, "réponse envoyée", "réponses envoyées")
        told.append(f"Sur {sent} depuis {DAYS} jours : {', '.join(parts)}.")
    return told


def _told(model: str) -> str:
    """A model as a worker names it, where it runs and what it is given."""
    if model.startswith(_EXTRACTIVE):
        return (
            "aucun modèle de langage. Les propositions sont assemblées, sur la machine de Vigie, à partir de passages de "
            "réponses et de fiches existantes."
        )
    name, at, host = model.rpartition(" @ ")
    if not at:
        return f"{_named(model)}, exécuté sur la machine de Vigie : ni l'avis ni la réponse n'en sortent pour cela."
    if _here(host):
        return f"{name}, servi par un autre programme de la machine de Vigie : ni l'avis ni la réponse n'en sortent pour cela."
    return (
        f"{name}, servi par {host}, hors de la machine de Vigie. Pour chaque proposition lui sont transmis : le texte de "
        "l'avis, coordonnées repérées masquées, l'institution à qui il s'adresse, les passages de réponses et de fiches "
        "retenus, la consigne de l'agent. Ce que ce serveur en garde dépend de qui l'exploite."
    )


def _named(model: str) -> str:
    return (
        "l'assemblage de passages"
        if model.startswith(_EXTRACTIVE)
        else model.removeprefix("llama.cpp:").split(" @ ")[0]
    )


def _set(config: Settings) -> str:
    """The model that the settings name, without a key that an address may hold."""
    if config.model.startswith(("http://", "https://")):
        return f"{config.model_name or 'celui'} du serveur {urlsplit(config.model).hostname}"
    return config.model.rsplit("/", 1)[-1]


def _here(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _data(config: Settings) -> list[str]:
    told = [
        "Les avis et réponses publiés en données ouvertes (Licence Ouverte 2.0) et les fiches « Vos droits et démarches » de "
        "la DILA. Aucune donnée de dossier personnel n'est utilisée."
    ]
    try:
        snapshot = snapshots.current(config.home)
    except NoSnapshot:
        return told
    told.append(f"Ces données vont jusqu'au {french.day(date.fromisoformat(snapshot.last_publication))}.")
    if snapshot.demo:
        told.append("Ceci est une démonstration : les avis et les réponses y sont fictifs.")
    return told
