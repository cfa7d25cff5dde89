"""A notebook, executed by papermill: its parameters and paths, with cells as JupyterLab sends them.

papermill reads, parametrises, saves and reports; the engine here adds that the kernel tracks,
and that it is told each cell's id and tags.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aseptic.batch.worker import Worker
from aseptic.errors import BadOption

try:
    import nbformat
    import zmq
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from nbclient.exceptions import DeadKernelError
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines
    from papermill.exceptions import PapermillException, PapermillExecutionError
    from papermill.execute import execute_notebook
except ImportError as error:
    raise BadOption(
        f"run: notebooks are executed by papermill, and {error.name} is not installed: "
        "pip install 'aseptic[batch]'"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aseptic.batch.job import Job

_ENGINE = "aseptic"
_SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none


class NotebookWorker(Worker):
    """One execution of one notebook in a kernel of its own."""

    def __init__(self, job: Job, environ: Mapping[str, str]) -> None:
        super().__init__()
        self.environ = dict(environ)
        self.job = job
        self.page: Any = None  # the notebook as it is being executed
        self.kernel: Any = None  # its manager, while there is a kernel
        self.is_stopping = threading.Event()

    def execute(self) -> str | None:
        """See Worker."""
        papermill_engines.register(_ENGINE, _Engine)
        log = logging.getLogger("papermill")
        heard = _Heard(self.notes)
        log.addHandler(heard)
        try:
            execute_notebook(
                self.job.target,
                self.job.output,
                parameters=dict(self.job.params),
                engine_name=_ENGINE,
                progress_bar=False,
                worker=self,
                **_kernel_of(self.job.target),
            )
        except PapermillExecutionError as error:
            self.failed_cell = error.cell_index + 1
            why = f": {error.evalue}" if error.evalue else ""
            return f"cell {self.failed_cell}: {error.ename}{why}"
        except DeadKernelError:
            return f"the kernel died{self._how_it_died()}"
        except _Stopped:
            return "interrupted between two cells"
        except Exception as error:  # noqa: BLE001 -- papermill reads from anywhere
            self._refuse_or_pass(error)
            return f"{type(error).__name__}: {error}"
        finally:
            log.removeHandler(heard)
            if self.page is not None:
                self.notebook = nbformat.writes(self.page)  # type: ignore[no-untyped-call]  # nbformat's
        return None

    def interrupt(self) -> None:
        """See Worker."""
        self.is_stopping.set()
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """See Worker."""
        self.is_stopping.set()
        self._signal(_SIGKILL)

    def _signal(self, number: int) -> None:
        kernel = self.kernel
        if kernel is None:
            return
        asked = kernel.interrupt_kernel if number == signal.SIGINT else None

        def send() -> None:
            try:
                asyncio.run(asked() if asked else kernel.signal_kernel(number))
            except Exception as error:  # noqa: BLE001 -- it has gone in the meantime
                logging.getLogger("papermill").debug("not signalled: %s", error)

        # the caller may have an event loop of its own, as in a kernel
        sender = threading.Thread(target=send, name="aseptic-signal")
        sender.start()
        sender.join()

    def _refuse_or_pass(self, error: Exception) -> None:
        """Raises BadOption where nothing was executed: then the words of the job are wrong."""
        if self.page is None or isinstance(error, BadOption):
            told = (
                str(error) if isinstance(error, (BadOption, PapermillException)) else _named(error)
            )
            raise BadOption(f"run: cannot run {self.job.target}: {told}") from error

    def _how_it_died(self) -> str:
        process = getattr(self.kernel, "process_of_job", None)
        code = process.poll() if process is not None else None
        return f" (signal {-code})" if code is not None and code < 0 else ""


def _kernel_of(target: str) -> dict[str, str]:
    """Python's kernel for a notebook file that names none: papermill would refuse it."""
    if "://" in target:
        return {}
    page: Any = nbformat.read(target, as_version=4)  # type: ignore[no-untyped-call]  # nbformat's
    is_named = page.metadata.get("kernelspec", {}).get("name")
    return {} if is_named else {"kernel_name": "python3", "language": "python"}


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class _Stopped(Exception):
    """The job was interrupted while no cell ran."""


