"""The tables of the operations store, for queries. Migrations own how they came to be; a test holds the two together.

Moments are UTC, aware in Python. JSON columns hold plain objects; the journal keeps its details as text because its
hash is taken over those very bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; stored without zone, so that both engines compare it the same way."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To naive UTC. Raises ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must say its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text a person or a model wrote; PostgreSQL refuses its NUL characters, so they are dropped on both."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Without NUL."""
        return None if value is None else value.replace("\x00", "")


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("request_id", String(32), unique=True),  # NULL: written in the page's own process
    Column("created_at", Moment, nullable=False),
    Column("requested_by", String(120), nullable=False),
    Column("instruction", Words, nullable=False),
    Column("reply", Words, nullable=False),
    Column("model", String(200), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("prompt_version", String(60), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("snapshot", String(80), nullable=False),
    Column("total_s", Float),
    Column("first_s", Float),
    Column("record", JSON, nullable=False),  # the whole draft: sources, cited, findings, route, prompt, parameters…
    Index(None, "review_id", "created_at"),
)

draft_requests = Table(
    "draft_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("typology", String(300)),  # chosen by the agent against the declared one; NULL = as routed
    Column("instruction", Words, nullable=False),
    Column("model", String(500), nullable=False),  # '' = whichever the worker serves
    Column("seed", BigInteger),
    Column("requested_by", String(120), nullable=False),
    Column("priority", Integer, nullable=False),  # higher first
    Column("state", String(12), nullable=False),  # waiting | running | done | failed | cancelled
    Column("worker", String(120)),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("heartbeat_at", Moment),
    Column("ended_at", Moment),
    Column("partial_text", Words, nullable=False),
    Column("draft_id", String(32), ForeignKey("drafts.id")),
    Column("error", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("without", JSON),  # ids of sources the agent does not want again; NULL = none
    Column("prompt", String(60), nullable=False, server_default=""),  # version asked for; '' = the one in service
    Index(None, "state", "priority", "created_at"),
    Index(None, "review_id", "created_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("review_id", BigInteger, nullable=False, unique=True),
    Column("draft_id", String(32), ForeignKey("drafts.id")),
    Column("structure_id", String(60)),
    Column("body", Words, nullable=False),
    Column("decided", String(12), nullable=False),  # as_proposed | reworked | blank
    Column("similarity", Float),  # 0-100 against the draft; NULL without a draft
    Column("characters_changed", Integer),
    Column("overrides", JSON, nullable=False),  # [{"check", "message", "reason"}]: findings set aside
    Column("regenerations", Integer, nullable=False),
    Column("sent_by", String(120), nullable=False),
    Column("opened_at", Moment),  # this one and the three below are one person's timings: NULL once forgotten
    Column("sent_at", Moment, nullable=False),
    Column("desk_s", Float),  # time at the desk, pauses left out
    Column("first_edit_at", Moment),
    Column("read_s", Float),  # presence from the draft on screen to the sending; NULL without a draft
    Column("hasty", Boolean, nullable=False, server_default="0"),  # sent faster than it can be read
    Column("sources", JSON),  # {"kept": [...], "removed": [...], "added": [...]}: ids; NULL without a draft
    Column("mention", Words, nullable=False, server_default=""),  # what says that AI helped, published after the body
    Index(None, "sent_at"),
)

desk_texts = Table(
    "desk_texts",
    metadata,
    Column("review_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(120), primary_key=True),
    Column("body", Words, nullable=False),
    Column("draft_id", String(32), ForeignKey("drafts.id")),  # the draft it began from; NULL = from blank, or none yet
    Column("started", String(8), nullable=False),  # '' nothing yet | draft | blank
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("active_s", Float, nullable=False),
    Column("closed_at", Moment),
    Column("version", Integer, nullable=False),
    Column("first_edit_at", Moment),  # first word changed by hand
    Column("begun_s", Float),  # presence when the draft came on screen
    Index(None, "person", "seen_at"),
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("review_id", BigInteger, nullable=False, unique=True),
    Column("source", String(8), nullable=False),  # agent | cues
    Column("reason", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("recipient", String(200), nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("raised_by", String(120), nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("state", String(8), nullable=False),  # open | closed
    Column("closed_by", String(120)),
    Column("closed_at", Moment),
    Column("outcome", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "state", "deadline"),
)

signal_triage = Table(
    "signal_triage",
    metadata,
    Column("signal_id", String(80), primary_key=True),
    Column("state", String(12), nullable=False),  # acknowledged | forwarded | answered | closed | false_alarm
    Column("note", Words, nullable=False),
    Column("decided_by", String(120), nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("detector", String(12), nullable=False, server_default=""),
    Column("score", Float),  # reviews beyond what was expected, when it was decided
)

signal_messages = Table(
    "signal_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("signal_id", String(80), nullable=False),
    Column("recipient", String(200), nullable=False),
    Column("subject", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("sent", Boolean, nullable=False),  # by SMTP; false: taken away as a file
    Column("sent_by", String(120), nullable=False),
    Column("sent_at", Moment, nullable=False),
    Index(None, "signal_id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(120), nullable=False),
    Column("address", String(200), nullable=False),
    Column("institution", String(300)),
    Column("department", String(3)),
    Column("irritant", Integer),
    Column("instant", Boolean, nullable=False),
    Column("delays", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Index(None, "person"),
)

subscription_sent = Table(
    "subscription_sent",
    metadata,
    Column("subscription_id", String(32), ForeignKey("subscriptions.id"), primary_key=True),
    Column("signal_id", String(80), primary_key=True),
    Column("at", Moment, nullable=False),
)

topic_edits = Table(  # what people changed in the reference of irritants; an edit is in force until undone
    "topic_edits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),  # label | merge | hide | split
    Column("irritant", Integer, nullable=False),
    Column("label", Words, nullable=False),  # of a label or a split; '' otherwise
    Column("target", Integer),  # merge: the irritant it joins; split: the id of the new irritant
    Column("subjects", JSON, nullable=False),  # split: the fine subjects taken out
    Column("reason", Words, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("undone_by", String(120)),
    Column("undone_at", Moment),
    Index(None, "made_at"),
)

irritant_actions = Table(
    "irritant_actions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("irritant", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("state", String(8), nullable=False),  # planned | started | done | dropped
    Column("due_on", Date),
    Column("started_on", Date),
    Column("done_on", Date),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "irritant"),
)

watched_subjects = Table(
    "watched_subjects",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("label", Words, nullable=False),
    Column("expressions", JSON, nullable=False),  # any of them makes a review belong; each holds words, all needed
    Column("created_by", String(120), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("version", Integer, nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(120), nullable=False),
    Column("page", String(60), nullable=False),  # slug
    Column("name", Words, nullable=False),
    Column("parameters", JSON, nullable=False),  # of the address
    Column("created_at", Moment, nullable=False),
    Index(None, "person", "page"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("draft_id", String(32), ForeignKey("drafts.id"), primary_key=True),
    Column("person", String(120), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("comment", Words, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("review_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(120), nullable=False),  # who is to answer; '' = given back to everyone
    Column("assigned_by", String(120), nullable=False),
    Column("at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "person"),
)

structure_settings = Table(
    "structure_settings",
    metadata,
    Column("structure_id", String(60), primary_key=True),
    Column("target_days", Integer),  # NULL = the setting of the product
    Column("mention", Boolean, nullable=False),  # whether replies say that AI helped
    Column("set_by", String(120), nullable=False),
    Column("set_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)

returns = Table(
    "returns",
    metadata,
    Column("reply_id", String(32), ForeignKey("replies.id"), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("draft_id", String(32), ForeignKey("drafts.id")),
    Column("author_verdict", String(12), nullable=False),  # 'utile' | 'pas utile' | ''
    Column("useful_votes", Integer, nullable=False),
    Column("useless_votes", Integer, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("snapshot", String(80), nullable=False),
    Column("cause", String(20), nullable=False),  # why it was of no use, as a lead sees it; '' = nobody said yet
    Column("note", Words, nullable=False),
    Column("withheld", Boolean, nullable=False),  # never a source for another reply
    Column("explained_by", String(120)),
    Column("explained_at", Moment),
    Column("version", Integer, nullable=False),
)

rereadings = Table(
    "rereadings",
    metadata,
    Column("reply_id", String(32), ForeignKey("replies.id"), primary_key=True),
    Column("review_id", BigInteger, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("note", Words, nullable=False),
    Column("read_by", String(120), nullable=False),
    Column("read_at", Moment, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("reply_id", String(32), ForeignKey("replies.id"), primary_key=True),
    Column("state", String(10), nullable=False),  # waiting | delivered | failed
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("error", Words, nullable=False),
    Index(None, "state", "next_at"),
)

timings = Table(  # what is left of timings once the persons are forgotten
    "timings",
    metadata,
    Column("month", String(7), primary_key=True),  # '2026-11'
    Column("structure_id", String(60), primary_key=True),  # '' = none
    Column("replies", Integer, nullable=False),
    Column("desk_s", Float, nullable=False),  # sum
    Column("hasty", Integer, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("model", String(200), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("notice", Words, nullable=False),  # why another model than the one set serves; '' otherwise
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("stopped_at", Moment),
)

adoption_days = Table(
    "adoption_days",
    metadata,
    Column("structure_id", String(60), primary_key=True),
    Column("adopted_on", Date, nullable=False),
    Column("declared_by", String(120), nullable=False),
    Column("declared_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),  # pilot | models | prompts
    Column("arms", JSON, nullable=False),
    Column("started_by", String(120), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("model", String(200), nullable=False, server_default=""),  # that both prompts are read by; '' otherwise
)

trial_reviews = Table(
    "trial_reviews",
    metadata,
    Column("trial_id", String(32), ForeignKey("trials.id"), primary_key=True),
    Column("review_id", BigInteger, primary_key=True, autoincrement=False),
    Column("arm", String(500), nullable=False),
    Column("at", Moment, nullable=False),
)

model_reports = Table(
    "model_reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(12), nullable=False),  # self_test | measures
    Column("model", String(200), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("prompt_version", String(60), nullable=False),
    Column("snapshot", String(120), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("body", JSON, nullable=False),
    Index(None, "kind", "made_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("object_id", String(80), nullable=False),
    Column("review_id", BigInteger),
    Column("details", Text, nullable=False),  # canonical JSON
    Column("key", String(200), nullable=False, unique=True),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "review_id"),
    Index(None, "actor", "at"),
)

journal_head = Table(  # one row: the lock that orders writers, and what tells a journal cut at its end
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
