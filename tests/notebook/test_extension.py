"""Tracked cells in a real IPython shell: what is recorded, and what is left alone."""

import builtins
import inspect
import io
import os
import random
import stat
import subprocess

import pytest
from IPython.core.interactiveshell import InteractiveShell

import aseptic
from aseptic.notebook import extension as extension_module

TRAIN = "def train(lr, hidden=8):\n    return lr * hidden"


def test_loading_says_in_one_line_where_runs_go(new_shell, capsys):
    shell = new_shell()
    said = capsys.readouterr().out.strip()
    assert said.startswith(f"aseptic {aseptic.__version__} · store .aseptic (new) · project ")
    assert " · git main " in said
    assert "\n" not in said
    shell.run("%load_ext aseptic")
    assert "already loaded" in capsys.readouterr().out


def test_loading_in_a_repository_without_commits_says_so(folder, new_shell, capsys):
    subprocess.run(["git", "update-ref", "-d", "HEAD"], check=True)
    new_shell()
    assert capsys.readouterr().out.strip().endswith(" · git main (no commit yet)")


def test_a_tracked_cell_is_a_run_with_params_metrics_data_and_git(shell, folder):
    shell.run("import numpy as np\nX = np.arange(12.0).reshape(4, 3)")
    shell.run(TRAIN)
    shell.run(
        "%%track first -e demo -t a --note hello\nlr = 0.5\nscore = train(lr) + float(X.mean())"
    )
    run = shell.last()
    assert (run.name, run.experiment, run.status) == ("first", "demo", "finished")
    assert (run.tags, run.note) == (("a",), "hello")
    assert run.params["lr"].value == 0.5
    assert run.params["hidden"].value == 8
    assert run.metrics["score"].value == 0.5 * 8 + 5.5
    assert run.data_inputs["X"].digest == aseptic.digest(shell.names["X"])
    assert run.data_inputs["X"].shape == (4, 3)
    assert run.git.branch == "main"
    assert run.git.is_dirty is False
    assert run.state.kind == "clean"
    assert [cell.source for cell in run.cells][-2:] == [TRAIN, run.source]


def test_an_untracked_cell_is_no_run(shell):
    shell.run("a = 1")
    assert len(aseptic.runs()) == 0


def test_a_failing_cell_is_a_failed_run_that_keeps_its_error(shell):
    shell.run("%%track\nx = 1\n1 / 0")
    run = shell.last()
    assert run.status == "failed"
    assert run.outputs.error == "ZeroDivisionError"


def test_an_interrupted_cell_is_an_interrupted_run_with_its_points(shell):
    shell.run("%%track\nimport aseptic\naseptic.log(loss=1.0, step=0)\nraise KeyboardInterrupt")
    run = shell.last()
    assert run.status == "interrupted"
    assert run.history("loss").value.tolist() == [1.0]


@pytest.mark.parametrize("cell", ["%%track\n1 +", "%%track\n", "%%track", "%%track --nope\nx = 1"])
def test_a_cell_that_never_ran_is_no_run(shell, cell):
    shell.run(cell)
    assert len(aseptic.runs()) == 0


def test_a_wrong_option_gets_one_line_and_the_cell_does_not_run(shell, capsys):
    shell.run("%%track --sed 3\nx = 1")
    said = capsys.readouterr().err.strip()
    assert said.startswith("UsageError: %%track: unrecognized arguments: --sed")
    assert "--seed" in said
    assert "x" not in shell.names


def test_the_magic_below_another_one_is_taken_off_and_tracks(shell):
    shell.run("%%time\n%%track -e below\na = max(3, 4)")
    assert shell.last().experiment == "below"


@pytest.mark.parametrize("magic", ["%%time", "%%capture", "%%capture out"])
def test_params_and_data_are_seen_below_another_cell_magic(shell, magic):
    shell.run(f"import numpy as np\nX = np.ones((5, 2))\n{TRAIN}")
    shell.run(f"%%track\n{magic}\nvalue = train(0.25) * X.sum()")
    run = shell.last()
    assert run.params["lr"].value == 0.25
    assert list(run.data_inputs) == ["X"]
    assert len(aseptic.runs()) == 1


def test_only_what_the_cell_reads_is_digested(shell, monkeypatch):
    shell.run("import numpy as np\nA = np.ones(3)\nB = np.ones(4)")
    shell.run("%%track\nz = 1")
    assert shell.last().data_inputs == {}
    shell.run("%%track\nz = A.sum()")
    assert list(shell.last().data_inputs) == ["A"]


def test_data_is_digested_before_the_cell_changes_it(shell):
    shell.run("import numpy as np\nX = np.zeros(3)")
    before = aseptic.digest(shell.names["X"])
    shell.run("%%track\nX += 1\ntotal = float(X.sum())")
    assert shell.last().data_inputs["X"].digest == before


def test_data_that_a_called_function_reads_is_recorded(shell):
    shell.run("import numpy as np\nX = np.zeros(3)\ndef fit():\n    return X.sum()")
    shell.run("%%track\nout = fit()")
    assert list(shell.last().data_inputs) == ["X"]


