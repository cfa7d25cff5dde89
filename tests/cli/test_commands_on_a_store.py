"""What the commands do to a real store."""

from __future__ import annotations

import pytest

from aseptic import commands
from aseptic.errors import BadOption, BadQuery, NoSuchMetric, RunNotFound
from aseptic.results import (
    CompareResult,
    CurvesResult,
    DiffResult,
    MessageResult,
    RunResult,
    RunsResult,
)
from aseptic.testing import make_finding, record_run


def names(result) -> list[str]:
    return result.columns.fields["name"]


def do(store, *words):
    return commands.run(words, store)


def test_runs_are_the_newest_first(store):
    result = do(store, "runs")
    assert isinstance(result, RunsResult)
    assert names(result) == ["new-leaf", "plain-wren", "brisk-heron", "calm-otter"]


def test_a_query_an_experiment_and_a_limit_choose_runs(store):
    assert names(do(store, "runs", "acc > 0.98")) == ["brisk-heron", "calm-otter"]
    assert names(do(store, "runs", "-e", "net")) == ["new-leaf"]
    assert names(do(store, "runs", "-n", "1")) == ["new-leaf"]


def test_runs_are_chosen_by_what_is_open_in_them(store):
    finding = make_finding("D15", severity="error", message="rows of X_test are in X_train")
    found = record_run(store, name="leaky", findings=(finding,))
    assert names(do(store, "runs", "'D15' in findings")) == ["leaky"]
    assert "leaky" not in names(do(store, "runs", "not 'D15' in findings"))
    assert "✗ D15 d15  rows of X_test are in X_train" in do(store, "show", "leaky").text()
    store.acknowledge(found.run_id, "D15", "the copies are meant")
    assert names(do(store, "runs", "'D15' in findings")) == []
    assert "acknowledged: the copies are meant" in do(store, "show", "leaky").text()


def test_sorting_puts_the_best_first_and_runs_without_the_metric_last(store):
    by_acc = ["brisk-heron", "calm-otter", "plain-wren", "new-leaf"]
    assert names(do(store, "runs", "--sort", "acc")) == by_acc
    assert names(do(store, "runs", "--sort", "acc", "-n", "2")) == by_acc[:2]


def test_sorting_by_an_unknown_metric_lists_the_metrics(store):
    with pytest.raises(NoSuchMetric, match="acc, val_loss"):
        do(store, "runs", "--sort", "accuracy")


def test_the_baseline_is_compared_with_also_when_it_is_not_in_the_table(store):
    do(store, "baseline", "calm-otter")
    text = do(store, "runs", "name == 'brisk-heron'").text()
    assert "+0.0056" in text
    assert "calm-otter" not in text


def test_the_run_page_is_of_the_run_named_by_name_id_or_prefix(store):
    for word in ("calm-otter", "ca10000000000000", "ca10"):
        result = do(store, "show", word)
        assert isinstance(result, RunResult)
        assert result.run.name == "calm-otter"


def test_two_runs_are_compared_in_the_order_given(store):
    result = do(store, "compare", "brisk-heron", "calm-otter")
    assert isinstance(result, CompareResult)
    assert names(result.runs) == ["brisk-heron", "calm-otter"]
    assert result.differences is not None
    assert (result.differences.before_name, result.differences.after_name) == (
        "brisk-heron",
        "calm-otter",
    )


def test_a_query_that_leaves_two_runs_compares_the_older_with_the_newer(store):
    differences = do(store, "compare", "acc > 0.98").differences
    assert (differences.before_name, differences.after_name) == ("calm-otter", "brisk-heron")


def test_three_runs_are_a_table_only(store):
    assert do(store, "compare", "-e", "digits").differences is None


def test_a_word_that_can_only_be_a_name_is_not_taken_for_a_query(store):
    with pytest.raises(RunNotFound, match="calm-otter"):
        do(store, "compare", "clam-otter")


def test_an_unknown_field_of_a_query_is_named(store):
    with pytest.raises(BadQuery, match="accuracy"):
        do(store, "compare", "accuracy > 0.9")


def test_curves_are_of_the_runs_that_have_the_metric(store):
    result = do(store, "curves", "val_loss")
    assert isinstance(result, CurvesResult)
    assert [(one.run_id[:4], one.value.tolist()) for one in result.series] == [
        ("0eed", [1.0, 0.5, 0.25, 0.125])
    ]


def test_a_metric_with_one_value_a_run_has_no_curve_and_that_is_said(store):
    text = do(store, "curves", "acc", "val_loss").text()
    assert "acc has no curve: `runs --sort acc` lists its values" in text
    assert "new-leaf" in text


def test_the_curve_of_an_unknown_metric_lists_the_metrics(store):
    with pytest.raises(NoSuchMetric, match="acc, val_loss"):
        do(store, "curves", "los")


def test_a_difference_has_a_row_a_change(store):
    result = do(store, "diff", "calm-otter", "brisk-heron")
    assert isinstance(result, DiffResult)
    frame = result.frame().set_index("name")
    assert list(frame.index) == ["C", "this cell", "acc"]
    assert (frame.loc["C", "before"], frame.loc["C", "after"]) == (1.0, 10.0)


def test_tags_are_added_and_removed_in_one_go(store):
    result = do(store, "tag", "calm-otter", "brisk-heron", "+paper", "-final")
    assert isinstance(result, MessageResult)
    assert store.get_run("calm-otter").tags == ("paper",)
    assert store.get_run("brisk-heron").tags == ("paper",)


