"""A kernel that a job executes a notebook in: it tracks, whatever the notebook loads itself.

`aseptic run` calls `prepare` before the first cell.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any

_BUDGET_S = 60.0  # that checks may take after a cell: nobody waits for the card


def prepare(asked: str) -> None:
    """Loads the extension as the job wants it. Raises RuntimeError where it cannot be loaded.

    `asked` is JSON: `experiment`, the name of the notebook's experiment, and `ignore`, the checks
    that are left out.
    """
    from IPython import get_ipython

    from aseptic.notebook.loading import find_extension, load

    shell: Any = get_ipython()
    load(shell)
    extension = find_extension(shell)
    if extension is None:
        raise RuntimeError("the extension did not load; its message is on stderr")
    wanted = json.loads(asked)
    extension.experiment = wanted["experiment"]
    extension.hygiene.ignore = tuple(wanted["ignore"])
    extension.hygiene.least_budget_s = _BUDGET_S
    signal.signal(signal.SIGTERM, _as_interrupt)


def _as_interrupt(number: int, frame: Any) -> None:
    """A scheduler that ends every process at once interrupts the cell; an idle kernel ends.

    While a cell runs, ipykernel has set what SIGINT does to it; while none does, it is ignored.
    """
    interrupt = signal.getsignal(signal.SIGINT)
    if callable(interrupt):
        interrupt(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
