"""What AI drafting changed: who adopted it and when, and what the delays and verdicts owe to it."""

from analytics.impact.store import adopted_on, adopters, estimate, estimates, report, use

__all__ = ["adopted_on", "adopters", "estimate", "estimates", "report", "use"]
