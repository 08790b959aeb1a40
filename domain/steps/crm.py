"""`crm: {status: Demo Scheduled, summary: …}`."""

from __future__ import annotations

from domain import names
from domain.steps.base import Body, Kind


class CrmUpdate(Body):
    """The lead status (empty: it stays as it is), and a line that is appended once."""

    status: str = ""
    summary: str = ""


KIND = Kind("crm", CrmUpdate, names.CRM_STEP)
