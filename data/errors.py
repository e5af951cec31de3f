"""Errors a person reads. Each message is one clear line of French that says what to do next: commands print it, pages show it."""

from __future__ import annotations


class VigieError(Exception):
    """The work failed for a reason its reader can act on: commands print it on one line and exit 1."""


class NoSnapshot(VigieError):
    """No data was loaded yet: the reader must ingest a file or prepare the demo."""


class NotRefreshed(VigieError):
    """The snapshot was only ingested: what derives from it comes with the next `python -m refresh`."""


class BadFile(VigieError):
    """A file given by the user can't be read as what it should be; the previous snapshot still serves."""


class QueryTimeout(VigieError):
    """A query went over its time budget and was interrupted; the reader should narrow the question."""
