"""Rows of experiences.csv, one chunk of weeks at a time, with the truth about each of them.

The rule it protects: a chunk depends on the seed and on its weeks alone, never on who computes it or on what was computed
before, so the file's bytes do not change with the number of processes. Delays and verdicts are drawn as pairs, with and
without AI, from the same chance: the effect written in the truth is the one in the file.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.demo import FIRST_ID, prose, replies
from data.demo.events import Planned
from data.demo.lexicon import Lexicon
from data.demo.networks import RENAMED, renamed
from data.demo.structures import TRAY, TRAY_NAME
from data.demo.templates import Scene
from data.demo.world import AFTER_SHARE, DRIFT, USEFUL_GAIN, World, generator

HEADER = (
    "ID expérience", "Etat expérience", "Statut de l'expérience", "Écrit le", "Date de publication",
    "Date de premiere réponse", "Pseudonyme usager", "Titre", "Description", "Posté comme", "Ressenti usager",
    "Code INSEE Département usager", "Intitulé département usager", "Intitulé région usager",
    "Code INSEE Région usager", "Pays", "Démarches saisies par usager",
    "Intitulé Typologie 1", "Code Postal typologie 1", "Pays Typologie  1", "Canaux Typologie 1",
    "Tags métier typologie 1",
    "Intitulé Typologie 2", "Code Postal typologie 2", "Pays Typologie 2", "Canaux Typologie 2",
    "Tags métier typologie 2",
    "Intitulé Typologie 3", "Code Postal typologie 3", "Pays Typologie 3", "Canaux Typologie 3",
    "Tags métier typologie 3",
    "Hors structure",
    "ID structure 1", "Intitulé structure 1", "Statut réponse structure 1", "Réponse structure 1",
    "Taux de similarité réponse IA structure 1", "Evaluation utile réponse structure 1 par visiteurs",
    "Evaluation inutile réponse structure 1 par visiteurs", "Evaluation  réponse structure 1 par auteur",
    "ID structure 2", "Intitulé structure 2", "Statut réponse structure 2", "Réponse structure 2",
    "Taux de similarité réponse IA structure 2", "Evaluation utile réponse structure 2 par visiteurs",
    "Evaluation inutile réponse structure 2 par visiteurs", "Evaluation  réponse structure 2 par auteur",
    "ID structure 3", "Intitulé structure  3", "Statut réponse structure 3", "Réponse structure 3",
    "Taux de similarité réponse IA structure 3", "Evaluation utile réponse structure 3 par visiteurs",
    "Evaluation inutile réponse structure 3 par visiteurs", "Evaluation  réponse structure 3 par auteur",
    "Accessibilité", "Information/Explication", "Relation", "Réactivité", "Simplicité/Complexité",
    "Expériences Similaires", "Amélioration de service à considérer", "Action", "Date action réalisée",
    "Date action engagée", "Tags Métiers",
)  # fmt: skip
SENTIMENTS = ("Négatif", "Neutre", "Positif")
SIMILARITY_SINCE = np.datetime64("2024-01-01", "D")
_POSTED = ("La personne concernée", "Un proche de la personne concernée", "Un agent de médiation")
_CHANNELS = ("Démarche en ligne", "Accueil", "Compte ou espace personnel", "Téléphone", "Courrier", "E-mail",
             "Tchat (messagerie instantanée)", "Visio/Video", "Réseaux Sociaux")  # fmt: skip
_COUNTRIES = ("Belgique", "Suisse", "Allemagne", "Royaume-uni", "Espagne", "Canada", "Maroc", "États-unis", "Portugal",
              "Sénégal", "Italie", "Algérie", "Luxembourg")  # fmt: skip
# Chance that the tag is filled, then of Négatif, Neutre, Positif when it is, for negative, neutral and positive reviews.
_POLARITY = (
    (0.67, ((0.78, 0.08, 0.14), (0.52, 0.14, 0.34), (0.10, 0.05, 0.85))),
    (0.27, ((0.90, 0.03, 0.07), (0.66, 0.08, 0.26), (0.12, 0.02, 0.86))),
    (0.23, ((0.70, 0.03, 0.27), (0.30, 0.05, 0.65), (0.03, 0.01, 0.96))),
    (0.25, ((0.90, 0.02, 0.08), (0.60, 0.03, 0.37), (0.05, 0.01, 0.94))),
    (0.46, ((0.86, 0.07, 0.07), (0.58, 0.10, 0.32), (0.10, 0.04, 0.86))),
)
_FIRST_NAMES = (
    "Marie Jean Sylvie Patrick Nathalie Michel Isabelle Philippe Sandrine Karim Fatima Mohamed Claire Thomas Julie "
    "Nicolas Camille Antoine Léa Hugo Chantal Gérard Monique Bernard Françoise Yann Gwenaëlle Aïcha Moussa Inès "
    "Sofiane Élodie Romain Aurélie Guillaume Martine Serge Colette Odile Ludovic Vanessa Kevin Priscilla Samira "
    "Dominique Christelle Bruno Valérie Hervé Joëlle Marc Audrey Fabien Mélanie Tatiana Wassim Noémie Bastien"
).split()
_ACTIONS = ("Mise à jour de la page d'information", "Simplification du formulaire", "Renfort de l'accueil téléphonique",
            "Nouveau courrier type", "Correction du téléservice")  # fmt: skip
_PROCEDURES = ("Mise à jour d'un dossier en cours", "Demande d'informations générales", "Suivi d'une demande",
               "Contestation d'une décision", "Première demande")  # fmt: skip
_LAG = (0.34, 0.62, 0.80, 0.89, 0.94, 0.97, 0.99, 1.0)  # days between writing and publication, cumulated
_NOISE = 0.80  # spread of delays around their mean, in log

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """Rows of some weeks, ready to write, and what the truth says of them."""

    rows: bytes
    truth: bytes  # entries of truth.json's "reviews", joined by ",\n"
    events: dict[int, list[int]]  # rank of the event: its review ids
    delay_change: tuple[float, int]  # days added by AI over the replies it touched, and how many
    useful_change: tuple[int, int]  # verdicts "utile" gained over the verdicts it touched, and how many


def _pick(rng: np.random.Generator, cumulated: Floats, count: int) -> Ints:
    return np.minimum(np.searchsorted(cumulated, rng.random(count)), len(cumulated) - 1)


def chunk(
    world: World, lexicon: Lexicon, links: Mapping[str, tuple[str, str]], weeks: range, first_id: int, planned: Sequence[Planned]
) -> Chunk:
    """Write the reviews of some weeks. `planned` are the planted reviews of those weeks."""
    rng = generator(world.seed, 4, weeks.start)
    columns = _draw(world, rng, weeks, planned)
    return _write(world, lexicon, links, columns, rng, first_id, planned)


def _draw(world: World, rng: np.random.Generator, weeks: range, planned: Sequence[Planned]) -> dict[str, Any]:
    """Everything about the reviews but their words, as arrays in publication order."""
    background = int(world.weekly[weeks.start : weeks.stop].sum())
    n = background + len(planned)
    week = np.repeat(np.arange(weeks.start, weeks.stop), world.weekly[weeks.start : weeks.stop])
    weekday = _pick(rng, np.cumsum((0.155, 0.21, 0.145, 0.152, 0.15, 0.105, 0.083)), background)
    plan = np.full(n, -1)
    plan[background:] = np.arange(len(planned))
    day = np.concatenate([7 * week + weekday, np.array([(p.day - world.start).days for p in planned], dtype=np.int64)])
    second_of_day = (8.0 + 12.5 * rng.beta(1.6, 1.5, n)) * 3600
    order = np.argsort(day * 86400 + second_of_day, kind="stable")
    day, second_of_day, plan = day[order], second_of_day[order].astype(np.int64), plan[order]
    which_week = np.clip(day // 7, 0, world.weeks - 1)

    irritant = np.empty(n, dtype=np.int64)
    for w in np.unique(which_week):
        here = which_week == w
        irritant[here] = _pick(rng, np.cumsum(world.irritant_mix[w]), int(here.sum()))
    themes = rng.random(n)
    none, double = themes < 0.14, themes > 0.84
    typology = np.empty(n, dtype=np.int64)
    structure = np.empty(n, dtype=np.int64)
    u, v, w_, blur = rng.random(n), rng.random(n), rng.random(n), rng.random(n)
    second = np.full(n, -1)
    for k in range(n):
        p = planned[plan[k]] if plan[k] >= 0 else None
        if p is not None and p.irritant >= 0:
            irritant[k], none[k], double[k] = p.irritant, False, False
        which, cumulated = world.irritant_typologies[irritant[k]]
        t = int(which[np.searchsorted(cumulated, u[k])]) if u[k] < cumulated[-1] else int(which[-1])
        if p is not None:
            t = p.typology
            if p.irritant < 0:
                about = [i for i in range(world.ordinary) if t in world.irritant_typologies[i][0]]
                irritant[k] = about[int(w_[k] * len(about))]
        if p is None and blur[k] > 0.66:
            if blur[k] > 0.82 and len(world.catch_all):
                t = int(world.catch_all[int((blur[k] - 0.82) / 0.18 * len(world.catch_all))])
            else:
                near = world.neighbours[irritant[k]]
                which = world.irritant_typologies[near[int(w_[k] * len(near))]][0]
                t = int(which[int(u[k] * len(which))])
        typology[k] = t
        chosen = world.choices[t]
        at = min(int(np.searchsorted(chosen.cumulated, v[k])), len(chosen.structures) - 1)
        structure[k] = chosen.structures[at] if p is None or p.structure < 0 else p.structure
        if double[k]:
            near = world.neighbours[irritant[k]] if w_[k] < 0.6 else None
            second[k] = near[int(w_[k] / 0.6 * len(near))] if near is not None else int((w_[k] - 0.6) / 0.4 * world.ordinary)
            if second[k] == irritant[k]:
                second[k] = (second[k] + 1) % world.ordinary
    irritant[none] = -1
    ordinary = plan < 0
    outside = (rng.random(n) < 0.17) & ordinary
    unnamed = (rng.random(n) < 0.044) & ordinary
    outside |= unnamed

    moods = np.array([i.mood for i in world.irritants])
    mood_of = np.where((irritant >= 0)[:, None], moods[np.maximum(irritant, 0)], np.array([0.52, 0.16, 0.32]))
    years = day / 365.25
    negative = mood_of[:, 0] * (1 - 0.03 * years)
    neutral = mood_of[:, 1]
    roll = rng.random(n)
    mood = np.where(roll < negative, 0, np.where(roll < negative + neutral, 1, 2))

    replies_drawn = _reply_outcomes(world, rng, day, second_of_day, structure, mood, outside, years)
    return {
        "day": day, "second": second_of_day, "plan": plan, "irritant": irritant, "also": second, "typology": typology,
        "structure": structure, "outside": outside, "unnamed": unnamed, "mood": mood, "ordinary": ordinary,
        **replies_drawn,
    }  # fmt: skip


def _reply_at(published: Floats, delay: Floats, office_hour: Floats) -> Floats:
    """When a reply appears: in office hours of the day it falls on, never before half an hour, in days since the start."""
    moved = np.floor(published + delay) + office_hour
    return np.maximum(moved, published + 0.5 / 24)


def _reply_outcomes(
    world: World,
    rng: np.random.Generator,
    day: Ints,
    second: Ints,
    structure: Ints,
    mood: Ints,
    outside: NDArray[np.bool_],
    years: Floats,
) -> dict[str, Any]:
    """Delays, verdicts and similarities: what happens, and what would have happened without AI."""
    n = len(day)
    published = day + second / 86400
    adopted = world.adoption[structure]
    today = np.datetime64(world.start) + day
    with_ai = ~np.isnat(adopted) & (today >= adopted)
    month = (today.astype("datetime64[M]").astype(int)) % 12
    summer = np.where((month == 6) | (month == 7), 1.2, 1.0)
    mean = world.mean_days[structure] * np.exp(DRIFT * years) * summer * np.where(mood == 2, 0.8, 1.06)
    noise = np.exp(_NOISE * rng.standard_normal(n) - _NOISE**2 / 2)
    without = np.minimum(mean * noise, 420.0)
    scale = 1 - world.effect * (1 - AFTER_SHARE)
    office = rng.uniform(8.5, 18.0, n) / 24
    actual = _reply_at(published, np.where(with_ai, without * scale, without), office)
    otherwise = _reply_at(published, without, office)
    end = (world.end - world.start).days + 1
    roll = rng.random(n)
    silent = roll < world.silent[structure] + np.where(mood == 1, 0.04, 0.0)
    canned = (rng.random(n) < np.where(outside, 0.08, 0.025)) & (outside | silent | (rng.random(n) < 0.15))
    at = np.where(canned, published + rng.uniform(1.0, 40.0, n), actual)
    answered = (canned | (~outside & ~silent)) & (at < end)
    canned &= answered
    real = answered & ~canned
    touched = real & with_ai

    chance = np.clip(world.useful[structure] + 0.02 * years + np.where(mood == 2, 0.2, 0.0), 0.05, 0.88)
    luck = rng.random(n)
    useful_without = luck < chance
    useful = luck < chance + np.where(with_ai, USEFUL_GAIN * world.effect, 0.0)
    judged = answered & (rng.random(n) < np.where(canned, 0.06, 0.23))
    useful = np.where(canned, luck < 0.08, useful)
    drafted = touched & (rng.random(n) < 0.94)
    sent_as_is = rng.random(n) < 0.14
    similarity = np.where(sent_as_is, 100.0, np.clip(np.rint(100 * rng.beta(3.4, 1.5, n)), 3, 100))
    reply_day = np.datetime64(world.start) + np.floor(at).astype(np.int64)
    shown = drafted & (reply_day >= SIMILARITY_SINCE)
    verdicts = touched & judged
    return {
        "published": published, "reply": at, "answered": answered, "canned": canned, "drafted": drafted,
        "similarity": np.where(shown, similarity, -1.0).astype(np.int64), "judged": judged, "useful": useful,
        "delay_change": (float((actual - otherwise)[touched].sum()), int(touched.sum())),
        "useful_change": (int((useful.astype(int) - useful_without.astype(int))[verdicts].sum()), int(verdicts.sum())),
    }  # fmt: skip


class _Words:
    """Names of things as they are called on a given day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.network = [world.network_of[t] for t in world.typologies]

    def typology(self, number: int, day: date) -> str:
        name = self.world.typologies[number]
        change = RENAMED.get(name)
        return change[1] if change and day >= change[0] else name

    def structure(self, number: int, typology: str, day: date) -> str:
        name = self.world.structures[number].name
        change = RENAMED.get(typology)
        return renamed(name) if change and day >= change[0] else name

    def spoken(self, number: int, day: date, draw: random.Random) -> str:
        network = self.network[number]
        text = network.spoken[int(draw.random() * len(network.spoken))]
        change = RENAMED.get(network.typology)
        if change and day >= change[0] and draw.random() < 0.7:
            text = renamed(text).replace("l'France Titres", "France Titres")
        return text


