"""Jobs called from schedulers as `docs/schedule.md` says: its own code blocks are what runs.

Schedulers that are not part of the environment get one of their own, with `uv`; where neither
they nor it can be installed, their tests are skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from .conftest import PARAMETERS, RUN

pytest.importorskip("papermill")

PAGE = (Path(__file__).parents[2] / "docs" / "schedule.md").read_text(encoding="utf-8")
LIMIT_S = 240
TRAIN = """
import aseptic
for step in range(EPOCHS):
    aseptic.log(loss=1 / (step + 1), step=step)
"""
LEAKING = """
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
y = (X.a > 0).astype(int)
X_train, y_train, X_test, y_test = X[:300], y[:300], X[200:], y[200:]
"""
FIT = "test_acc = LogisticRegression().fit(X_train, y_train).score(X_test, y_test)"


def block(heading: str, language: str) -> str:
    """The first block of a language below a heading of the page."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section, heading
    found = re.search(rf"```{language}\n(.*?)```", section[1], re.DOTALL)
    assert found, (heading, language)
    return found[1]


@pytest.fixture
def here(place):
    """The place, with the command where the page has it, and a notebook that is clean."""
    folder = place.folder / "bin"
    folder.mkdir()
    command = folder / "aseptic"
    pythonpath = os.pathsep.join(path for path in sys.path if path)
    command.write_text(
        "#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(pythonpath)} OMP_NUM_THREADS=1\n"
        f"export ASEPTIC_STORE={shlex.quote(place.environ['ASEPTIC_STORE'])}\n"
        f'exec {shlex.quote(sys.executable)} -m aseptic "$@"\n'
    )
    command.chmod(0o755)
    place.command = command
    place.notebook(("EPOCHS, day, C = 5, '', 1", PARAMETERS), (TRAIN, RUN))
    return place


def adapted(here, text: str) -> str:
    """The text of the page with the paths of the test in place of its own."""
    text = text.replace("/srv/ml/.venv/bin/aseptic", str(here.command))
    return text.replace("/srv/ml", str(here.folder))


def leak(here) -> None:
    """Makes the notebook one with a finding at the level of an error."""
    here.notebook(("day, C = '', 1", PARAMETERS), LEAKING, (FIT, RUN))


def run(words, **settings):
    settings = {"capture_output": True, "text": True, "timeout": LIMIT_S, **settings}
    return subprocess.run(words, stdin=subprocess.DEVNULL, **settings)


def environment_with(package: str, *, name: str) -> Path:
    """The Python of an environment with a package, made once and kept: it takes half a minute."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip(f"{name} is installed by uv, and uv is not")
    folder = Path(tempfile.gettempdir()) / f"aseptic-tests-{os.getuid()}" / name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        for words in (
            ["venv", "-q", "--python", sys.executable, str(folder)],
            ["pip", "install", "-q", "--python", str(python), package],
        ):
            done = run([uv, *words])
            if done.returncode != 0:
                pytest.skip(f"{name} cannot be installed here: {done.stderr[-500:]}")
        (folder / "complete").touch()
    return python


def injected(here) -> str:
    """papermill's cell of the params that the last run was given."""
    digest = here.runs[-1].artifacts["executed.ipynb"].digest
    page = json.loads(here.store.read_object(digest))
    tagged = (c for c in page["cells"] if "injected-parameters" in c["metadata"]["tags"])
    return "".join(next(tagged)["source"])


# -- forms that need nothing but a shell ----------------------------------------------------------


def crontab_command(line: str) -> str:
    """What cron hands to the shell: the line without its times, up to the first bare %."""
    command = line.split(None, 5)[5]
    return re.split(r"(?<!\\)%", command)[0].replace("\\%", "%")


def test_the_line_of_the_crontab_runs_in_the_bare_environment_of_cron(here):
    command = crontab_command(adapted(here, block("cron", "crontab")).strip())
    bare = {"HOME": str(here.folder), "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "me"}
    done = run(["/bin/sh", "-c", command], env=bare, cwd="/")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert re.fullmatch(r'# Parameters\nday = "\d{4}-\d\d-\d\d"\n', injected(here))


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("clean", 0, "trained"),
        ("worse", 0, "the old model stays"),
        ("leaking", 3, "not to be trusted"),
    ],
)
def test_the_shell_script_tells_exit_codes_apart(here, kind, code, said):
    from aseptic.testing import record_run

    metrics = {"test_acc": 0.9} if kind == "leaking" else {"loss": 0.2 if kind == "clean" else 0.01}
    baseline = record_run(here.store, metrics=metrics, experiment="train")
    here.store.set_baseline(baseline.run_id, experiment="train")
    if kind == "leaking":
        leak(here)
    script = here.folder / "nightly.sh"
    script.write_text(adapted(here, block("A shell script", "sh")))
    script.chmod(0o755)
    done = run([str(script)])
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout


