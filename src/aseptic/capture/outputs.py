"""What a cell shows, copied on its way to the front end through ipykernel's own hooks.

`sys.stdout`, the display publisher and the display hook stay what they are: ipykernel calls
registered hooks with each message and sends what they return, and ours return it unchanged.
Where those hooks are missing (a plain IPython terminal; execute results before ipykernel 7,
whose display hook has none) a `Problem` says what was not captured. Results need no hook:
IPython keeps their formatted text, so no repr is called a second time.

ipykernel calls a stream's hooks in the thread that flushes it, which is the IO thread, and hook
lists are thread-local: the hook of a stream is registered *in* the IO thread, and taken off
there. Text that C code or a child process writes to the descriptors passes the same hooks.
"""

from __future__ import annotations

import base64
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from aseptic.capture.secrets import redact
from aseptic.model import Outputs, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = _TAIL = 128 * 1024  # characters kept of the beginning and of the end of a stream
_MOST_FIGURES = 20
_FIGURE_BYTES = 5_000_000  # of one figure
_FIGURES_BYTES = 20_000_000  # of all figures of a cell
_RESULT = 64 * 1024  # characters of the result's text
_FIGURE_TYPES = {"image/png": "png", "image/svg+xml": "svg", "image/jpeg": "jpg"}
_IO_WAIT_S = 1.0


class Figure(NamedTuple):
    """A displayed picture, as an artifact would be made of it."""

    name: str
    media_type: str
    content: bytes


class Captured(NamedTuple):
    """What one cell showed, and what of it could not be captured."""

    outputs: Outputs
    figures: list[Figure]
    problems: list[Problem]


class OutputCapture:
    """Copies what one cell shows, from `start()` to `stop()`.

    Of any two captures that overlap (subshells), each sees only messages of its own cell, told
    apart by their parent message.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._streams: dict[str, _Text] = {}
        self._figures = _Figures()
        self._problems: list[Problem] = []
        self._undo: list[Callable[[], object]] = []
        self._parent: str | None = None
        self._watched: list[Any] = []
        self._sees_results = False  # ipykernel 6 offers no hook for the cell's result
        self._results_before: dict[int, object] = {}

    def start(self) -> None:
        """Begin to copy. What is missing here is a problem, never an error."""
        self._parent = _parent_id(self._shell)
        self._results_before = self._shown_results()
        for name in ("stdout", "stderr"):
            self._watch_stream(name, getattr(sys, name, None))
        publisher = getattr(self._shell, "display_pub", None)
        if not self._register(publisher, self._on_display):
            self._problems.append(Problem(what="figures", reason=_NO_HOOKS))
        displayhook = getattr(self._shell, "displayhook", None)
        self._sees_results = self._register(displayhook, self._on_display)

    def stop(self) -> Captured:
        """End copying, take every hook off again, and give what was shown."""
        for stream in self._watched:
            _quietly(stream.flush)  # waits until the IO thread has sent, and so shown us, all
        for undo in reversed(self._undo):
            _quietly(undo)
        self._undo.clear()
        outputs = Outputs(
            stdout=self._text("stdout"),
            stderr=self._text("stderr"),
            result=self._result(),
            peak_memory_bytes=peak_memory_bytes(),
        )
        return Captured(outputs, self._figures.kept, [*self._problems, *self._figures.problems])

    # Streams

    def _watch_stream(self, name: str, stream: Any) -> None:
        text = _Text()

        def on_message(message: dict[str, Any]) -> dict[str, Any]:
            if self._is_ours(message) and message.get("msg_type") == "stream":
                text.add(message["content"]["text"])
            return message

        if not _is_hookable(stream):
            self._problems.append(Problem(what=name, reason=_NO_HOOKS))
            return
        self._streams[name] = text
        self._watched.append(stream)
        self._undo.append(lambda: _in_io_thread(stream, lambda: stream.unregister_hook(on_message)))
        if not _in_io_thread(stream, lambda: stream.register_hook(on_message)):
            self._problems.append(Problem(what=name, reason="the kernel's IO thread is too busy"))

    def _text(self, name: str) -> str | None:
        text = self._streams.get(name)
        if text is None:
            return None
        if text.dropped:
            reason = f"{text.dropped:,} characters in the middle of {text.size:,} were not kept"
            self._problems.append(Problem(what=name, reason=reason))
        return redact(text.get())

    # Displays and the result

    def _register(self, target: Any, hook: Callable[[dict[str, Any]], Any]) -> bool:
        if not _is_hookable(target):
            return False
        target.register_hook(hook)
        self._undo.append(lambda: target.unregister_hook(hook))
        return True

    def _on_display(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            if self._is_ours(message):
                self._take_figure(message)
        except Exception as error:  # noqa: BLE001 - a fault here must not lose the user's output
            self._problems.append(Problem(what="figures", reason=f"{type(error).__name__}"))
        return message

    def _take_figure(self, message: dict[str, Any]) -> None:
        kind, content = message.get("msg_type"), message.get("content", {})
        if kind == "clear_output":
            self._figures.clear()
        elif data := content.get("data"):
            self._figures.add(data, content.get("transient", {}).get("display_id"))

    def _is_ours(self, message: dict[str, Any]) -> bool:
        parent = message.get("parent_header", {}).get("msg_id")
        return self._parent is None or parent in {None, self._parent}

    def _shown_results(self) -> dict[int, object]:
        """The texts of results by execution count, near the present one.

        IPython 8 counts a cell when it has ended, 9 when it begins, and neither without history.
        """
        count = getattr(self._shell, "execution_count", 0)
        history = getattr(self._shell, "history_manager", None)
        texts = getattr(history, "output_hist_reprs", {})
        return {near: texts.get(near) for near in range(count - 2, count + 2)}

    def _result(self) -> str | None:
        """The text of the cell's result, as IPython formatted it when it was shown."""
        before, now = self._results_before, self._shown_results()
        text = next((now[n] for n in reversed(now) if now[n] is not before.get(n)), None)
        if not isinstance(text, str):
            return None
        if text.startswith("<Figure ") and not self._sees_results:
            reason = "one that is the cell's result can be copied from ipykernel 7 on"
            self._problems.append(Problem(what="figures", reason=reason))
        if len(text) > _RESULT:
            reason = f"the first {_RESULT:,} of {len(text):,} characters were kept"
            self._problems.append(Problem(what="result", reason=reason))
        return redact(text[:_RESULT])