def test_no_run_is_changed_where_one_of_them_does_not_exist(store):
    with pytest.raises(RunNotFound):
        do(store, "tag", "calm-otter", "no-such-run", "+paper")
    assert store.get_run("calm-otter").tags == ()


def test_a_tag_must_be_said(store):
    with pytest.raises(BadOption, match=r"\+TAG"):
        do(store, "tag", "calm-otter")


def test_a_note_is_written_and_taken_away(store):
    do(store, "note", "calm-otter", "two", "words")
    assert store.get_run("calm-otter").note == "two words"
    do(store, "note", "calm-otter", "--clear")
    assert store.get_run("calm-otter").note is None


@pytest.mark.parametrize("words", [["note", "calm-otter"], ["note", "calm-otter", "x", "--clear"]])
def test_a_note_is_either_a_text_or_taken_away(store, words):
    with pytest.raises(BadOption, match="--clear"):
        do(store, *words)


def test_a_run_gets_another_name_but_not_none(store):
    do(store, "rename", "calm-otter", "first svc")
    assert store.get_run("first svc").run_id.startswith("ca10")
    with pytest.raises(BadOption):
        do(store, "rename", "first svc", " ")


def test_a_baseline_is_set_said_and_taken_away(store):
    assert do(store, "baseline").message == "No baseline is set."
    do(store, "baseline", "calm-otter")
    do(store, "baseline", "brisk-heron")
    assert do(store, "baseline").message == "brisk-heron is the baseline of digits"
    assert store.get_run("calm-otter").is_baseline is False
    do(store, "baseline", "--clear")
    assert store.get_run("brisk-heron").is_baseline is False


def test_of_several_baselines_the_experiment_must_be_said(store):
    do(store, "baseline", "calm-otter")
    do(store, "baseline", "new-leaf")
    with pytest.raises(BadOption, match="digits"):
        do(store, "baseline", "--clear")
    do(store, "baseline", "--clear", "-e", "net")
    assert store.get_run("calm-otter").is_baseline is True


def test_runs_are_starred_and_unstarred(store):
    do(store, "star", "calm-otter")
    assert store.get_run("calm-otter").is_starred is True
    do(store, "star", "calm-otter", "--remove")
    assert store.get_run("calm-otter").is_starred is False


def test_removing_says_how_to_undo_it_and_that_works(store):
    said = do(store, "rm", "calm-otter", "plain-wren").message
    assert names(do(store, "runs")) == ["new-leaf", "brisk-heron"]
    assert names(do(store, "runs", "--trashed")) == ["plain-wren", "calm-otter"]
    words = said.partition("aseptic ")[2].split()
    assert do(store, *words).message == "calm-otter, plain-wren taken out of the trash"
    assert len(do(store, "runs")) == 4


def test_the_trashed_run_of_a_name_is_restored_though_another_has_that_name(store):
    do(store, "rm", "calm-otter")
    do(store, "rename", "brisk-heron", "calm-otter")
    do(store, "restore", "calm-otter")
    assert len(do(store, "runs", "name == 'calm-otter'")) == 2


def test_what_is_in_the_trash_is_deleted_for_good(store):
    do(store, "rm", "plain-wren")
    assert do(store, "gc", "--dry-run").data["runs"] == 1
    assert do(store, "gc").data["runs"] == 1
    with pytest.raises(RunNotFound):
        do(store, "show", "plain-wren")


def test_status_and_doctor_say_what_there_is(store):
    assert do(store, "status").facts["runs"] == "4 (3 finished, 1 failed)"
    doctor = do(store, "doctor")
    assert doctor.facts["can be written"] == "yes"
    assert doctor.is_ok


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([""], [command.name for command in commands.COMMANDS]),
        (["r"], ["runs", "rename", "rm", "restore", "run"]),
        (["runs", "--s"], ["--sort"]),
        (["runs", "--sort", ""], ["acc", "val_loss"]),
        (["runs", "-e", "d"], ["digits"]),
        (["show", "calm"], ["calm-otter"]),
        (["show", "b41"], ["b4150000"]),
        (["show", "calm-otter", ""], []),
        (["diff", "calm-otter", "bri"], ["brisk-heron"]),
        (["compare", "calm-otter", "bri"], ["brisk-heron"]),
        (["curves", "val"], ["val_loss"]),
        (["curves", "val_loss", "--runs", "new-leaf", "cal"], ["calm-otter"]),
        (["tag", "calm-otter", "+f"], ["+final"]),
        (["tag", "calm-otter", "-f"], ["-final"]),
        (["note", "calm-otter", "x"], []),
        (["rename", "calm-otter", "x"], []),
        (["restore", "calm"], []),
        (["nonsense", ""], []),
    ],
)
def test_the_last_word_is_completed(store, words, found):
    assert commands.complete(words, store) == found


def test_without_a_store_the_words_of_the_grammar_are_completed():
    assert commands.complete(["runs", "--s"], None) == ["--sort"]
    assert commands.complete(["show", ""], None) == []


def test_trashed_runs_are_completed_where_they_can_be_restored(store):
    do(store, "rm", "calm-otter")
    assert commands.complete(["restore", "calm"], store) == ["calm-otter"]
    assert commands.complete(["show", "calm"], store) == []