def test_the_steps_of_the_workflow_run_in_the_shell_of_github(here):
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load(block("GitHub Actions", "yaml"))
    (step,) = [one for one in workflow["jobs"]["train"]["steps"] if one.get("name") == "train"]
    file = here.folder / "step.sh"
    file.write_text(step["run"])
    environ = {
        **here.environ,
        "PATH": f"{here.command.parent}:{os.environ['PATH']}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(here.folder / "summary.md"),
    }
    leak(here)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)]
    done = run(shell, cwd=here.folder, env=environ)
    assert done.returncode == 3, done.stdout + done.stderr
    rows = done.stdout.splitlines()
    errors = [row for row in rows if row.startswith("::error file=train.ipynb,")]
    assert any("D15 train-test-overlap" in row for row in errors)
    assert "D15" in (here.folder / "summary.md").read_text()
    upload = workflow["jobs"]["train"]["steps"][-1]
    assert (here.folder / upload["with"]["sarif_file"]).exists()


# -- schedulers of the system ---------------------------------------------------------------------


@pytest.mark.skipif(
    not (shutil.which("cron") and os.geteuid() == 0), reason="cron is not installed, or not root"
)
def test_cron_itself_runs_the_job(here):
    line = adapted(here, block("cron", "crontab")).strip()
    every_minute = " ".join(["* * * * *", line.split(None, 5)[5]])
    tab = Path("/etc/cron.d") / f"aseptic-test-{os.getpid()}"
    times, command = every_minute[:9], every_minute[10:]
    tab.write_text(f"MAILTO=\"\"\n{times} root {command}\n")  # fmt: skip
    tab.chmod(0o644)
    daemon = subprocess.Popen(["cron", "-f"])
    try:
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline:
            if (here.folder / ".aseptic").exists() and any(
                one.status == "finished" for one in here.runs
            ):
                return
            time.sleep(1)
        pytest.fail("cron has run nothing")
    finally:
        tab.unlink()
        stop([daemon])


def stop(processes) -> None:
    """Ends processes that a test started, and theirs."""
    found = []
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(one.pid)
            found += [*parent.children(recursive=True), parent]
    for one in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.terminate()
    _, alive = psutil.wait_procs(found, timeout=10)
    for one in alive:
        one.kill()


SLURM = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort=16917
SlurmdPort=16918
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A cluster of one node on this machine."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("slurmctld", "slurmd", "munged", "sbatch"))):
        pytest.skip("Slurm is not installed, or not root")
    folder = tmp_path / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    host = os.uname().nodename.partition(".")[0]
    (folder / "slurm.conf").write_text(SLURM.format(host=host, folder=folder))
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    munge = ["munged", "--force", "--foreground", "--num-threads", "1"]
    for option, name in (("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"),
                         ("log-file", "log"), ("seed-file", "seed")):  # fmt: skip
        munge += [f"--{option}", str(folder / f"munge.{name}")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(munge, **quiet)]
    time.sleep(1)
    started += [subprocess.Popen([name, "-D"], **quiet) for name in ("slurmctld", "slurmd")]
    try:
        deadline = time.monotonic() + 60
        while "idle" not in run(["sinfo", "-h", "-o", "%T"]).stdout:
            assert time.monotonic() < deadline, "the node did not come up"
            time.sleep(0.5)
        yield folder
    finally:
        stop(reversed(started))


SCRIPT = """
import argparse, time
import aseptic
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--epochs", type=int)
given = parser.parse_args()
for step in range(given.epochs):
    aseptic.log(loss=given.lr / (step + 1), step=step)
    time.sleep({pause})
"""


def test_slurm_runs_the_script_of_the_page(here, slurm):
    here.write("train.py", SCRIPT.format(pause=0))
    batch = here.write("job.sh", adapted(here, block("Slurm", "sh")))
    done = run(["sbatch", "--wait", "-o", str(slurm / "out"), batch], cwd=here.folder)
    assert done.returncode == 0, (slurm / "out").read_text()
    (made,) = here.runs
    assert (made.status, made.metrics["loss"].count) == ("finished", 50)


def test_what_slurm_cancels_is_interrupted_with_all_its_points(here, slurm):
    here.write("train.py", SCRIPT.format(pause=1))
    batch = here.write("job.sh", adapted(here, block("Slurm", "sh")))
    words = ["sbatch", "--wait", "-o", str(slurm / "out"), batch]
    waiting = subprocess.Popen(words, cwd=here.folder, stdout=subprocess.DEVNULL)
    here.wait_for_points()
    run(["scancel", "-n", "train"])
    assert waiting.wait(timeout=LIMIT_S) != 0
    deadline = time.monotonic() + 30
    while here.runs[0].status == "running" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert here.runs[0].status == "interrupted"


