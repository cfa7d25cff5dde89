# ruff: noqa: RUF001  # multiplication and minus signs are what people read
"""What is said to differ between runs, and which way is better."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from aseptic.code_diff import changed_lines, diff_lines
from aseptic.comparison import (
    Delta,
    delta,
    diff,
    differing,
    main_metric,
    take,
    what_changed,
)
from aseptic.contract import Change, DiffLine
from aseptic.model import (
    Cell,
    ColumnSchema,
    DataInput,
    Environment,
    GitState,
    Metric,
    Origin,
    Param,
    ParamUse,
    Run,
)
from aseptic.store.base import RunColumns
from aseptic.testing import make_run

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
NAN = float("nan")


def run_with(run_id="a", **fields) -> Run:
    return make_run(run_id=run_id * 16, name=f"run-{run_id}", **fields)


def params(how="assigned", **values) -> dict[str, Param]:
    return {
        name: Param(name=name, uses=(ParamUse(value=value, origin=Origin(how=how)),))
        for name, value in values.items()
    }


def metrics(**values) -> dict[str, Metric]:
    return {name: Metric(name=name, value=value) for name, value in values.items()}


def data(*inputs: DataInput) -> dict[str, DataInput]:
    return {one.name: one for one in inputs}


def table(name="X", digest="d1", shape=(3, 2), **fields) -> DataInput:
    return DataInput(name=name, kind="dataframe", digest=digest, shape=shape, **fields)


def cell(order, source, *, reads=(), writes=(), **fields) -> Cell:
    return Cell(
        order=order,
        source=source,
        reads=reads,
        writes=writes,
        status="ok",
        started_at=NOON,
        **fields,
    )


def section(kind, before: Run, after: Run):
    return next(one for one in diff(before, after).sections if one.kind == kind)


def columns(**groups) -> RunColumns:
    count = max(
        len(v) for group in groups.values() for v in group.values() if group != "directions"
    )
    empty = {"fields": {}, "params": {}, "metrics": {}, "data": {}, "directions": {}}
    return RunColumns(run_ids=[f"{i:016x}" for i in range(count)], **{**empty, **groups})


def test_what_matters_most_comes_first():
    kinds = [one.kind for one in diff(run_with("a"), run_with("b")).sections]
    assert kinds == ["data", "params", "code", "environment", "git", "metrics"]


# -- params -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"), [(1, 1.0), (1, True), (0.0, -0.0), ("1", 1), (None, 0), ((1, 2), (1, 2.0))]
)
def test_values_that_only_look_alike_differ(before, after):
    told = section("params", run_with(params=params(p=before)), run_with(params=params(p=after)))
    assert told.changes == [Change(name="p", kind="changed", before=before, after=after)]


@pytest.mark.parametrize("value", [NAN, (1, NAN), {"a": 1, "b": [2]}, "x", None])
def test_a_value_equals_itself_also_when_it_is_nan(value):
    told = section("params", run_with(params=params(p=value)), run_with(params=params(p=value)))
    assert (told.changes, told.same) == ([], 1)


def test_a_param_that_only_one_run_has_is_added_or_removed():
    told = section("params", run_with(params=params(a=1, b=2)), run_with(params=params(b=2, c=3)))
    assert told.changes == [
        Change(name="c", kind="added", after=3),
        Change(name="a", kind="removed", before=1),
    ]
    assert told.same == 1


def test_what_a_person_set_comes_before_what_a_library_filled_in():
    before = run_with(params={**params("estimator", svc__C=1), **params(C=1)})
    after = run_with(params={**params("estimator", svc__C=2), **params(C=2)})
    assert [one.name for one in section("params", before, after).changes] == ["C", "svc__C"]


def test_a_param_used_with_two_values_is_not_the_same_as_one_tuple():
    uses = tuple(ParamUse(value=value, origin=Origin(how="assigned")) for value in (1, 2))
    two = run_with(params={"p": Param(name="p", uses=uses)})
    told = section("params", run_with(params=params(p=(1, 2))), two)
    assert [one.note for one in told.changes] == ["1 → 2 values in one run"]


# -- data ---------------------------------------------------------------------------------------


def test_data_with_another_digest_differs_and_says_in_what():
    schema = (ColumnSchema(name="a", dtype="int64"), ColumnSchema(name="b", dtype="int64"))
    retyped = (ColumnSchema(name="a", dtype="float64"), ColumnSchema(name="c", dtype="int64"))
    before = run_with(data_inputs=data(table(columns=schema)))
    after = run_with(data_inputs=data(table(digest="d2", shape=(4, 2), columns=retyped)))
    (change,) = section("data", before, after).changes
    assert (change.before, change.after) == ("d1", "d2")
    assert change.note == "3 × 2 → 4 × 2, column c added, column b removed, a int64 → float64"


def test_the_column_whose_statistics_moved_is_named():
    before = table(columns=(ColumnSchema(name="a", dtype="int64", mean=1.0),))
    after = table(digest="d2", columns=(ColumnSchema(name="a", dtype="int64", mean=2.0),))
    told = section("data", run_with(data_inputs=data(before)), run_with(data_inputs=data(after)))
    assert [one.note for one in told.changes] == ["column a changed"]


def test_swapped_rows_are_a_difference_of_values_or_order():
    told = section(
        "data",
        run_with(data_inputs=data(table())),
        run_with(data_inputs=data(table(digest="d2"))),
    )
    assert [one.note for one in told.changes] == ["same shape, other values or another order"]


def test_data_without_a_digest_is_neither_the_same_nor_different():
    unknown = DataInput(name="q", kind="query", reason="the server gives no version")
    before, after = run_with(data_inputs=data(unknown)), run_with(data_inputs=data(unknown))
    told = section("data", before, after)
    assert (told.changes, told.same) == ([], 0)
    assert told.note == "q cannot be compared: the server gives no version"


def test_data_under_a_new_name_is_recognised_by_its_content():
    before, after = run_with(data_inputs=data(table("X"))), run_with(data_inputs=data(table("Z")))
    notes = {one.name: one.note for one in section("data", before, after).changes}
    assert notes == {"Z": "same content as X", "X": "same content as Z"}


# -- code ---------------------------------------------------------------------------------------


def test_like_lines_stand_side_by_side_and_the_others_alone():
    before = "a = 1\nclf = SVC(C=1)\nfit(clf)"
    after = "a = 1\nimport pipeline\nclf = SVC(C=2)\nfit(clf)"
    assert diff_lines(before, after) == [
        DiffLine(kind="same", before_line=1, after_line=1, before="a = 1", after="a = 1"),
        DiffLine(kind="added", after_line=2, after="import pipeline"),
        DiffLine(
            kind="changed", before_line=2, after_line=3, before="clf = SVC(C=1)",
            after="clf = SVC(C=2)",
        ),
        DiffLine(kind="same", before_line=3, after_line=4, before="fit(clf)", after="fit(clf)"),
    ]  # fmt: skip


def test_equal_lines_far_from_a_change_are_one_skipped_row():
    before = "\n".join(f"line{i}" for i in range(20))
    kinds = [row.kind for row in diff_lines(before, before.replace("line10", "other words"))]
    assert kinds == [
        "skipped", "same", "same", "same", "removed", "added", "same", "same", "same", "skipped",
    ]  # fmt: skip


def test_every_line_of_both_texts_is_in_a_whole_diff():
    before = "\n".join(f"{'abc'[i % 3]}{i}" for i in range(60))
    after = "\n".join(f"{'abd'[i % 3]}{i // 2}" for i in range(50))
    rows = diff_lines(before, after, context=100)
    assert "\n".join(row.before for row in rows if row.before is not None) == before
    assert "\n".join(row.after for row in rows if row.after is not None) == after
    assert [row.before_line for row in rows if row.before_line] == list(range(1, 61))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [("a", "b", "+1 −1 lines"), ("a", "a\nb", "+1 line"), ("a\nb\nc", "c", "−2 lines")],
)
def test_changed_lines_are_counted_in_words(before, after, words):
    assert str(changed_lines(before, after)) == words


def test_a_new_name_on_the_track_line_is_no_change_of_code():
    before, after = run_with(source="%%track one\nx = 1"), run_with(source="%%track two\nx = 1")
    assert section("code", before, after).lines == []
    assert what_changed(before, after) == []


def test_earlier_cells_that_the_run_reads_are_compared_and_others_are_not():
    def session(run_id, *, load, other):
        cells = (
            cell(1, load, writes=("X",), cell_id="load"),
            cell(2, other, writes=("unused",), cell_id="other"),
            cell(3, "X2 = scale(X)", reads=("X",), writes=("X2",), cell_id="scale"),
            cell(4, "fit(X2)", reads=("X2",), run_id=run_id * 16, cell_id="fit"),
        )
        return run_with(run_id, source="fit(X2)", cells=cells)

    told = section(
        "code",
        session("a", load="X = load(1)", other="unused = 1"),
        session("b", load="X = load(2)", other="unused = 2"),
    )
    assert [(one.name, one.note) for one in told.changes] == [("cell 1", "+1 −1 lines")]
    assert told.lines[0] == DiffLine(kind="skipped", before="cell 1", after="cell 1")
    assert told.same == 2


def test_the_short_form_leaves_out_code_that_only_sets_params():
    before = run_with(source="C = 1.0\nfit(C)", params=params(C=1.0))
    after = run_with(source="C = 10.0  # more\nfit(C)", params=params(C=10.0))
    assert what_changed(before, after) == [Change(name="C", kind="changed", before=1.0, after=10.0)]


def test_the_short_form_leaves_out_code_whose_constants_are_the_params_that_changed():
    before = run_with(source="train(0.1, hidden=-8)", params=params(lr=0.1, hidden=-8))
    after = run_with(source="train(0.2, hidden=-4)", params=params(lr=0.2, hidden=-4))
    assert [change.name for change in what_changed(before, after)] == ["lr", "hidden"]


def test_the_short_form_counts_a_changed_constant_that_is_no_param():
    before = run_with(source="train(0.1, X[:100])", params=params(lr=0.1))
    after = run_with(source="train(0.1, X[:200])", params=params(lr=0.1))
    assert what_changed(before, after) == [Change(name="code", kind="changed", note="+1 −1 lines")]


@pytest.mark.parametrize(
    "line", ["other = 3", "C = f()", "fit(C, 2)", "C = 1; print(C)", "if True:", "C.x = 1"]
)
def test_the_short_form_counts_all_other_code(line):
    before = run_with(source="fit(C)", params=params(C=1.0))
    after = run_with(source=f"fit(C)\n{line}", params=params(C=1.0))
    assert what_changed(before, after) == [Change(name="code", kind="changed", note="+1 line")]


# -- environment, git, metrics ------------------------------------------------------------------


def test_only_packages_that_differ_are_told():
    before = Environment(python="3.11", packages={"numpy": "1.26", "pandas": "2.2"})
    after = Environment(python="3.11", packages={"numpy": "2.0", "pandas": "2.2"})
    told = section("environment", run_with(environment=before), run_with(environment=after))
    assert told.changes == [Change(name="numpy", kind="changed", before="1.26", after="2.0")]
    assert told.same == 2


def test_the_state_of_a_generator_is_no_difference_but_a_seed_is():
    before = Environment(seeds={"numpy": 1, "random state": "d41d"})
    after = Environment(seeds={"numpy": 2, "random state": "8cd9"})
    told = section("environment", run_with(environment=before), run_with(environment=after))
    assert [one.name for one in told.changes] == ["numpy seed"]


def test_uncommitted_files_are_counted_and_named():
    before = GitState(commit="3f", branch="main", is_dirty=False)
    after = GitState(commit="3f", branch="main", is_dirty=True, changed=("model.py",))
    told = section("git", run_with(git=before), run_with(git=after))
    assert told.changes == [
        Change(name="uncommitted", kind="changed", before="none", after="1 file", note="model.py")
    ]


def test_other_uncommitted_changes_of_the_same_files_differ():
    one, other = (
        GitState(commit="3f", is_dirty=True, changed=("m.py",), diff_digest=digest)
        for digest in ("d1", "d2")
    )
    told = section("git", run_with(git=one), run_with(git=other))
    assert [change.name for change in told.changes] == ["uncommitted"]


def test_two_runs_outside_a_repository_say_why_there_is_no_git_state():
    nowhere = run_with(git=GitState(reason="not a repository"))
    assert section("git", nowhere, nowhere).note == (
        "neither run has a git state: not a repository"
    )


def test_a_metric_that_fell_is_better_or_worse_by_its_direction():
    before, after = (
        run_with(metrics=metrics(acc=0.5, loss=0.5)),
        run_with(metrics=metrics(acc=0.25, loss=0.25)),
    )
    told = section("metrics", before, after)
    assert [(one.name, one.delta, one.is_better) for one in told.changes] == [
        ("acc", -0.25, False),
        ("loss", -0.25, True),
    ]


@pytest.mark.parametrize(
    ("value", "baseline", "direction", "told"),
    [
        (2, 1, "max", Delta(1, True)),
        (2, 1, "min", Delta(1, False)),
        (2, 1, None, Delta(1, None)),
        (1, 1, "max", Delta(0, None)),
        (NAN, 1, "min", Delta(None, False)),
        (1, NAN, "min", Delta(None, True)),
        (NAN, NAN, "min", Delta(None, None)),
        (float("inf"), 1, "min", Delta(None, False)),
        (None, 1, "max", Delta(None, None)),
        (2**62 + 1, 2**62, "max", Delta(1, True)),
    ],
)
def test_a_delta_knows_its_size_and_whether_it_is_better(value, baseline, direction, told):
    assert delta(value, baseline, direction) == told


# -- columns ------------------------------------------------------------------------------------


def test_columns_differ_where_runs_have_different_values_or_one_has_none():
    runs = columns(
        fields={"status": ["finished", "finished"], "name": ["a", "b"]},
        params={"C": [1, 1], "gamma": [1, 1.0], "k": [(1, 2), (1, 2)], "only": [1, None]},
        metrics={"acc": [NAN, NAN], "loss": [0.1, 0.2]},
        data={"X": ["d1", "d1"]},
    )
    assert differing(runs) == {"name", "params.gamma", "params.only", "metrics.loss"}


@pytest.mark.parametrize(
    ("metrics", "main"),
    [
        ({"train_acc": [1, 1], "val_acc": [1, 1]}, "metrics.val_acc"),
        ({"loss": [1, 1], "acc": [1, 1]}, "metrics.acc"),
        ({"test/acc": [1, 1], "acc": [1, 1]}, "metrics.test/acc"),
        ({"val_loss": [1, None, None], "acc": [1, 1, 1]}, "metrics.acc"),
        ({"fit_seconds": [1, 1], "mse": [1, 1]}, "metrics.mse"),
        ({"mystery": [1, 1]}, None),
        ({"acc": [None, None]}, None),
        ({}, None),
    ],
)
def test_the_main_metric_is_one_that_most_runs_have_and_that_judges_them(metrics, main):
    assert main_metric(columns(metrics=metrics, fields={"name": ["a", "b"]})) == main


def test_rows_can_be_taken_in_another_order():
    runs = columns(fields={"name": ["a", "b", "c"]}, params={"C": [1, 2, 3]})
    taken = take(runs, [2, 0])
    assert (taken.fields["name"], taken.params["C"]) == (["c", "a"], [3, 1])
    assert taken.run_ids == [runs.run_ids[2], runs.run_ids[0]]


# -- defaults -----------------------------------------------------------------------------------


def filled_in(**values):
    origin = Origin(how="default")
    return {n: Param(name=n, uses=(ParamUse(value=v, origin=origin),)) for n, v in values.items()}


def test_defaults_that_only_one_run_has_are_counted_and_not_listed():
    before = run_with(params={**params(C=1.0), **filled_in(cache_size=200, tol=0.1)})
    after = run_with(params={**params(C=2.0), **filled_in(n_jobs=None, tol=0.2)})
    told = next(s for s in diff(before, after).sections if s.kind == "params")
    assert [change.name for change in told.changes] == ["C", "tol"]
    assert told.note == "2 defaults that only one of the runs has"


def test_a_default_that_only_some_runs_have_does_not_differ():
    columns = RunColumns(
        run_ids=["a", "b"],
        fields={},
        params={"C": [1.0, None], "cache_size": [200, None], "tol": [0.1, 0.2]},
        metrics={},
        data={},
        directions={},
        filled_in=frozenset({"cache_size", "tol"}),
    )
    assert differing(columns) == {"params.C", "params.tol"}


def test_a_default_differs_only_among_runs_of_one_model():
    columns = RunColumns(
        run_ids=["a", "b", "c"],
        fields={},
        params={
            "model": ["SVC", "Forest", "Forest"],
            "verbose": [False, 0, 0],
            "tol": [0.1, 0.1, 0.2],
        },
        metrics={},
        data={},
        directions={},
        filled_in=frozenset({"verbose", "tol"}),
    )
    assert differing(columns) == {"params.model", "params.tol"}