def _write(
    world: World,
    lexicon: Lexicon,
    links: Mapping[str, tuple[str, str]],
    columns: dict[str, Any],
    rng: np.random.Generator,
    first_id: int,
    planned: Sequence[Planned],
) -> Chunk:
    """Find the words and format the rows."""
    source = random.Random(int(rng.integers(0, 2**62)))
    draw = source.random
    words = _Words(world)
    given = prose.random_values()
    midnight = datetime.combine(world.start, time())
    lines: list[str] = []
    truths: list[str] = []
    events: dict[int, list[int]] = {}
    written: list[tuple[int, int, str, str]] = []  # rank, day, title and text of recent reviews: copies come from them
    originals: dict[int, tuple[int, str, str]] = {}  # event: review whose text others copy
    col = {k: (v.tolist() if isinstance(v, np.ndarray) else v) for k, v in columns.items()}
    for k in range(len(col["day"])):
        review = first_id + k
        published = midnight + timedelta(days=col["day"][k], seconds=col["second"][k])
        today = published.date()
        plan = planned[col["plan"][k]] if col["plan"][k] >= 0 else None
        mood, typology, structure = col["mood"][k], col["typology"][k], col["structure"][k]
        subject = world.irritants[col["irritant"][k]] if col["irritant"][k] >= 0 else None
        also = world.irritants[col["also"][k]] if col["also"][k] >= 0 and subject is not None else None
        place = world.structures[structure].department
        national = world.structures[structure].national
        home = place if not national and draw() < 0.88 else world.places[_at(world.place_chances, draw())]
        who = words.spoken(typology, today, source)
        scene = Scene(given)
        memory = scene.memory
        memory["commune"] = home.towns[int(draw() * len(home.towns))]
        memory["dept"] = home.name
        memory["rue"] = _street(draw)
        memory["organisme"] = who
        memory["adresse"] = f"{1 + int(draw() * 90)} {_street(draw)}"
        memory["mail"] = world.structures[structure].mailbox or world.structures[0].mailbox
        memory["prenom"] = _FIRST_NAMES[int(draw() * len(_FIRST_NAMES))]
        memory["annee"] = str(today.year - 1 - int(3 * draw() ** 2))
        original = None
        if plan is not None and plan.copy and plan.event in originals:
            original, title, text = originals[plan.event]
            text = _touched(text, draw)
        elif plan is None and written and draw() < 0.009:
            original, same_day, title, text = written[int(draw() * len(written))]
            text = _touched(text, draw)
            twin = original - first_id
            for name in ("irritant", "also", "typology", "structure", "mood"):
                col[name][k] = col[name][twin]
            mood, typology, structure = col["mood"][k], col["typology"][k], col["structure"][k]
            subject = world.irritants[col["irritant"][k]] if col["irritant"][k] >= 0 else None
            also = world.irritants[col["also"][k]] if col["also"][k] >= 0 and subject is not None else None
        else:
            title = prose.title(lexicon, subject, mood, draw, scene)
            text = prose.body(lexicon, subject, also, mood, prose.style(draw), draw, scene)
            if plan is None:
                written.append((review, col["day"][k], title, text))
                if len(written) > 60:
                    written.pop(0)
        if plan is not None and plan.event >= 0:
            events.setdefault(plan.event, []).append(review)
            originals.setdefault(plan.event, (review, title, text))
        pseudonym = _pseudonym(memory["prenom"], home.code, draw)
        lines.append(
            _row(world, lexicon, links, words, col, k, review, published, midnight, plan, home, pseudonym, title, text,
                 subject, mood, who, scene, draw)
        )  # fmt: skip
        truths.append(_truth(review, subject.id if subject else None, col["drafted"][k], also.id if also else None, original))
    return Chunk(
        rows="".join(lines).encode("utf-8"),
        truth=",\n".join(truths).encode("utf-8"),
        events=events,
        delay_change=columns["delay_change"],
        useful_change=columns["useful_change"],
    )