class _Heard(logging.Handler):
    """Keeps what papermill warns of, such as a param that the notebook does not know."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one warning; what is an error of the notebook is told by its exception."""
        if record.levelno == logging.WARNING and record.getMessage() not in self._notes:
            self._notes.append(record.getMessage())


class _Engine(Engine):  # type: ignore[misc]  # papermill has no types
    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        worker: NotebookWorker,
        start_timeout: int = 60,
        **_: Any,
    ) -> None:
        worker.page = nb_man.nb
        client = _Client(
            nb_man, kernel_name=kernel_name, startup_timeout=start_timeout, worker=worker
        )
        client.execute(env=worker.environ, cwd=str(worker.job.folder))


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """A client that makes the kernel track, and sends cells as a front end does."""

    def __init__(self, nb_man: Any, *, worker: NotebookWorker, **settings: Any) -> None:
        super().__init__(nb_man, **settings)
        self._worker = worker
        worker.cells = sum(map(_is_executed, self.nb.cells))

    def create_kernel_manager(self) -> Any:
        manager = super().create_kernel_manager()
        manager.client_factory = _CellClient
        if zmq.has("curve") and manager.has_trait("transport_encryption"):
            manager.transport_encryption = "auto"  # others may work on the machine of a scheduler
        return manager

    def papermill_execute_cells(self) -> None:
        self.km.process_of_job = getattr(self.km.provisioner, "process", None)
        self._worker.kernel = self.km
        if self.km.kernel_spec.language == "python":
            self._prepare()
        super().papermill_execute_cells()
        self._worker.doing = "ending the kernel"

    def _prepare(self) -> None:
        """Loads aseptic in the kernel. Raises BadOption where it has none."""
        job = self._worker.job
        asked = json.dumps({"experiment": job.experiment or _stem(job), "ignore": job.ignore})
        code = f"__import__('aseptic.notebook.job', fromlist=['job']).prepare({asked!r})"
        reply = self.wait_for_reply(self.kc.execute(code, silent=True, store_history=False))
        content = reply["content"]
        if content["status"] != "ok":
            told = f"{content.get('ename')}: {content.get('evalue')}"
            raise BadOption(
                f"aseptic cannot be loaded in the kernel {self.kernel_name!r} ({told}); "
                "install it in that kernel's environment"
            )

    def execute_cell(self, cell: Any, cell_index: int, *args: Any, **settings: Any) -> Any:
        if self._worker.is_stopping.is_set():
            raise _Stopped
        if not _is_executed(cell):
            return super().execute_cell(cell, cell_index, *args, **settings)
        self._worker.doing = f"cell {self._worker.cells_done + 1}"
        self.kc.cell_metadata = {
            "cellId": cell.get("id"),
            "tags": list(cell.metadata.get("tags", [])),
            "deletedCells": [],
        }
        done = super().execute_cell(cell, cell_index, *args, **settings)
        self._worker.cells_done += 1
        return done


class _CellClient(AsyncKernelClient):
    """Sends with each cell what JupyterLab sends: its id and its tags."""

    cell_metadata: dict[str, Any] = {}  # noqa: RUF012 -- set anew for each cell, never changed

    def execute(
        self,
        code: str,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Any = None,
        allow_stdin: bool | None = None,
        stop_on_error: bool = True,
    ) -> str:
        """Sends a cell; returns the id of the message."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": user_expressions or {},
            "allow_stdin": self.allow_stdin if allow_stdin is None else allow_stdin,
            "stop_on_error": stop_on_error,
        }
        message = self.session.msg("execute_request", content, metadata=self.cell_metadata)
        self.shell_channel.send(message)
        return str(message["header"]["msg_id"])


def _is_executed(cell: Any) -> bool:
    return bool(cell.cell_type == "code" and cell.source.strip())


def _stem(job: Job) -> str:
    return Path(job.name).stem
