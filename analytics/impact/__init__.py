"""What AI drafting changed: who adopted it and when, and what the delays and verdicts owe to it."""

from analytics.impact.store import adoption, estimate, estimates, report, use

__all__ = ["adoption", "estimate", "estimates", "report", "use"]
