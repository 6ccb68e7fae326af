"""All HTTP doors for shippers as one application."""

from __future__ import annotations

from starlette.applications import Starlette

from collectors.receivers.business_door import business_routes
from collectors.receivers.http import Doors, application
from collectors.receivers.kubernetes_door import kubernetes_routes
from collectors.receivers.opensearch_door import opensearch_routes
from collectors.receivers.otlp_door import otlp_routes
from collectors.receivers.prometheus_door import prometheus_routes
from collectors.receivers.sensing_door import sensing_routes


def ingest_application(doors: Doors) -> Starlette:
    """OpenSearch's dialect, OTLP, remote-write, Kubernetes' audit webhook, sensing devices, business events."""
    return application(
        [
            *otlp_routes(doors),
            *prometheus_routes(doors),
            *kubernetes_routes(doors),
            *sensing_routes(doors),
            *business_routes(doors),
            *opensearch_routes(doors),
        ]
    )