def test_a_file_that_the_cell_opens_is_a_data_input(shell, folder):
    (folder / "d.csv").write_text("a,b\n1,2\n")
    shell.run("%%track\nimport pandas as pd\ndf = pd.read_csv('d.csv')")
    data = shell.last().data_inputs["d.csv"]
    assert (data.kind, data.location, data.size_bytes) == ("file", "d.csv", 8)


def test_params_by_hand_come_from_the_line_or_from_a_variable(shell):
    shell.run("alpha = 0.3")
    shell.run("%%track -p alpha -p beta=2 -p gone\nx = 1")
    run = shell.last()
    assert (run.params["alpha"].value, run.params["beta"].value) == (0.3, 2)
    assert ("param gone", "-p gone: no variable of that name") in [
        (p.what, p.reason) for p in run.problems
    ]


def test_a_seed_makes_a_cell_repeatable(shell):
    draws = []
    for _ in range(2):
        shell.run(
            "%%track --seed 3\nimport random, numpy\nr = random.random() + numpy.random.rand()"
        )
        draws.append(shell.names["r"])
    assert draws[0] == draws[1]
    assert shell.last().seed == 3


def test_tracking_leaves_the_random_state_alone(shell):
    random.seed(7)
    before = random.getstate()
    shell.run("%%track\nx = 1")
    assert random.getstate() == before


def test_the_cells_of_a_session_are_kept_from_its_start(shell):
    shell.run("a = 1")
    shell.run("b = a + 1")
    shell.run("%%track\nc = b + 1")
    shell.run("d = 4")
    cells = shell.last().cells
    assert [cell.source for cell in cells] == [
        "%load_ext aseptic",
        "a = 1",
        "b = a + 1",
        "%%track\nc = b + 1",
    ]
    assert (cells[2].reads, cells[2].writes) == (("a",), ("b",))


def test_a_series_stands_and_another_number_of_its_name_is_said(shell):
    shell.run("import aseptic\ndef score(i): return i / 10")
    loop = "for i in range(3):\n    acc = score(i)\n    aseptic.log(acc=acc, step=i)"
    shell.run(f"%%track\n{loop}")
    assert not [p for p in shell.last().problems if p.what == "metric acc"]
    shell.run(f"%%track\n{loop}\nacc = score(9)")
    run = shell.last()
    assert (run.metrics["acc"].value, run.metrics["acc"].origin) == (0.2, "log")
    (said,) = [p.reason for p in run.problems if p.what == "metric acc"]
    assert said == "0.9 was bound to the name and not logged; the series stands"


def test_a_run_on_a_redefined_name_says_so(shell):
    shell.run("lr = 0.1", cell_id="one")
    shell.run("%%track\nx = abs(lr)", cell_id="two")
    assert shell.last().state.kind == "clean"
    shell.run("lr = 0.2", cell_id="one")
    shell.run("%%track\nx = abs(lr)", cell_id="two")
    assert shell.last().state.kind == "clean"


@pytest.mark.skipif(
    "cell_meta" not in inspect.signature(InteractiveShell.run_cell).parameters,
    reason="an older IPython: the kernel's parent message tells, see test_kernels.py",
)
def test_the_tag_run_tracks_a_cell_where_the_front_end_sends_it(shell):
    shell.run("x = max(1, 2)", cell_meta={"tags": ["run"]})
    shell.run("y = max(1, 2)", cell_meta={"tags": ["other"]})
    assert len(aseptic.runs()) == 1


def test_auto_makes_runs_of_the_cells_that_fit_or_log(shell):
    shell.run("%aseptic auto")
    shell.run(
        "class Model:\n    def fit(self, X):\n        return self\n"
        "def work():\n    return Model().fit(1)"
    )
    shell.run("x = 1")
    shell.run("m = Model().fit(3)")
    shell.run("m = work()")
    shell.run("import aseptic\naseptic.log(loss=1.0)")
    shell.run("%aseptic auto off")
    shell.run("m = Model().fit(3)")
    assert len(aseptic.runs()) == 3


def test_an_expectation_is_kept_and_judged_on_the_card(shell, capsys):
    shell.run(TRAIN)
    shell.run("%%track --expect 'acc > 0.9'\nacc = train(0.1, 2)")
    assert "expected acc > 0.9 ✗" in capsys.readouterr().out
    assert shell.last().expects == ("acc > 0.9",)


def test_the_card_says_what_changed_since_the_last_run_of_the_cell(shell, capsys):
    shell.run(TRAIN)
    shell.run("%%track one\nlr = 0.5\nacc = train(lr)", cell_id="c")
    shell.run("%%track two\nlr = 0.25\nacc = train(lr)", cell_id="c")
    card = capsys.readouterr().out.strip().rpartition("\n")[2]
    assert "acc 2.0 ▼ 2.0 vs one" in card
    assert "changed: lr 0.5 → 0.25" in card


