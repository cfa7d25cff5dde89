"""P05: what is said about the use of a model."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.p05_deployment_undeclared import deployment_undeclared
from aseptic.model import Artifact
from aseptic.testing import make_run


def messages(depth: str = "asked", files: tuple[str, ...] = (), **settings: object) -> list[str]:
    run = make_run(
        artifacts={name: Artifact(name=name, digest="0", size_bytes=1) for name in files}
    )
    report = judge(deployment_undeclared, model=object(), settings=settings, depth=depth, run=run)
    return [finding.message for finding in report.findings]


def test_a_model_that_nobody_means_to_use_is_left_alone():
    assert messages() == []
    assert messages(files=("scores.csv", "plot.png")) == []
    assert messages(deploy=3) == []


def test_a_saved_model_of_which_nothing_is_said_is_found_when_asked_only():
    said = "model.joblib was saved, but pyproject.toml does not say how the model is to be used"
    assert messages(files=("scores.csv", "model.joblib")) == [said]
    assert messages("automatic", files=("model.joblib",)) == []


def test_what_lacks_and_what_is_wrong_is_named():
    assert messages("automatic", deploy={"rate": -1, "callers": 2}) == [
        "[tool.aseptic.deploy]: rate is no positive number",
        "[tool.aseptic.deploy] does not say batch, latency_ms",
    ]