def _at(cumulated: Floats, u: float) -> int:
    return min(int(np.searchsorted(cumulated, u)), len(cumulated) - 1)


def _truth(review: int, irritant: str | None, ai: bool, also: str | None, original: int | None) -> str:
    name = f'"{irritant}"' if irritant else "null"
    more = (f', "also": "{also}"' if also else "") + (f', "duplicate_of": {original}' if original else "")
    return f'"{review}": {{"irritant": {name}, "ai": {"true" if ai else "false"}{more}}}'


def _street(draw: Any) -> str:
    kind = ("rue", "avenue", "allée", "impasse", "place", "chemin")[int(draw() * 6)]
    name = ("des Lilas", "du Moulin", "Pasteur", "des Écoles", "de la Gare", "Jean Moulin", "du Lavoir", "des Acacias",
            "de Verdun", "Gambetta", "du Stade", "des Vignes")[int(draw() * 12)]  # fmt: skip
    return f"{kind} {name}"


def _pseudonym(name: str, code: str, draw: Any) -> str:
    form = draw()
    if form < 0.35:
        return name
    if form < 0.55:
        return f"{name}{code}"
    if form < 0.70:
        return f"{name} {'ABCDEFGHJKLMNOPRSTV'[int(draw() * 19)]}."
    if form < 0.80:
        return name.lower() + str(int(draw() * 90 + 10))
    if form < 0.92:
        return "Anonyme"
    return name.upper()


