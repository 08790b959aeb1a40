"""Why something on this machine could not be started."""

from __future__ import annotations

from domain.errors import PerennialError


class CannotStart(PerennialError):
    """One sentence for the person at the terminal, saying what to do. It holds no secret."""

    code = "cannot_start"
