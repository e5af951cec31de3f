"""When each structure's own reply was first seen, as far as the files loaded one after the other can tell.

The portal dates the first reply to a review, whoever made it; a second structure's reply has no date. The history of files
does: a reply came after the last file that did not show it, and no later than the first one that did. The rule it
protects: what no file can tell is not told; replies that the first file already held are left out.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

COLUMNS = ["structure_id", "name", "n", "median_least", "median_most", "p90_most"]


def by_structure(warehouse: Warehouse, filters: Filters) -> pd.DataFrame:
    """Days from publication to each structure's own reply, most replies first, with the columns of `COLUMNS`.

    `median_least` and `median_most` bound the median (the last file without the reply, the first with it), `p90_most` is
    what nine in ten do not exceed. A structure asked for is the one that replied, asked first or not. Empty while a
    single file was loaded.
    """
    found = warehouse.frame(*narrowed(sql(__file__, "first_seen"), replace(filters, structures=())))[COLUMNS]
    return found[found["structure_id"].isin(filters.structures)] if filters.structures else found
