"""Every table, imported once so that the metadata is whole (migrations, tests)."""

from __future__ import annotations

from sqlmodel import SQLModel

from store import access, bookings, carts, contacts, events, journeys, local, messages, orders, reviews

MODULES = (access, bookings, carts, contacts, events, journeys, local, messages, orders, reviews)
metadata = SQLModel.metadata
