"""The quickstart on this machine: runs its cells, prints its runs, serves it in JupyterLab.

The notebook is executed as a copy in `demo/`, a folder that git ignores, so the example stays as
it is and the copy can be played with.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat.sign import NotebookNotary
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "examples" / "quickstart.ipynb"
EXPERIMENT = "digits"


def main() -> int:
    """Executes, compares, serves; 1 where a cell failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--no-lab", action="store_true", help="stop before serving JupyterLab")
    options.add_argument("--folder", type=Path, default=ROOT / "demo", help="where the copy goes")
    given = options.parse_args()
    console = Console()

    path = copy_example(given.folder)
    notebook = nbformat.read(path, as_version=4)
    try:
        execute(notebook, folder=path.parent, console=console)
    except CellExecutionError as error:
        console.print(str(error), markup=False, highlight=False)
        return 1
    finally:
        nbformat.write(notebook, path)
    NotebookNotary().sign(notebook)  # executed here and now, so JupyterLab may show its widgets

    status = print_runs(notebook, path.parent, console)
    if status == 0 and not given.no_lab:
        serve(path, console)
    console.print(f"The executed notebook: {path}", soft_wrap=True)
    return status


def copy_example(folder: Path) -> Path:
    """The example, copied into a folder that ignores itself; an edited copy there is kept aside."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    target = folder / EXAMPLE.name
    if target.exists() and _sources(target) != _sources(EXAMPLE):
        target.replace(target.with_stem(f"{target.stem}-yours"))
    shutil.copyfile(EXAMPLE, target)
    return target


def execute(notebook: NotebookNode, *, folder: Path, console: Console) -> None:
    """Runs the cells in order, in a new kernel, with a bar that names the cell at work."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting a kernel", total=len(code))

        def started(cell: NotebookNode, **_: Any) -> None:
            if cell.cell_type == "code":
                progress.update(task, description=f"{_title(cell.source):<44.44}")

        def done(cell: NotebookNode, **_: Any) -> None:
            if cell.cell_type == "code":
                progress.advance(task)

        client = nbclient.NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            extra_arguments=["--log-level=ERROR"],  # a local kernel need not warn of its network
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=started,
            on_cell_complete=done,
        )
        client.execute()
        progress.update(task, description=f"{'executed the quickstart':<44}")


def print_runs(notebook: NotebookNode, folder: Path, console: Console) -> int:
    """The comparison table of this demo's runs, as a user gets it in a terminal."""
    count = sum(cell.source.startswith("%%track") for cell in notebook.cells)
    words = ["runs", "--experiment", EXPERIMENT, "--limit", str(count)]
    console.print(f"\n$ aseptic {' '.join(words)}", style="bold", highlight=False)
    return subprocess.run([BIN / "aseptic", *words], cwd=folder, check=False).returncode


def serve(path: Path, console: Console) -> None:
    """Becomes a JupyterLab server with the notebook open. It prints its URL and stays."""
    console.print("\nServing the notebook in JupyterLab; open the URL below, end with Ctrl-C.\n")
    words = [
        "jupyter",
        "lab",
        "--no-browser",
        "--log-level=WARN",
        f"--ServerApp.root_dir={path.parent}",
        f"--LabApp.default_url=/lab/tree/{path.name}",
        # a demo asks nobody for news, updates or other extensions
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    sys.stdout.flush()
    os.execv(BIN / "jupyter", words)  # noqa: S606 - the server takes this process's place


def _title(source: str) -> str:
    lines = [line for line in source.splitlines() if line.strip()]
    return next(iter(lines), "")


def _sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


if __name__ == "__main__":
    sys.exit(main())
