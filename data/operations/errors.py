"""What the operations store refuses, in French: pages show these lines as they are."""

from __future__ import annotations

from data.errors import VigieError


class Refused(VigieError):
    """The store does not allow it: the line says why and what to do."""


class Conflict(Refused):
    """Somebody, or another tab, changed the same thing meanwhile: read it again, then decide."""
