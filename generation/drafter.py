"""A draft from end to end: route, retrieve, prompt, model, links, checks; streamed, and told in full at the end.

The rules it protects: personal data are masked before any model sees the review; a review that asks for a human gets
no draft; links are added by code, from retrieved ids only; when the model asked can't serve, the extractive one does
and the draft says so; an error is never a reply. Pages run it in their own process with the extractive model; other
models live in the worker.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from data import personal
from data.errors import VigieError
from data.warehouse import Warehouse, sql
from generation import briefing, checks, distress, institution, prompt, templates, text
from generation.briefing import Briefing
from generation.institution import Institution
from generation.models.base import Model, ModelUnavailable, Run
from generation.models.extractive import Extractive
from generation.results import Asked, Draft, Escalation, Finding, Route, Source
from generation.retrieval import Index, Question
from generation.routing import Router
from generation.templates import Template

DEFAULT_SEED = 1
SLOW_PASSAGE = 450  # characters of a source told to a model that reads slowly
_MARK = re.compile(r"[ \u00a0]?\[(\d{1,2})\]")
_NEVER = threading.Event()


class Drafter:
    """Writes drafts over one snapshot. Its index and router are shared; the model belongs to whoever opened it."""

    def __init__(self, warehouse: Warehouse, model: Model | None = None, template: Template | None = None) -> None:
        self._warehouse = warehouse
        self._index = Index(warehouse.artifacts)
        self._router = Router(warehouse.artifacts)
        self._model: Model = model or Extractive()
        self._template = template or templates.default()
        self._briefings: dict[str | None, Briefing] = {}

    @property
    def snapshot_id(self) -> str:
        """The snapshot drafts are written over."""
        return self._warehouse.snapshot.id

    def waiting(self, *, days: int, most: int, skip: int = 0) -> list[int]:
        """Ids of at most `most` unanswered reviews published in the snapshot's last `days` days, most pressing first,
        the first `skip` ones left out."""
        params = {"days": days, "most": most, "skip": skip}
        rows = self._warehouse.rows(sql(__file__, "waiting_reviews"), params)
        return [int(row[0]) for row in rows]

    def kinds(self, review_ids: list[int]) -> dict[int, tuple[str, str]]:
        """Kind of institution (typology) and institution (id) declared by each of these reviews, '' where none is."""
        rows = self._warehouse.rows(sql(__file__, "kinds_of"), {"ids": review_ids})
        return {int(id_): (typology, structure) for id_, typology, structure in rows}

    def asked(self, review_id: int) -> Asked:
        """The review `review_id` as a question. Raises VigieError when the snapshot does not hold it."""
        rows = self._warehouse.rows(sql(__file__, "asked_of"), {"id": review_id})
        if not rows:
            raise VigieError(f"aucun avis {review_id} dans les données en service")
        id_, title, body, sentiment, typology, structure_id, structure, department, outside = rows[0]
        return Asked(
            text.clean(body),
            text.clean(title),
            sentiment,
            typology,
            None if outside else structure_id,
            "" if outside else structure or "",
            department,
            id_,
        )

    def draft(self, asked: Asked, *, seed: int = DEFAULT_SEED, notice: str = "") -> Draft:
        """The whole draft at once."""
        *_, last = self.stream(asked, seed=seed, notice=notice)
        assert isinstance(last, Draft)
        return last

    def stream(
        self,
        asked: Asked,
        *,
        seed: int = DEFAULT_SEED,
        stop: threading.Event | None = None,
        notice: str = "",
        template: Template | None = None,
    ) -> Iterator[str | Draft]:
        """Pieces of the reply as they come, then the Draft, whose `reply` is the text to keep (marks taken out).

        Setting `stop` ends it early; the Draft then says `cut`. `notice` is kept on the draft (why this model serves).
        `template`: the version of the prompt for this draft, the drafter's own otherwise.
        """
        clock = _Clock()
        template = template or self._template
        masked = replace(asked, title=personal.mask(asked.title), text=personal.mask(asked.text))
        whole = f"{asked.title}\n{asked.text}"
        if escalation := distress.assess(whole):
            yield self._escalated(asked, escalation, clock, template, seed=seed, notice=notice)
            return
        route = self._router.route(
            f"{masked.title}\n{masked.text}", declared=asked.typology, department=asked.department
        )
        typology = asked.typology or route.typology
        masked = replace(masked, typology=typology)
        answering = institution.of(self._warehouse, replace(asked, typology=typology))
        clock.mark("route")
        sources = self._retrieve(masked, typology, answering)
        clock.mark("retrieve")
        run = Run(seed, stop or _NEVER)
        model = self._model
        pieces: list[str] = []
        try:
            composed = self._compose(model, masked, answering, sources, template)
            for piece in model.stream(composed, run):
                clock.first()
                pieces.append(piece)
                yield piece
        except (ModelUnavailable, prompt.TooLong) as error:
            notice = f"{error} Le brouillon a été assemblé sans modèle."
            model, run, pieces = Extractive(), Run(seed, stop or _NEVER), []
            composed = self._compose(model, masked, answering, sources, template)
            for piece in model.stream(composed, run):
                clock.first()
                pieces.append(piece)
                yield piece
        clock.mark("model")
        reply, cited = _finished("".join(pieces), composed.sources, answering)
        cut = run.finish != "stop"
        findings = checks.check(reply, composed.sources, answering, review=composed.review)
        if cut:
            end = (max(0, len(reply) - 40), len(reply))
            findings += (
                Finding("cut", "high", end, "Le brouillon s’arrête avant la fin : terminez-le ou relancez-le."),
            )
        clock.mark("checks")
        yield Draft(
            reply,
            composed.sources,
            cited,
            findings,
            None,
            route,
            model.id,
            model.sha256,
            composed.version,
            composed.messages,
            composed.parameters(),
            seed,
            {"prompt": run.prompt_tokens, "reply": run.reply_tokens},
            clock.timings(),
            notice,
            cut,
            self._warehouse.snapshot.id,
            asked.review_id,
        )

    def route(self, asked: Asked) -> Route:
        """Which kind of institution should answer."""
        masked = personal.mask(f"{asked.title}\n{asked.text}")
        return self._router.route(masked, declared=asked.typology, department=asked.department)

    def again(self, record: Mapping[str, Any]) -> str:
        """The reply of a stored draft made again, by this drafter's model, from its record alone.

        Word for word the same where the model, its weights and the machine are: a test of the trail. Raises VigieError
        when the record does not tell enough, or was an escalation.
        """
        try:
            made = prompt.Prompt.of_record(record, weight=self._index.weight, knows=self._index.knows)
        except (KeyError, TypeError):
            raise VigieError("ce brouillon a été gardé sans ce qu'il faut pour le refaire") from None
        if not made.messages:
            raise VigieError("cet avis n'a pas reçu de brouillon : il n'y a rien à refaire")
        pieces = "".join(self._model.stream(made, Run(int(record["seed"]))))
        return _finished(pieces, made.sources, made.institution)[0]

    def stale(self, record: Mapping[str, Any], asked: Asked) -> str:
        """Why a stored draft should no longer be sent, in French; '' when nothing it rests on has changed."""
        if not record.get("prompt"):
            return ""
        if record["prompt_version"] not in {one.version for one in templates.every(self._warehouse.home)}:
            return "les consignes de rédaction ont changé"
        review = record["parameters"].get("review")
        masked = replace(asked, title=personal.mask(asked.title), text=personal.mask(asked.text))
        if review is not None and review != prompt.review_of(masked):
            return "l’avis a été modifié"
        if record.get("snapshot") == self.snapshot_id:
            return ""
        cited = set(record.get("cited", ()))
        for source in record["sources"]:
            if source["id"] in cited and source["kind"] != "structure" and not self._stands(source):
                return f"une source a changé (« {source['title']} »)"
        return ""

    def _stands(self, source: Mapping[str, Any]) -> bool:
        """Whether the present data still say what a source said."""
        name = "fiche_bodies" if source["kind"] == "fiche" else "reply_bodies"
        id_, _, rank = str(source["id"]).partition("-")
        params = {"id": source["id"]} if source["kind"] == "fiche" else {"id": int(id_), "rank": int(rank or 1)}
        bodies = (text.clean(row[0]) for row in self._warehouse.rows(sql(__file__, name), params))
        said = str(source["text"])
        return any(said in body or said in personal.mask(body) for body in bodies)

    def rank_of_reply(self, asked: Asked, wanted: str, *, most: int) -> int | None:
        """Place (from 1) of the first past reply retrieved that says at least half of the telling words of `wanted`,
        None beyond `most`: for measures."""
        question = Question(personal.mask(f"{asked.title}\n{asked.text}"), asked.typology, None, asked.review_id)
        telling = {term for term in text.terms(wanted) if self._index.weight(term) > 3.0}
        found = self._index.search(question, replies=most, fiches=0)
        for place, source in enumerate(found, 1):
            if telling and len(telling & set(text.terms(source.text))) >= 0.5 * len(telling):
                return place
        return None

    def rank_of(self, asked: Asked, fiches: tuple[str, ...], *, most: int) -> int | None:
        """Place (from 1) of the first of `fiches` among the fiches retrieved, None beyond `most`: for measures."""
        question = Question(personal.mask(f"{asked.title}\n{asked.text}"), asked.typology, None, asked.review_id)
        found = self._index.search(question, replies=0, fiches=2 * most)
        ordered = list(dict.fromkeys(source.id for source in found))[:most]
        return next((place for place, id_ in enumerate(ordered, 1) if id_ in fiches), None)

    def _retrieve(self, masked: Asked, typology: str | None, answering: Institution | None) -> list[Source]:
        question = Question(
            f"{masked.title}\n{masked.text}", typology, masked.structure_id, masked.review_id, masked.without
        )
        sources = [
            replace(source, text=personal.mask(source.text)) if source.kind == "reply" else source
            for source in self._index.search(question)
            if source.near > 0 or source.same_structure
        ]
        if answering is not None and answering.id:
            sources.append(answering.source())
        return sources

    def _compose(
        self, model: Model, masked: Asked, answering: Institution | None, sources: list[Source], template: Template
    ) -> prompt.Prompt:
        reads = model.patience is not None
        return prompt.compose(
            masked,
            answering,
            sources,
            count=model.count,
            budget=model.context - prompt.REPLY_TOKENS - 64,
            passage=SLOW_PASSAGE if reads and model.context < 8_192 else 4_000,
            weight=self._index.weight,
            knows=self._index.knows,
            briefing=self._briefing(masked, answering) if reads else None,
            patience=model.patience,
            template=template,
        )

    def _briefing(self, masked: Asked, answering: Institution | None) -> Briefing:
        """What the model is told of this kind of institution; made once."""
        typology = masked.typology or (answering.typology if answering else None)
        if typology not in self._briefings:
            self._briefings[typology] = briefing.of(self._warehouse, self._index, typology)
        return self._briefings[typology].without(masked.review_id, masked.without)

    def _escalated(
        self, asked: Asked, escalation: Escalation, clock: _Clock, template: Template, *, seed: int, notice: str
    ) -> Draft:
        """No reply and no source: the page says whom to call and opens the escalation."""
        clock.mark("route")
        return Draft(
            "", (), (), (), escalation, None, self._model.id, self._model.sha256, template.version, (), {}, seed,
            {"prompt": 0, "reply": 0}, clock.timings(), notice, False, self._warehouse.snapshot.id, asked.review_id,
        )  # fmt: skip


class _Clock:
    """Seconds spent in each step."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._steps: dict[str, float] = {}

    def mark(self, step: str) -> None:
        now = time.perf_counter()
        self._steps[step] = round(now - self._last, 4)
        self._last = now

    def first(self) -> None:
        """Time from the question to the first words, once."""
        self._steps.setdefault("first", round(time.perf_counter() - self._start, 4))

    def timings(self) -> dict[str, float]:
        return {**self._steps, "total": round(time.perf_counter() - self._start, 4)}


