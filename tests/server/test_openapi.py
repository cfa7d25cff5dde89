"""The OpenAPI document, held to by schemathesis: what it generates is answered as it says."""

from __future__ import annotations

import json

import msgspec
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    positive_data_acceptance,
    unsupported_method,
)

from aseptic.server.openapi import document
from aseptic.testing import make_finding, record_run

schema = schemathesis.openapi.from_dict(document())


def test_the_document_is_served(server):
    assert server.get("openapi.json") == json.loads(msgspec.json.encode(document()))


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_asked_is_answered_as_the_document_says(case, server):
    """No exception of ours, no status and no body that the document does not have."""
    store = server.store()
    if not store.fingerprint().get(""):
        record_run(store, series={"loss": [1.0, 0.5]}, findings=(make_finding(),), acc=0.9)
        store.fold()
    # A query and a sort key are texts in a grammar of their own, which the document cannot tell.
    also = [positive_data_acceptance] if case.path == "/runs" else []
    case.call_and_validate(
        base_url=f"{server.base}/aseptic/api",
        headers={"Authorization": f"token {server.token}"},
        # Jupyter answers who has no token with 403, and a method that is not there by its own page.
        excluded_checks=[missing_required_header, ignored_auth, unsupported_method, *also],
    )
