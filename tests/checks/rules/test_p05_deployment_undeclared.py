"""P05: what is said about the use of a model."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.p05_deployment_undeclared import deployment_undeclared


def messages(depth: str = "asked", **settings: object) -> list[str]:
    report = judge(deployment_undeclared, model=object(), settings=settings, depth=depth)
    return [finding.message for finding in report.findings]


def test_nothing_said_is_found_when_asked_only():
    assert messages() == ["pyproject.toml does not say how the model is to be used"]
    assert messages("automatic") == []
    assert messages(deploy=3) == messages()


def test_what_lacks_and_what_is_wrong_is_named():
    assert messages("automatic", deploy={"rate": -1, "callers": 2}) == [
        "[tool.aseptic.deploy]: rate is no positive number",
        "[tool.aseptic.deploy] does not say batch, latency_ms",
    ]
