"""How long a day of the stories lasts: two seconds, and more where the machine is slow or has other work."""

from __future__ import annotations

import time
from functools import cache

SHORTEST_S, LONGEST_S = 2.0, 5.0
# A fixed piece of work, and within what time two cores that have not much else to do are through with it.
ROUNDS, USUAL_S = 40_000_000, 1.2


@cache
def day_s() -> float:
    """Real seconds of a day, found out once a run.

    The stories are about which mail comes on which day. Where everything takes four times as long, mails are days late,
    and what would come too late is rightly left out: that is another story.
    """
    began_s = time.perf_counter()
    for _ in range(ROUNDS):
        pass
    slowness = (time.perf_counter() - began_s) / USUAL_S
    return round(min(max(SHORTEST_S, SHORTEST_S * slowness), LONGEST_S), 1)
