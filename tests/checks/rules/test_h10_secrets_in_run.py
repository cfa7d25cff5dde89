# ruff: noqa: RUF001 - the quotes round what was removed
"""H10: secrets and personal data, named by kind and place only."""

from __future__ import annotations

import time

from tests.checks.examples import judge

from aseptic.checks.rules.h10_secrets_in_run import secrets_in_run
from aseptic.model import ColumnSchema, DataInput, Outputs
from aseptic.testing import make_run

TOKEN = "ghp_" + "a1B2" * 9


def findings(**fields: object) -> list[tuple[str, str]]:
    report = judge(secrets_in_run, run=make_run(**fields))
    assert TOKEN not in repr(report)
    return [(finding.severity, finding.message) for finding in report.findings]


def test_a_secret_is_found_where_it_was_and_where_it_was_removed():
    expected = [("warning", "a secret (GitHub token) was in the run's code")]
    assert findings(source=f"x = 1\nt = '{TOKEN}'") == expected
    assert findings(source="x = 1\nt = '‹removed: GitHub token›'") == expected


def test_output_and_params_are_looked_at():
    ((_, message),) = findings(
        outputs=Outputs(stdout=f"using {TOKEN}"), params={"login": f"{TOKEN}"}
    )
    assert message == (
        "a secret (GitHub token) was in the output (stdout), the param login, 2 times"
    )


def test_several_addresses_in_an_output_are_information_and_one_contact_is_none():
    rows = "\n".join(f"{place} user{place}@mail.se" for place in range(5))
    assert findings(outputs=Outputs(result=rows)) == [
        ("info", "personal data (e-mail address) was in the output (result), 5 times")
    ]
    assert findings(source="# written by ada@mail.se\nx = 1") == []
    example = "\n".join(f"{place}@example.com" for place in range(5))
    assert findings(outputs=Outputs(result=example)) == []


def test_an_iban_is_known_by_its_check_digits():
    assert findings(outputs=Outputs(stdout="DE89 3704 0044 0532 0130 00"))[0][0] == "info"
    assert findings(outputs=Outputs(stdout="DE88 3704 0044 0532 0130 00")) == []


def test_card_numbers_are_known_by_theirs():
    cards = "4111 1111 1111 1111\n5500 0000 0000 0004\n4012-8888-8888-1881"
    assert findings(outputs=Outputs(stdout=cards))[0][0] == "info"
    assert findings(outputs=Outputs(stdout="4111 1111 1111 1112\n" * 3)) == []


def test_columns_about_persons_are_information():
    columns = [ColumnSchema(name=name, dtype="str") for name in ("Date of birth", "E-Mail", "age")]
    data = DataInput(name="df", kind="dataframe", digest="ab", columns=tuple(columns))
    assert findings(data_inputs={"df": data}) == [
        ("info", "df has columns about persons: Date of birth, E-Mail")
    ]


def test_numbers_and_metrics_in_an_output_are_clean():
    text = "epoch 1 loss 0.3123 acc 0.97 tokens 4096 4111.1111 [1234 5678 9012 3456]\n" * 50
    assert findings(outputs=Outputs(stdout=text)) == []


def test_a_long_output_takes_no_long_time():
    def seconds(times):
        run = make_run(outputs=Outputs(stdout="a.b+c-" * times))
        started = time.perf_counter()
        judge(secrets_in_run, run=run)
        return time.perf_counter() - started

    seconds(1)
    few = min(seconds(40_000) for _ in range(3))
    assert seconds(400_000) < 60 * few  # 100 times as long where it goes with the square