def _finished(raw: str, sources: tuple[Source, ...], answering: Institution | None) -> tuple[str, tuple[str, ...]]:
    """The reply to keep and the ids of the sources it uses.

    A model cites sources by number: numbers become the links of fiches, set before the closing, and are taken out of
    the text. The extractive model writes the links itself: a source is used when a sentence of it stands in the reply.
    """
    numbers = [int(number) - 1 for number in _MARK.findall(raw)]
    marked = [sources[number] for number in dict.fromkeys(numbers) if 0 <= number < len(sources)]
    reply = re.sub(r"[ \t]+\n", "\n", _MARK.sub("", raw)).strip()
    links = [
        f"- {source.title} : {source.url}"
        for source in {source.id: source for source in marked if source.kind == "fiche"}.values()
        if source.url and source.url not in reply
    ]
    if links:
        block = "Pour en savoir plus :\n" + "\n".join(links)
        before, closing, after = reply.rpartition("\n\nBien cordialement")
        reply = f"{before}\n\n{block}{closing}{after}" if closing else f"{reply}\n\n{block}"
    quoted = [
        source
        for source in sources
        if (source.kind == "structure" and any(link in reply for link in source.links))
        or any(len(sentence.text) > 40 and sentence.text in reply for sentence in text.sentences(source.text))
    ]
    return reply, tuple(dict.fromkeys(source.id for source in (*marked, *quoted)))