def _touched(text: str, draw: Any) -> str:
    """A text sent again: a word or two changed at its end, sometimes nothing."""
    u = draw()
    if u < 0.3:
        return text
    if u < 0.65:
        return text + (" Merci.", " Toujours pas de réponse.", " Cordialement", " Je renvoie mon message.")[int(draw() * 4)]
    return "Bonjour, " + text[:1].lower() + text[1:]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _row(
    world: World, lexicon: Lexicon, links: Mapping[str, tuple[str, str]], words: _Words, col: dict[str, Any], k: int,
    review: int, published: datetime, midnight: datetime, plan: Planned | None, home: Any, pseudonym: str, title: str,
    text: str, subject: Any, mood: int, who: str, scene: Scene, draw: Any,
) -> str:  # fmt: skip
    """One line of the file."""
    today = published.date()
    answered, canned = col["answered"][k], col["canned"][k]
    outside, unnamed = col["outside"][k], col["unnamed"][k]
    lag = next(d for d, up_to in enumerate(_LAG) if draw() < up_to or d == len(_LAG) - 1)
    written_on = today - timedelta(days=lag)
    reply_at, reply_text = "", ""
    if answered:
        reply_at = _stamp(midnight + timedelta(seconds=round(col["reply"][k] * 86400)))
        if canned:
            reply_text = replies.canned(lexicon, draw, scene)
        else:
            reply_text = replies.reply(lexicon, subject, mood, pseudonym, col["drafted"][k], links, draw, scene)
    located = plan is not None and plan.place >= 0
    if located and plan is not None:
        home = world.places[plan.place]
    located = located or draw() < 0.23
    place = (home.code, home.name, home.region_name, home.region) if located else ("", "", "", "")
    abroad = draw() < 0.05 and not located
    country = _COUNTRIES[int(draw() * len(_COUNTRIES))] if abroad else "France"
    typology = "" if unnamed else words.typology(col["typology"][k], today)
    channels = _channels(subject, draw) if draw() < 0.85 else ""
    if unnamed and draw() < 0.7:
        channels = ""
    slots = [_slot(typology, 0.11, channels, subject, home, draw)]
    extra = draw()
    other = ""
    if typology and extra < 0.094:
        number = _other_typology(world, col["typology"][k], draw)
        other = words.typology(number, today)
        slots.append(_slot(other, 0.12, _channels(subject, draw) if draw() < 0.75 else "", subject, home, draw))
    else:
        slots.append(("", "", "", "", ""))
    if other and extra < 0.017:
        slots.append(_slot(typology, 0.06, channels, subject, home, draw))
    else:
        slots.append(("", "", "", "", ""))
    structure_name = words.structure(col["structure"][k], world.typologies[col["typology"][k]], today)
    structure_id = world.structures[col["structure"][k]].id
    if outside:
        structure_id, structure_name = TRAY, TRAY_NAME
    judged = ("utile" if col["useful"][k] else "pas utile") if col["judged"][k] else ""
    similarity = str(col["similarity"][k]) if col["similarity"][k] >= 0 else ""
    liked = _few(draw, 0.02, 0.35) if answered else 0
    disliked = _few(draw, 0.06, 0.4) if answered else 0
    first = (
        structure_id, structure_name, "Réponse publiée" if answered else "En attente de réponse", reply_text, similarity,
        str(liked), str(disliked), judged,
    )  # fmt: skip
    second = ("",) * 8
    if other and draw() < 0.7:
        chosen = world.choices[world.typologies.index(world.typologies[number])]
        there = int(chosen.structures[_at(chosen.cumulated, draw())])
        name = words.structure(there, world.typologies[number], today)
        second = (world.structures[there].id, name, "En attente de réponse", "", "", "0", "0", "")
    tags = _tags(world, subject, draw) if draw() < 0.044 else ""
    action = started = done = ""
    improvement = draw() < 0.024
    if improvement and draw() < 0.25:
        action = _ACTIONS[int(draw() * len(_ACTIONS))]
        begun = min(today + timedelta(days=10 + int(draw() * 60)), world.end)
        started = begun.isoformat()
        if draw() < 0.5:
            done = min(begun + timedelta(days=20 + int(draw() * 90)), world.end).isoformat()
    posted = draw()
    values = (
        str(review), "Traitées" if answered else "A traiter",
        "Expérience avec réponse" if answered else "Expérience en attente de réponse",
        written_on.isoformat(), _stamp(published), reply_at, pseudonym, title, text,
        _POSTED[0 if posted < 0.926 else 1 if posted < 0.992 else 2], SENTIMENTS[mood], *place, country,
        _PROCEDURES[int(draw() * len(_PROCEDURES))] if draw() < 0.02 else "",
        *slots[0], *slots[1], *slots[2], "Oui" if outside else "Non", *first, *second, *(("",) * 8),
        *(_polarity(chance, shares[mood], draw) for chance, shares in _POLARITY), str(_few(draw, 0.275, 0.42)),
        "Oui" if improvement else "Non", action, done, started, tags,
    )  # fmt: skip
    return '"' + '";"'.join([v.replace('"', '""') if '"' in v else v for v in values]) + '"\r\n'