# -- schedulers in Python -------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_airflow_runs_the_task_of_the_page_and_fails_it_by_the_exit_code(here):
    python = environment_with("apache-airflow==3.*", name="airflow")
    airflow = str(python.with_name("airflow"))
    dags = here.folder / "dags"
    dags.mkdir()
    (dags / "nightly.py").write_text(adapted(here, block("Airflow", "python")))
    environ = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "AIRFLOW_HOME": str(here.folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    run([airflow, "db", "migrate"], env=environ, check=True)
    leak(here)
    done = run([airflow, "dags", "test", "nightly", "2026-01-31"], env=environ)
    said = done.stdout + done.stderr
    assert "exit code 3: 2 findings at --fail-on error" in said, said[-3000:]
    assert "Command exited with return code 3" in said
    assert re.search(r"Marking run .* failed", said), said[-3000:]
    assert injected(here) == '# Parameters\nday = "2026-01-31"\n'


@pytest.mark.timeout(600)
def test_prefect_runs_the_task_of_the_page_and_fails_it_by_the_exit_code(here):
    python = environment_with("prefect==3.*", name="prefect")
    flow = here.write("flow.py", adapted(here, block("Prefect", "python")))
    environ = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PREFECT_HOME": str(here.folder / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    leak(here)
    done = run([str(python), flow], cwd=here.folder, env=environ)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Finished in state Failed" in said
    assert "exit code 3" in said


@pytest.fixture
def jupyter(here, tmp_path_factory):
    """A Jupyter server with jupyter-scheduler, set as the page says; its URL."""
    packages = tmp_path_factory.mktemp("scheduler")
    wanted = ["jupyter-scheduler==2.*", "croniter", "pytz"]
    done = run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target",
                str(packages), *wanted])  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"jupyter-scheduler cannot be installed here: {done.stderr[-300:]}")
    settings = here.folder / "jupyter_server_config.py"
    settings.write_text(block("jupyter-scheduler", "python"))
    root = here.folder / "root"
    (root / ".git").mkdir(parents=True)
    environ = {
        **here.environ,
        **{f"JUPYTER_{kind}_DIR": str(here.folder / kind.lower())
           for kind in ("DATA", "RUNTIME", "CONFIG")},
        "PYTHONPATH": os.pathsep.join([*(path for path in sys.path if path), str(packages)]),
    }  # fmt: skip
    environ.pop("ASEPTIC_STORE")
    port = _free_port()
    words = [sys.executable, "-m", "jupyter_server", "--config", str(settings), "--allow-root",
             "--no-browser", f"--ServerApp.root_dir={root}", "--IdentityProvider.token=t",
             "--ServerApp.jpserver_extensions={'jupyter_scheduler': True}",
             f"--port={port}"]  # fmt: skip
    log = (here.folder / "server.log").open("w")
    server = subprocess.Popen(words, env=environ, cwd=root, stdout=log, stderr=log)
    try:
        yield root, _wait_for(f"http://127.0.0.1:{port}", here.folder / "server.log")
    finally:
        stop([server])
        log.close()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _wait_for(url: str, log: Path) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            ask(url, "api/status")
            return url
        time.sleep(0.3)
    pytest.fail(log.read_text()[-2000:])


def ask(url: str, path: str, body: object = None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/{path}", data=data)
    request.add_header("Authorization", "token t")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_jupyter_scheduler_executes_jobs_by_aseptic(here, jupyter):
    root, url = jupyter
    for name in ("clean", "leaking"):
        leak(here) if name == "leaking" else None
        shutil.copy(here.folder / "train.ipynb", root / f"{name}.ipynb")
    states = {}
    for name in ("clean", "leaking"):
        body = {"name": name, "input_uri": f"{name}.ipynb", "output_formats": ["ipynb"],
                "runtime_environment_name": "python3", "parameters": {"EPOCHS": "7"}}  # fmt: skip
        job_id = ask(url, "scheduler/jobs", body)["job_id"]
        deadline = time.monotonic() + 120
        job = ask(url, f"scheduler/jobs/{job_id}")
        while job["status"] not in ("COMPLETED", "FAILED"):  # STOPPED until it has begun
            assert time.monotonic() < deadline, job
            time.sleep(1)
            job = ask(url, f"scheduler/jobs/{job_id}")
        states[name] = (job["status"], job.get("status_message") or "")
    assert states["clean"][0] == "COMPLETED", (here.folder / "server.log").read_text()[-3000:]
    assert states["leaking"][0] == "FAILED"
    assert states["leaking"][1].startswith("exit code 3: 2 findings at --fail-on error")
    from aseptic.store import open_store

    store = open_store(root / ".aseptic")
    columns = store.read_runs(experiment="clean")
    assert columns.metrics["loss"] == [pytest.approx(1 / 7)]