_NO_HOOKS = "this front end offers no way to copy it (only ipykernel does)"


def peak_memory_bytes() -> int | None:
    """The most memory that this process has ever held resident, not the cell alone.

    A cell that needed less than an earlier one leaves it as it was, so a run's own peak is known
    only where it rises. None on Windows, which does not tell it in this way.
    """
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # bytes there, kilobytes elsewhere


# ipykernel --------------------------------------------------------------------------------------


def _is_hookable(target: Any) -> bool:
    return callable(getattr(target, "register_hook", None)) and callable(
        getattr(target, "unregister_hook", None)
    )


def _parent_id(shell: Any) -> str | None:
    header = getattr(shell, "parent_header", None) or getattr(
        getattr(shell, "display_pub", None), "parent_header", None
    )
    if not isinstance(header, dict):
        return None
    message_id = header.get("msg_id") or header.get("header", {}).get("msg_id")
    return message_id if isinstance(message_id, str) else None


def _in_io_thread(stream: Any, action: Callable[[], object]) -> bool:
    """Do something in the thread that sends a stream's messages, and wait until it is done."""
    io_thread = getattr(stream, "pub_thread", None)
    thread = getattr(io_thread, "thread", None)
    if io_thread is None or thread is None or not thread.is_alive():
        return False
    done = threading.Event()

    def act() -> None:
        try:
            action()
        finally:
            done.set()

    io_thread.schedule(act)
    return done.wait(_IO_WAIT_S)


def _quietly(action: Callable[[], object]) -> None:
    with suppress(Exception):  # the kernel may be going down; nothing is left to say
        action()


# What is kept -----------------------------------------------------------------------------------


class _Text:
    """The beginning and the end of a stream, in bounded memory."""

    def __init__(self) -> None:
        self.size = 0
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0

    @property
    def dropped(self) -> int:
        return self.size - self._head_size - self._tail_size

    def add(self, text: str) -> None:
        self.size += len(text)
        room = _HEAD - self._head_size
        head, rest = text[:room], text[room:]
        if head:
            self._head.append(head)
            self._head_size += len(head)
        if rest:
            self._add_to_tail(rest[-_TAIL:])

    def _add_to_tail(self, text: str) -> None:
        self._tail.append(text)
        self._tail_size += len(text)
        while self._tail_size > _TAIL:
            excess = self._tail_size - _TAIL
            first = self._tail.popleft()
            if len(first) > excess:
                self._tail.appendleft(first[excess:])
            self._tail_size -= min(len(first), excess)

    def get(self) -> str:
        middle = f"\n… {self.dropped:,} characters …\n" if self.dropped else ""
        return "".join((*self._head, middle, *self._tail))


class _Figures:
    """The pictures that a cell displayed, each kept once, within bounds of number and size."""

    def __init__(self) -> None:
        self._by_id: dict[object, Figure] = {}
        self._size = 0
        self._passed_over = 0

    @property
    def kept(self) -> list[Figure]:
        figures = enumerate(self._by_id.values(), start=1)
        return [
            Figure(f"figure_{n}.{_FIGURE_TYPES[figure.media_type]}", *figure[1:])
            for n, figure in figures
        ]

    @property
    def problems(self) -> list[Problem]:
        if not self._passed_over:
            return []
        reason = f"{self._passed_over} of {self._passed_over + len(self._by_id)} were not kept"
        return [Problem(what="figures", reason=f"{reason}: too many or too large")]

    def add(self, data: dict[str, Any], display_id: str | None) -> None:
        media_type = next((kind for kind in _FIGURE_TYPES if kind in data), None)
        if media_type is None:
            return
        content = _content(data[media_type], media_type)
        key = display_id or object()
        is_full = len(self._by_id) >= _MOST_FIGURES and key not in self._by_id
        if is_full or len(content) > _FIGURE_BYTES or self._size + len(content) > _FIGURES_BYTES:
            self._passed_over += 1
            return
        self._size += len(content) - len(self._by_id.get(key, _NONE).content)
        self._by_id[key] = Figure("", media_type, content)

    def clear(self) -> None:
        self._by_id.clear()
        self._size = 0


_NONE = Figure("", "", b"")


def _content(value: Any, media_type: str) -> bytes:
    text = "".join(value) if isinstance(value, list) else value
    if isinstance(text, bytes):
        return text
    if media_type == "image/svg+xml":
        return redact(text).encode("utf-8", "replace")
    return base64.b64decode(text)