def test_quiet_shows_no_card(shell, capsys):
    capsys.readouterr()
    shell.run("%%track --quiet\nx = 1")
    assert capsys.readouterr().out == ""


def test_a_named_baseline_is_what_the_card_compares_with(shell, capsys):
    shell.run(TRAIN)
    shell.run("%%track base\nacc = train(0.5)")
    shell.run("%%track next\nacc = train(0.6)")
    capsys.readouterr()
    shell.run("%%track --baseline base\nacc = train(0.7)")
    assert "vs base" in capsys.readouterr().out


def test_an_unknown_baseline_is_said_and_the_run_is_kept(shell, capsys):
    shell.run("%%track --baseline nobody\nacc = abs(0.7)")
    assert "no run 'nobody'" in capsys.readouterr().err
    assert shell.last().status == "finished"


def test_unloading_leaves_nothing_behind(shell):
    ip = shell.ip
    shell.run("%unload_ext aseptic")
    bare = type(ip)()
    assert len(ip.input_transformers_cleanup) == len(bare.input_transformers_cleanup)
    assert ip.ast_transformers == []
    for event in ("pre_run_cell", "post_run_cell"):
        ours = [f for f in ip.events.callbacks[event] if "aseptic" in getattr(f, "__module__", "")]
        assert ours == []
    assert "track" not in ip.magics_manager.magics["cell"]
    assert "aseptic" not in ip.magics_manager.magics["line"]
    assert not any(name.startswith("<aseptic") for name in vars(builtins))
    assert (builtins.open, io.open) == (open, open)
    shell.run("x = 1")
    assert "x" in shell.names


@pytest.mark.parametrize("fault", [ValueError("x"), SystemExit(3), MemoryError(), RecursionError()])
@pytest.mark.parametrize("where", ["names_of", "redact", "track_words"])
def test_a_fault_of_ours_never_stops_a_cell(shell, monkeypatch, capsys, fault, where):
    def fail(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr(extension_module, where, fail)
    result = shell.run("%%track\nx = 41 + 1\nx")
    assert result.success
    assert result.result == 42
    assert shell.names["x"] == 42
    monkeypatch.undo()
    shell.run("%%track after\ny = 1")
    assert shell.last().name == "after"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere: see the container test")
def test_a_read_only_folder_warns_once_and_the_cell_runs(folder, new_shell, capsys):
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        shell = new_shell()
        shell.run("%%track\nx = 1")
        shell.run("%%track\ny = 2")
        assert (shell.names["x"], shell.names["y"]) == (1, 2)
        assert capsys.readouterr().err.count("not recorded") == 1
    finally:
        folder.chmod(stat.S_IRWXU)


def test_a_store_that_cannot_be_made_warns_and_the_cell_runs(folder, new_shell, capsys):
    (folder / ".aseptic").write_text("a file where the store's folder should be")
    shell = new_shell()
    shell.run("%%track\nx = 1")
    assert shell.names["x"] == 1
    shell.run("%%track\nimport aseptic\naseptic.log(loss=1.0)")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("aseptic: runs are not recorded: cannot write")


def test_a_store_that_is_deleted_in_the_middle_is_said_on_the_card(shell, capsys):
    shell.run("%%track\nimport aseptic, shutil\naseptic.log(a=1)\nshutil.rmtree('.aseptic')")
    said = capsys.readouterr()
    assert "it was deleted while it was written" in said.err
    assert "not recorded: parts of the run" in said.out


def test_the_data_of_a_helper_that_a_function_of_the_cell_calls_is_recorded(shell):
    shell.run("import numpy as np\nX = np.ones(3)\ndef helper(k):\n    return X[0] * k")
    shell.run("%%track\ndef g(k):\n    return helper(k) + 1\ns = g(4)")
    assert list(shell.last().data_inputs) == ["X"]


def test_a_logged_metric_knows_which_way_is_better(shell):
    shell.run("%%track\nimport aseptic\naseptic.log(loss=1.0)")
    assert shell.last().metrics["loss"].direction == "min"


def test_an_artifact_read_in_an_earlier_cell_is_an_input_of_the_runs_that_use_it(shell):
    shell.run("import aseptic, pandas as pd")
    shell.run("%%track made -e collect --quiet\naseptic.log_artifact('a\\n1\\n2\\n', 'x.csv')")
    shell.run("frame = pd.read_csv(aseptic.artifact('collect', 'x.csv'))")
    shell.run("other = 1")
    shell.run("%%track -e analyse --quiet\ntotal = frame['a'].sum()")
    run = shell.last()
    assert list(run.data_inputs) == ["frame", "collect/x.csv"]
    assert run.data_inputs["collect/x.csv"].from_run == aseptic.get_run("made").run_id
    shell.run("%%track -e analyse --quiet\nmore = total + 1")
    assert "collect/x.csv" in shell.last().data_inputs  # by way of the run before
    shell.run("%%track -e analyse --quiet\nnone = other + 1")
    assert list(shell.last().data_inputs) == []
