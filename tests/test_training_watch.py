"""A training is watched while it runs: what is found at once, what stops it, what is untouched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from array import array

import numpy as np
import pytest

import aseptic
from aseptic import notices, tracking
from aseptic.checks.evidence import quietly_in_this_thread
from aseptic.training_watch import TrainingWatch, _Kept, _Points

PYPROJECT = """
[tool.aseptic.checks]
select = ["T9"]
files = ["training_rules.py"]
"""
RULES = '''
import time
from aseptic.checks import check


@check("T90", severity="error", needs=("series:loss",))
def too_large(run, *, limit=10.0):
    """The loss is too large."""
    steps, values = run.series["loss"]
    if (values > limit).any():
        at = float(steps[(values > limit).argmax()])
        said = f"{int((values > limit).sum())} losses are above {limit:g}"
        yield run.finding(said, series="loss", step=at)


@check("T91", needs=("series:slow",))
def slow_while_it_runs(run):
    """Takes its time while the run goes on."""
    if run.is_running:
        time.sleep(60)
    yield from ()


@check("T92", needs=("series:early",))
def only_early(run):
    """Found on the way and not at the end."""
    if run.is_running:
        yield run.finding("seen early", series="early", step=0)
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with checks of its own that look at series."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "training_rules.py").write_text(RULES)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.delenv("ASEPTIC_STOP_ON", raising=False)
    monkeypatch.setattr(tracking, "_default_store", None)
    monkeypatch.setattr(notices, "_said", set())
    return tmp_path


def execute(project, source, **environ):
    """Executes a script; gives its output and the run it made."""
    path = project / "train.py"
    path.write_text(textwrap.dedent(source))
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environ},
    )
    run_id = aseptic.runs().run_id.iloc[0]
    return done, aseptic.get_run(run_id)


def codes(run):
    return [finding.code for finding in run.findings]


def wait_for(holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not come about")


def test_a_finding_is_in_the_store_while_the_run_goes_on(project):
    with aseptic.track() as active:
        for step in range(20):
            active.log(loss=1.0 + step, step=step)
        wait_for(lambda: active.snapshot().findings)
        seen = aseptic.get_run(active.run_id)
        assert (seen.status, codes(seen)) == ("running", ["T90"])
        assert seen.findings[0].evidence["series"] == "loss"
        assert seen.findings[0].evidence["step"] == 10
    assert codes(aseptic.get_run(active.run_id)) == ["T90"]


def test_what_is_found_at_the_end_takes_the_place_of_what_was_found_on_the_way(project):
    with aseptic.track() as active:
        active.log(loss=11.0, early=1.0)
        wait_for(lambda: len(active.snapshot().findings) == 2)
        for _ in range(4):
            active.log(loss=12.0)
    run = aseptic.get_run(active.run_id)
    assert [finding.message for finding in run.findings] == ["5 losses are above 10"]
    outcomes = {one.code: one.outcome for one in run.checks}
    assert (outcomes["T90"], outcomes["T92"]) == ("findings", "clean")


def test_a_run_too_short_to_be_watched_is_judged_when_it_ends(project):
    with aseptic.track() as active:
        for step in range(3):
            active.log(loss=20.0, step=step)
    assert codes(aseptic.get_run(active.run_id)) == ["T90"]
    assert active.stopped_by is None


STOPPED = """
    import time
    import aseptic

    with aseptic.track():
        for step in range(600):
            try:
                aseptic.log(loss=float(step), step=step)
                time.sleep({pause})
            except Exception:
                pass
