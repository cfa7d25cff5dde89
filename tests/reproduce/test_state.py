"""What `reproduce.state` calls clean, stale and unknown, and in which words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from aseptic.capture.cells import Names, names_of_source
from aseptic.model import Cell, State
from aseptic.reproduce.state import judge

START = datetime(2030, 1, 1, tzinfo=timezone.utc)
CLEAN = State(kind="clean")
IMPORT = ("imp", "import math")
LOAD = ("load", "X = load_data()")
TRAIN = ("train", "acc = score(X, C)")


def executed(*cells: tuple[str, str], status: str = "ok") -> list[Cell]:
    """Cells as executed one a minute, each given as (cell id, source)."""
    return [executed_cell(n, *cell, status=status) for n, cell in enumerate(cells, start=1)]


def executed_cell(order: int, cell_id: str | None, source: str, *, status: str = "ok") -> Cell:
    names = names_of_source(source)
    known = names if isinstance(names, Names) else Names()
    return Cell(
        order=order,
        source=source,
        cell_id=cell_id,
        started_at=START + timedelta(minutes=order),
        reads=known.reads,
        writes=known.writes,
        mutates=known.mutates,
        status=status,
        reason=names if isinstance(names, str) else None,
    )


def judged(*cells: tuple[str, str], held: set[str] | None = None, **more: object) -> State:
    """The state of the last of these executions; by default the kernel holds nothing else."""
    return judge(executed(*cells), len(cells), namespace_names=held or set(), **more)


# No false alarm ---------------------------------------------------------------------------------


def test_a_notebook_run_from_top_to_bottom_is_clean():
    cells = (IMPORT, ("C", "C = 1"), LOAD, TRAIN)
    page = dict(cells)
    assert judged(*cells) == CLEAN
    assert judged(*cells, notebook_cells=page) == CLEAN


def test_the_tracked_cell_may_be_run_again_with_other_values():
    again = ("train", "C = 2\nacc = score(X, C)")
    assert judged(LOAD, ("train", "C = 1\nacc = score(X, C)"), again) == CLEAN


def test_a_model_may_be_fitted_again_and_results_appended():
    setup = ("setup", "model = SVC()\nresults = []")
    first, second = (
        ("fit", "model.fit(X)\nresults.append(1)"),
        ("fit", "model.fit(X); results.append(2)"),
    )
    assert judged(LOAD, setup, first, second) == CLEAN


def test_an_unrelated_cell_may_be_edited_and_run_again():
    assert judged(LOAD, ("plot", "p = 1"), ("C", "C = 1"), TRAIN, ("plot", "p = 2"), TRAIN) == CLEAN


def test_what_the_run_uses_may_be_run_again_before_it():
    assert judged(LOAD, ("C", "C = 1"), LOAD, TRAIN) == CLEAN


def test_an_edited_cell_that_was_run_before_the_run_is_the_one_that_counts():
    assert judged(LOAD, ("C", "C = 1"), ("C", "C = 2"), TRAIN) == CLEAN


def test_imports_functions_and_constants_may_be_run_again_after_their_use():
    setup = ("setup", "import numpy as np\nn = 100\ndef f(x): return np.sum(x)")
    assert judged(setup, ("X", "X = f(np.ones(n))"), setup, ("run", "y = X + n")) == CLEAN


def test_a_name_may_be_bound_anew_further_down():
    page = {"a": "n = 1", "b": "X = f(n)", "c": "n = 2", "d": "y = g(X, n)"}
    assert judged(*page.items(), notebook_cells=page) == CLEAN


def test_comments_spaces_and_the_magic_line_are_no_edits():
    page = {"C": "%%track -e digits\n# the penalty\nC  =  1", "train": TRAIN[1], "load": LOAD[1]}
    assert (
        judged(LOAD, ("C", "%%track\nC = 1"), TRAIN, notebook_cells={"load": LOAD[1], **page})
        == CLEAN
    )


def test_a_cell_executed_after_the_page_was_saved_is_not_missed_on_it():
    state = judged(
        *(LOAD, ("C", "C = 1"), TRAIN),
        notebook_cells=dict((LOAD, TRAIN)),
        notebook_saved_at=START + timedelta(minutes=1, seconds=30),
    )
    assert state == CLEAN


def test_ids_of_another_kind_are_not_compared():
    page = {"other-1": "C = 1", "other-2": "acc = 1"}
    assert judged(LOAD, ("C", "C = 1"), TRAIN, notebook_cells=page) == CLEAN


def test_a_secret_removed_from_the_log_is_no_edit():
    logged = ("key", "api_key = '‹removed: api_key›'")  # noqa: RUF001 - the mark of a removed secret
    page = {"key": "api_key = 'abcd1234'", "run": "x = call(api_key)"}
    assert judged(logged, ("run", page["run"]), notebook_cells=page) == CLEAN


def test_names_that_neither_cell_nor_kernel_holds_are_no_reason():
    assert judged(("a", "x = maybe_missing if False else 1"), held=set()) == CLEAN


def test_builtins_and_the_kernels_own_names_are_no_reason():
    source = "print(__name__, get_ipython(), len([1]))\ndisplay(1)"
    assert judged(("a", source), held={"__name__", "get_ipython"}) == CLEAN


# Stale ------------------------------------------------------------------------------------------


def test_a_cell_edited_and_saved_but_not_run_is_stale():
    page = {"load": LOAD[1], "C": "C = 99", "train": TRAIN[1]}
    state = judged(LOAD, ("C", "C = 1"), TRAIN, notebook_cells=page)
    assert state == State(
        kind="stale", reasons=("`C` comes from In [2] (C = 1), which has since been edited",)
    )


def test_a_cell_edited_so_that_it_no_longer_makes_the_name_is_stale():
    state = judged(LOAD, ("C", "C = 1"), ("C", "D = 1"), TRAIN)
    assert state == State(
        kind="stale",
        reasons=(
            "`C` comes from In [2] (C = 1), which has since been edited and run again as In [3]",
        ),
    )


def test_a_deleted_cell_is_stale():
    state = judged(LOAD, ("C", "C = 1"), TRAIN, deleted_cell_ids={"C"})
    assert state == State(
        kind="stale", reasons=("`C` comes from In [2] (C = 1), which has since been deleted",)
    )


def test_a_cell_that_is_not_on_the_saved_page_is_deleted():
    page = dict((LOAD, TRAIN))
    state = judged(LOAD, ("C", "C = 1"), TRAIN, notebook_cells=page)
    assert state.reasons == ("`C` comes from In [2] (C = 1), which has since been deleted",)


def test_what_was_made_from_an_older_value_is_stale():
    state = judged(("n", "n = 1"), ("X", "X = f(n)"), ("n", "n = 2"), ("run", "y = g(X)"))
    assert state == State(
        kind="stale",
        reasons=(
            (
                "In [2] (X = f(n)) used `n` from In [1] (n = 1), "
                "which has since been edited and run again as In [3]"
            ),
        ),
    )


def test_data_loaded_again_after_its_use_is_stale():
    state = judged(LOAD, ("Z", "Z = scale(X)"), LOAD, ("run", "y = g(Z)"))
    assert state == State(
        kind="stale",
        reasons=(
            (
                "In [2] (Z = scale(X)) used `X` from In [1] (X = load_data()), "
                "which has since been run again"
            ),
        ),
    )


def test_a_cell_that_starts_from_its_own_result_is_stale_the_second_time():
    double = ("d", "x = x * 2")
    assert judged(("a", "x = 1"), double) == CLEAN
    assert judged(("a", "x = 1"), double, double).kind == "stale"


def test_a_change_that_an_edited_cell_left_behind_is_stale():
    cells = (LOAD, ("f", "X['a'] = 1"), ("f", "X['b'] = 1"), ("run", "y = g(X)"))
    assert judged(*cells).reasons == (
        (
            "In [3] (X['b'] = 1) used `X` from In [2] (X['a'] = 1), "
            "which has since been edited and run again as In [3]"
        ),
    )
    assert judged(*cells[:3], LOAD, ("f", "X['b'] = 1"), cells[3]) == CLEAN


def test_the_same_change_made_twice_is_no_reason():
    change = ("f", "X['a'] = 1")
    assert judged(LOAD, change, change, ("run", "y = g(X)")) == CLEAN


def test_a_change_further_back_that_was_edited_is_stale():
    cells = (LOAD, ("f", "X['a'] = 1"), ("g", "X['b'] = 1"), ("run", "y = g(X)"))
    state = judged(*cells, deleted_cell_ids={"f"})
    assert state.reasons == (
        ("In [3] (X['b'] = 1) used `X` from In [2] (X['a'] = 1), which has since been deleted"),
    )


def test_a_cell_below_is_out_of_order():
    page = {"train": TRAIN[1], "load": LOAD[1], "C": "C = 1"}
    state = judged(LOAD, ("C", "C = 1"), TRAIN, notebook_cells=page)
    assert state.kind == "stale"
    assert state.reasons[1] == (
        "`C` comes from In [2] (C = 1), which stands below it in the notebook"
    )


def test_a_cell_passed_over_on_the_page_is_out_of_order():
    page = {"a": "C = 1", "b": "C = 2", "run": "y = f(C)"}
    state = judged(("b", "C = 2"), ("a", "C = 1"), ("run", "y = f(C)"), notebook_cells=page)
    assert state == State(
        kind="stale",
        reasons=(
            (
                "`C` comes from In [2] (C = 1), "
                "but from top to bottom it would come from In [1] (C = 2)"
            ),
        ),
    )


def test_names_that_share_a_reason_share_a_sentence():
    state = judged(("a", "b = 1; c = 2"), ("run", "y = b + c"), deleted_cell_ids={"a"})
    assert state.reasons == (
        "`b`, `c` come from In [1] (b = 1; c = 2), which has since been deleted",
    )


def test_many_reasons_are_counted():
    cells = [(f"c{n}", f"x{n} = {n}") for n in range(12)]
    run = ("run", "y = [" + ", ".join(f"x{n}" for n in range(12)) + "]")
    state = judged(*cells, run, deleted_cell_ids={f"c{n}" for n in range(12)})
    assert len(state.reasons) == 9
    assert state.reasons[-1] == "and 4 more reasons"


def test_later_cells_do_not_matter():
    cells = executed(LOAD, ("C", "C = 1"), TRAIN, ("C", "C = 2"))
    assert judge(cells, 3, namespace_names=set()) == CLEAN


# Unknown ----------------------------------------------------------------------------------------


def test_a_variable_that_no_cell_defines_is_unknown():
    state = judged(("run", "y = f(X)"), held={"X", "f"})
    assert state == State(
        kind="unknown",
        reasons=("it uses `f`, `X`, which the kernel holds and no logged cell defines",),
    )


def test_a_cell_of_unknown_names_is_the_likely_origin():
    state = judged(("m", "%run prepare.py"), ("run", "y = X + 1"), held={"X"})
    assert state.reasons == (
        (
            "it uses `X`, which the kernel holds and no logged cell defines "
            "(perhaps In [1] (%run prepare.py), whose names are unknown)"
        ),
    )


def test_a_run_of_unknown_names_is_unknown():
    state = judged(("run", "x = = 1"))
    assert state.kind == "unknown"
    assert state.reasons[0].startswith("what this cell uses is unknown")


def test_the_result_of_whatever_ran_before_is_unknown():
    assert judged(("a", "1 + 1"), ("run", "y = _ + 1"), held={"_"}).kind == "unknown"


def test_a_name_from_a_cell_that_failed_is_unknown():
    cells = [executed_cell(1, "a", "X = 1; f()", status="error"), executed_cell(2, "b", "y = X")]
    state = judge(cells, 2, namespace_names={"X"})
    assert state == State(
        kind="unknown",
        reasons=("`X` comes from In [1] (X = 1; f()), which did not run to its end",),
    )


def test_stale_outweighs_unknown():
    assert judged(("C", "C = 1"), TRAIN, held={"X"}, deleted_cell_ids={"C"}).kind == "stale"


def test_cells_without_ids_are_judged_by_their_names_alone():
    cells = [executed_cell(1, None, "X = 1"), executed_cell(2, None, "y = X")]
    assert judge(cells, 2, namespace_names=set()) == CLEAN


def test_ten_thousand_cells_are_judged_quickly():
    cells = executed(*((f"c{n}", f"x{n} = x{n - 1}") for n in range(1, 10_001)))
    assert judge(cells, 10_000, namespace_names=set()) == CLEAN
