"""What AI drafting changed: who adopted it and when, and what the delays and verdicts owe to it."""

from analytics.impact.store import adopters, estimate, estimates, report, use

__all__ = ["adopters", "estimate", "estimates", "report", "use"]
