"""How our errors leave an activity: as a code. Messages may hold personal data and stay here."""

from __future__ import annotations

from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import PerennialError, ProviderError
from providers.rendering.errors import TemplateError

log = structlog.get_logger("activities")


class CodesOnly(Interceptor):
    """Turns every exception of an activity into an ApplicationError that carries a fixed code and nothing else.

    A failed activity's message and its cause reach the workflow's history and the worker's log in plain
    text: an address or a token in them would stay there for years.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Wrap the next interceptor."""
        return _CodesOnly(next)


class _CodesOnly(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's signature
        try:
            return await super().execute_activity(input)
        except ApplicationError:
            raise
        except ProviderError as error:
            raise ApplicationError(
                error.code, type=error.code, non_retryable=error.final, next_retry_delay=error.retry_after
            ) from None
        except TemplateError as error:
            log.error("template_fails", file=error.file, line=error.line)  # noqa: TRY400 - where, not a traceback
            raise ApplicationError(error.code, type=error.code) from None
        except PerennialError as error:
            raise ApplicationError(error.code, type=error.code) from None
        except Exception as error:  # noqa: BLE001 - anything else is a bug or an outage: retried, and told by its kind
            info, kind = activity.info(), type(error).__name__
            # Not log.exception: a traceback may hold what the person wrote.
            log.error("activity_failed", activity=info.activity_type, attempt=info.attempt, kind=kind)  # noqa: TRY400
            raise ApplicationError("internal", type=type(error).__name__) from None