"""


@pytest.mark.parametrize("words", ["too-large", "T90", "not-there, error"])
def test_a_finding_that_is_named_ends_the_training(project, words):
    done, run = execute(project, STOPPED.format(pause=0.05), ASEPTIC_STOP_ON=words)
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr
    assert f"aseptic: run {run.name} is stopped by T90 too-large" in done.stderr
    assert ("not-there" in done.stderr) == ("not-there" in words)
    assert run.status == "interrupted"
    assert codes(run) == ["T90"]
    (stopped,) = [one.reason for one in run.problems if one.what == "stopped"]
    assert stopped.startswith("T90 too-large: ")
    assert 10 < run.metrics["loss"].count < 600


def test_the_setting_stops_as_the_variable_does_and_the_variable_goes_before(project):
    (project / "pyproject.toml").write_text(PYPROJECT + 'stop_on = ["T90"]\n')
    _, run = execute(project, STOPPED.format(pause=0.05))
    assert run.status == "interrupted"
    short = STOPPED.format(pause=0.01).replace("600", "300")
    done, run = execute(project, short, ASEPTIC_STOP_ON="")
    assert (done.returncode, run.status, codes(run)) == (0, "finished", ["T90"])


def test_a_training_that_waits_is_stopped_too(project):
    source = STOPPED.format(pause=0.0).replace("time.sleep(0.0)", "step > 20 and time.sleep(100)")
    done, run = execute(project, source, ASEPTIC_STOP_ON="T90")
    assert "KeyboardInterrupt" in done.stderr
    assert run.status == "interrupted"


def test_a_handler_of_the_users_for_interrupts_is_not_called(project):
    source = "    import signal\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done, run = execute(project, source + STOPPED.format(pause=0.05), ASEPTIC_STOP_ON="T90")
    assert "KeyboardInterrupt" in done.stderr
    assert run.status == "interrupted"


def test_a_training_that_takes_the_interrupt_for_its_end_is_interrupted_all_the_same(project):
    source = STOPPED.format(pause=0.05).replace("except Exception", "except KeyboardInterrupt")
    source = source.replace("pass", "break")
    done, run = execute(project, source, ASEPTIC_STOP_ON="T90")
    assert (done.returncode, run.status) == (0, "interrupted")


def test_what_the_session_has_is_untouched(project):
    done, run = execute(
        project,
        """
        import json, random, sys, time, warnings
        import aseptic

        random.seed(1)
        before = random.getstate()
        with aseptic.track() as run:
            filters = list(warnings.filters)
            while not run.snapshot().findings:
                aseptic.log(loss=20.0)
                time.sleep(0.01)
            heavy = {"pandas", "scipy", "sklearn", "sqlalchemy", "anywidget"} & set(sys.modules)
            same = [random.getstate() == before, warnings.filters == filters]
        print(json.dumps([same, sorted(heavy)]))
        """,
    )
    assert json.loads(done.stdout) == [[True, True], []], done.stderr
    assert codes(run) == ["T90"]


def test_a_run_ends_while_a_check_is_still_at_work(project):
    with aseptic.track() as active:
        active.log(slow=1.0)
        time.sleep(4)  # by then it has begun, and sleeps for a minute
    (thread,) = [one for one in threading.enumerate() if one.name == "aseptic-training-watch"]
    assert thread.is_alive(), "it was waited for"
    assert aseptic.get_run(active.run_id).status == "finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_logs_and_ends_while_its_parent_is_watched(project):
    with aseptic.track() as active:
        active.log(loss=11.0)
        wait_for(lambda: active.snapshot().findings)
        pid = os.fork()
        if not pid:
            active.log(loss=1.0)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        active.log(loss=12.0)
    run = aseptic.get_run(active.run_id)
    assert run.metrics["loss"].count == 3
    assert [finding.message for finding in run.findings] == ["2 losses are above 10"]


def test_a_training_that_stands_still_is_found_and_stopped_by_the_watch_itself(project):
    (project / "pyproject.toml").write_text(
        '[tool.aseptic.checks]\nselect = ["T18"]\nstop_on = ["stalled"]\n'
        "[tool.aseptic.checks.T18]\nleast_s = 3.0\n"
    )
    done, run = execute(
        project,
        """
        import time
        import aseptic

        with aseptic.track() as run:
            for step in range(20):
                run.log(loss=1.0, step=step)
                time.sleep(0.01)
            time.sleep(90)
        """,
    )
    assert "KeyboardInterrupt" in done.stderr
    assert (run.status, codes(run)) == ("interrupted", ["T18"])
    assert run.findings[0].evidence["step"] == 19
    (outcome,) = [one for one in run.checks if one.code == "T18"]
    assert outcome.outcome == "findings"


def test_a_run_of_another_thread_is_stopped_there(project, monkeypatch):
    monkeypatch.setenv("ASEPTIC_STOP_ON", "T90")
    ended = []

    def train():
        try:
            with aseptic.track() as run:
                for _ in range(600):
                    run.log(loss=20.0)
                    time.sleep(0.05)
        except KeyboardInterrupt:
            ended.append(aseptic.get_run(run.run_id).status)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert ended == ["interrupted"]


def test_a_long_series_is_thinned_evenly_with_its_ends_and_its_first_odd_value():
    kept = _Kept()
    for number in range(100_000):
        value = float("nan") if number in (54_321, 60_001) else float(number)
        kept.add(None, 5.0, value, most=1000)
    rows = kept.rows()
    assert isinstance(kept.points, array)
    assert len(rows) <= 1002
    assert (rows[0, 0], rows[-1, 3]) == (0, 99_999)
    assert [int(number) for number in rows[np.isnan(rows[:, 3]), 0]] == [54_321]
    gaps = np.diff(np.delete(rows[:-1, 0], np.flatnonzero(np.isnan(rows[:-1, 3]))))
    assert {*gaps.tolist()} == {128.0}


def test_however_much_is_logged_the_watch_keeps_a_bounded_number_of_points():
    points = _Points()
    names = [f"m{number}" for number in range(3000)]
    for step in range(250):
        points.add(dict.fromkeys(names, 1.0), step, 0.0)
    assert not points.is_whole
    assert sum(len(kept.points) for kept in points.all.values()) <= 4 * 400_000


def test_thinned_series_are_judged_whole_at_the_end(project):
    with aseptic.track() as active:
        watch = TrainingWatch(active, project)
        active.on_points(watch._take)
        for step in range(9000):
            active.log(loss=50.0 if step == 4999 else 1.0, step=step)
        watch.stop()
        assert not watch._points.is_whole
        (finding,) = watch.judge("finished").findings
    assert (finding.message, finding.evidence["step"]) == ("1 losses are above 10", 4999)


def test_warnings_of_other_threads_are_shown_while_ours_is_quiet():
    shown = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quietly_in_this_thread():
            warnings.warn("ours", stacklevel=1)
            other = threading.Thread(target=lambda: warnings.warn("theirs", stacklevel=1))
            other.start()
            other.join()
        warnings.warn("after", stacklevel=1)
        shown = [str(one.message) for one in caught]
    assert shown == ["theirs", "after"]