def _few(draw: Any, some: float, more: float) -> int:
    """A small count: mostly zero, then geometric."""
    if draw() >= some:
        return 0
    count = 1
    while draw() < more and count < 60:
        count += 1
    return count


def _polarity(chance: float, shares: tuple[float, float, float], draw: Any) -> str:
    if draw() >= chance:
        return ""
    u = draw()
    return "Négatif" if u < shares[0] else "Neutre" if u < shares[0] + shares[1] else "Positif"


def _channels(subject: Any, draw: Any) -> str:
    """One to three channels, likelier those of the subject."""
    count = 1 if draw() < 0.86 else 2 + int(draw() * 2)
    found: list[str] = []
    for _ in range(count):
        own = subject.channels if subject is not None and draw() < 0.35 else None
        u = draw()
        name = own[int(u * len(own))] if own else _CHANNELS[int(len(_CHANNELS) * u * u)]
        if name not in found:
            found.append(name)
    return ",".join(found)


def _slot(typology: str, postcode: float, channels: str, subject: Any, home: Any, draw: Any) -> tuple[str, ...]:
    if not typology:
        return ("", "", "", channels, "")
    code = home.postcode if draw() < postcode else ""
    return (typology, code, "France" if code or draw() < 0.05 else "", channels, "")


def _other_typology(world: World, typology: int, draw: Any) -> int:
    number = int(draw() * len(world.typologies))
    return number if number != typology else (number + 1) % len(world.typologies)


def _tags(world: World, subject: Any, draw: Any) -> str:
    """One or two business tags; agents often choose a neighbouring one."""
    if subject is None or draw() < 0.5:
        subject = world.irritants[int(draw() * world.ordinary)]
    first = subject.tags[int(draw() * len(subject.tags))]
    if draw() < 0.3:
        more = world.irritants[int(draw() * world.ordinary)].tags[0]
        return first if more == first else f"{first};{more}"
    return first
