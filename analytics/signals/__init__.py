"""Weak signals: what starts to go wrong, where, how sure we are, and who must be told.

`engine.detect` finds them (batch), `record` reads those a refresh has published (pages).
"""

from analytics.signals.engine import Found, detect
from analytics.signals.record import Owner, Scope, Signal, evolution, one, published

__all__ = ["Found", "Owner", "Scope", "Signal", "detect", "evolution", "one", "published"]
