"""The errors that cross a boundary, each with a code that is safe to log and to keep in a history."""

from __future__ import annotations

from datetime import timedelta


class PerennialError(Exception):
    """Root of our own errors. `code` is a fixed word; the message is for a person and may be shown."""

    code = "error"
    status = 500


class Invalid(PerennialError):
    """What was given cannot be used; `field` names where. HTTP 422."""

    code = "invalid"
    status = 422

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(PerennialError):
    """There is no such thing. HTTP 404."""

    code = "not_found"
    status = 404


class Conflict(PerennialError):
    """Somebody or something was first. HTTP 409."""

    code = "conflict"
    status = 409


class Erased(PerennialError):
    """It is about somebody whose data was erased, and not their own new act. HTTP 409."""

    code = "erased"
    status = 409


class NotDurable(PerennialError):
    """It could not be committed now; the sender should try again. HTTP 503 with Retry-After."""

    code = "not_durable"
    status = 503


# Permanent for the vendor, but ours to mend: a wrong key must not lose a single message. Waited out, and told.
OURS_TO_MEND = frozenset({"unauthorized", "misconfigured", "no_quota"})


class ProviderError(PerennialError):
    """A vendor did not do what it was asked.

    `permanent`: asking again cannot help (a refused address, a wrong key). `retry_after`: the vendor's
    own wish. `refused`: the vendor answered and definitely did not act, so that the same request may be
    made again; False when nobody can know (a connection that broke after the request was sent).
    `code` is a short fixed word such as `rate_limited`, `rejected`, `unreachable`; it is the only part
    that reaches a history. The message may hold what the vendor said and stays in the database.
    """

    status = 502

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        permanent: bool = False,
        refused: bool = True,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.permanent = permanent
        self.refused = refused
        self.retry_after = retry_after

    @property
    def final(self) -> bool:
        """Whether this request can never succeed, whatever is mended on our side."""
        return self.permanent and self.code not in OURS_TO_MEND
