"""The connection to Temporal, and what may go into its histories."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from settings import Settings

KEEP_ALIVE = timedelta(seconds=30)


class CodesOnlyFailureConverter(DefaultFailureConverter):
    """Writes codes into histories, never messages.

    An exception's message and its cause would reach history and logs in plain text; an address in them
    would stay there for years. Our own ApplicationErrors carry a fixed code as their message; everything
    else is reduced to its type.
    """

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """Encode, then take out what was not written by us on purpose."""
        super().to_failure(exception, payload_converter, failure)
        if not isinstance(exception, FailureError):
            failure.message = type(exception).__name__
        elif isinstance(exception, ApplicationError) and exception.type != exception.message:
            failure.message = exception.type or "error"
        failure.stack_trace = ""
        if failure.HasField("cause") and not isinstance(exception, FailureError):
            failure.ClearField("cause")


def data_converter() -> DataConverter:
    """Pydantic payloads, codes as failures."""
    return dataclasses.replace(pydantic_data_converter, failure_converter_class=CodesOnlyFailureConverter)


def runtime(settings: Settings) -> Runtime | None:
    """The SDK's runtime with its Prometheus port, where one is configured."""
    if settings.worker_metrics_port is None:
        return None
    metrics = PrometheusConfig(bind_address=f"{settings.worker_metrics_host}:{settings.worker_metrics_port}")
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client for the configured Temporal. Raises RuntimeError where it cannot be reached."""
    address = settings.temporal_address or f"127.0.0.1:{settings.temporal_port}"
    return await Client.connect(
        address,
        namespace=settings.temporal_namespace,
        api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
        tls=settings.temporal_tls,
        data_converter=data_converter(),
        runtime=runtime(settings),
        lazy=lazy,
    )
