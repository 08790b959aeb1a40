"""Forgetting a person: whether what runs for them has ended, vendors, rows."""

from __future__ import annotations

from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.beating import beating
from domain import names
from domain.erasure import DONE, ERASED, refused
from domain.errors import ProviderError
from providers.protocols import Crm, Platform
from store.db import Database
from store.erasures import Answer, addresses_of, finish, workflows_of
from workflows.erasure import Deleted, Ended, EndedRequest, ErasureResult, RowsRequest, VendorRequest

UNANSWERED = "no_answer"


class ErasureActivities:
    """One CRM, one platform."""

    def __init__(self, db: Database, crm: Crm, platform: Platform) -> None:
        self._db, self._crm, self._platform = db, crm, platform

    @activity.defn(name=names.ERASE_ENDED)
    async def ended(self, request: EndedRequest) -> Ended:
        """How many of the person's workflows still run.

        Those that the rows know of are asked one by one, since Temporal's list may be some seconds old; the list adds
        whatever else carries the person's id.
        """
        async with self._db.transaction() as tx:
            ids = await workflows_of(tx, request.contact_id)
        client = activity.client()
        listed = client.list_workflows(f"ContactId = '{request.contact_id}' AND ExecutionStatus = 'Running'")
        running = {one for one in ids if await _runs(client, one)} | {one.id async for one in listed}
        if request.insist:
            for one in running:
                await client.get_workflow_handle(one).terminate(reason=ERASED)
        return Ended(running=len(running))

    @activity.defn(name=names.ERASE_CRM)
    async def crm(self, request: VendorRequest) -> Deleted:
        """Every record under one of their addresses."""
        return await self._delete(self._crm, request)

    @activity.defn(name=names.ERASE_PLATFORM)
    async def platform(self, request: VendorRequest) -> Deleted:
        """Every record under one of their addresses."""
        return await self._delete(self._platform, request)

    @activity.defn(name=names.ERASE_ROWS)
    async def rows(self, request: RowsRequest) -> ErasureResult:
        """Everything that is left here, in one transaction with the proof."""
        answers = [Answer(one.vendor, one.outcome) for one in request.vendors]
        async with beating(), self._db.transaction() as tx:
            proof = await finish(tx, request.erasure_id, request.contact_id, answers)
        return ErasureResult(rows=sum(proof.rows.values()), refused=sum(one.outcome != DONE for one in answers))

    async def _delete(self, vendor: Crm | Platform, request: VendorRequest) -> Deleted:
        """A vendor that refuses one address for good is asked about the others all the same."""
        if request.give_up:
            return Deleted(vendor=vendor.name, outcome=refused(UNANSWERED))
        outcome = DONE
        for email in await self._addresses(request.contact_id):
            try:
                await vendor.erase(email)
            except ProviderError as error:
                if not error.final:
                    raise
                outcome = refused(error.code)
        return Deleted(vendor=vendor.name, outcome=outcome)

    async def _addresses(self, contact_id: UUID) -> list[str]:
        async with self._db.transaction() as tx:
            return await addresses_of(tx, contact_id)


async def _runs(client: Client, workflow_id: str) -> bool:
    try:
        found = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return found.status is WorkflowExecutionStatus.RUNNING
