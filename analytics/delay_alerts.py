"""What leads who asked for it are told of delays: replies that will be late this week, structures that left their own pace.

The rule it protects: an announcement says how often such announcements came true, and the same drift is told once in four
weeks, not at each run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from babel.numbers import format_decimal

from analytics import delays, supervision, waits
from analytics.board import RECENT
from analytics.supervision import Drift, Stock
from data.filters import Filters
from data.operations.subscriptions import Subscription
from data.warehouse import Warehouse

_NAMED = 5  # structures named in a message


@dataclass(frozen=True)
class Alert:
    """One thing to tell; its id changes when it is worth telling again."""

    id: str
    text: str


def asked(wish: Subscription, structures: Mapping[str, tuple[str | None, str | None]]) -> Filters:
    """The reviews a subscription is about. `structures` gives the network and typology of each structure id."""
    institution = (wish.institution,) if wish.institution is not None else ()
    networks = {network for network, _ in structures.values()}
    return Filters(
        structures=institution if wish.institution in structures else (),
        networks=institution if wish.institution in networks else (),
        typologies=() if wish.institution in structures or wish.institution in networks else institution,
        departments=(wish.department,) if wish.department is not None else (),
        irritants=(wish.irritant,) if wish.irritant is not None else (),
    )


def of(warehouse: Warehouse, filters: Filters, target: int | None = None) -> list[Alert]:
    """What is worth telling of a selection as of the last publication day; `target` in days, the setting by default.

    Nothing when the file dates no reply.
    """
    if not np.any(waits.of(warehouse).replied_day >= 0):
        return []
    days = delays.target_of(target)
    stock = supervision.stock(warehouse, filters, days)
    found = [] if not stock.by_structure["likely"].sum() else [_late(stock, days)]
    block = stock.day.toordinal() // RECENT
    return found + [_drift(drift, block) for drift in supervision.drifting(warehouse, filters)]


def _late(stock: Stock, target: int) -> Alert:
    likely = stock.by_structure[stock.by_structure["likely"] > 0].sort_values("likely", ascending=False)
    total = int(likely["likely"].sum())
    lines = [f"{total} avis passeront sans doute l'objectif de {target} jours d'ici une semaine, si rien ne change :"]
    for row in likely.head(_NAMED).to_dict("records"):
        lines.append(f"  {row['name'] or 'Structure non précisée'} : {row['likely']} (déjà en retard : {row['late']})")
    if len(likely) > _NAMED:
        lines.append(f"  et {len(likely) - _NAMED} autres structures.")
    rate = stock.track.hit_rate
    if rate is not None:
        lines.append(f"  Ces {stock.track.weeks} dernières semaines, de telles annonces se sont vérifiées {100 * rate:.0f} fois sur 100.")  # fmt: skip
    week = stock.day.isocalendar()
    return Alert(f"late:{week.year}-W{week.week:02d}", "\n".join(lines))


def _drift(drift: Drift, block: int) -> Alert:
    expected = format_decimal(round(drift.expected, 1), locale="fr_FR")
    how = "répond moins" if drift.slower else "répond plus"
    text = f"{drift.name} {how} que son propre passé ne l'annonce : {drift.replies} réponses en quatre semaines, {expected} attendues."
    return Alert(f"drift:{block}:{drift.structure_id}"[:80], text)
