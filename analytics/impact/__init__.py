"""What AI drafting changed: who adopted it and when, and what the delays and verdicts owe to it."""

from analytics.impact.store import estimate, report

__all__ = ["estimate", "report"]
