"""Counts failed attempts to get in, and calls that need no key, in this process: guessing and flooding are slow."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException

WRONG_KEYS = RateLimitItemPerMinute(30, namespace="keys")
# One person's mistakes, and one machine's tries at many people.
WRONG_PASSWORDS = RateLimitItemPerMinute(10, 5, namespace="passwords")
WRONG_PASSWORDS_FROM_HERE = RateLimitItemPerMinute(50, 5, namespace="sign-ins")


class Attempts:
    """Moving windows by kind and by who; forgotten when the process ends."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def failed(self, limit: RateLimitItem, who: str) -> bool:
        """Count a failure; True while that is still within the limit."""
        return self._limiter.hit(limit, who)

    def wait_s(self, limit: RateLimitItem, who: str) -> int:
        """Whole seconds until another try is permitted; 0 where it is now."""
        if self._limiter.test(limit, who):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(limit, who).reset_time - time.time()))

    def refuse(self, limit: RateLimitItem, who: str) -> None:
        """Raise 429 with Retry-After where too many tries failed."""
        seconds = self.wait_s(limit, who)
        if seconds:
            raise _too_many("failed attempts", seconds)

    def spend(self, limit: RateLimitItem, who: str) -> None:
        """Count a call that needs no key. Raises 429 with Retry-After where there were too many."""
        if not self._limiter.hit(limit, who):
            raise _too_many("requests", self.wait_s(limit, who) or 1)


def _too_many(what: str, seconds: int) -> HTTPException:
    detail = f"Too many {what}; try again in {seconds} seconds."
    return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, detail, {"retry-after": str(seconds)})
