"""What the widgets share: the built front end, requests from the browser, the static form."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import msgspec
import traitlets

from aseptic.contract import Done, Failed, Request
from aseptic.errors import AsepticError
from aseptic.widgets.packing import pack

if TYPE_CHECKING:
    from aseptic.contract import Reply

STATIC = Path(__file__).parent / "static"
_WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
#: Tells aseptic's JupyterLab plugin that a static form stands in for the widget: the HTML beside
#: it, or the output of its own that `form` names.
MIME = "application/vnd.aseptic.view+json"
_LINE = "An aseptic view, live where its kernel runs."


class Widget(anywidget.AnyWidget):
    """A widget with an answer to each request, and a form that needs no script.

    A subclass sets `_esm` to its file in `STATIC`. Set it nowhere else: anywidget makes a
    subclass again for each instance.
    """

    _css: ClassVar[Any] = STATIC / "style.css"

    form = traitlets.Unicode(help="`data-view` of its static form, hidden by it").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        name = uuid.uuid4().hex
        self._is_shown = False
        super().__init__(model_id=name, form=name, **traits)
        self.on_msg(self._receive)

    @abstractmethod
    def static_html(self) -> str:
        """What it shows as HTML without script; the same text for the same content."""

    @abstractmethod
    def static_text(self) -> str:
        """What it shows as lines of text."""

    def answer(self, request: Request) -> Reply:
        """The reply to a request of the browser. An AsepticError becomes `Failed`."""
        raise NotImplementedError(f"{type(self).__name__} answers no {type(request).__name__}")

    def show(self) -> None:
        """Shows two outputs in a notebook: the widget, and its static form.

        Where the widget lives, it hides the form. A saved notebook shows the form alone, since
        most of what reads one can show no widget.
        """
        from IPython.display import display

        data, metadata = super()._repr_mimebundle_() or ({}, {})
        if _WIDGET_MIME in data:
            widget = {**data, MIME: {"version": 1, "form": self.form}, "text/plain": _LINE}
            display(widget, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        display(self._static_form(), display_id=self.form, raw=True)  # type: ignore[no-untyped-call]
        self._is_shown = True

    def update_form(self) -> None:
        """Makes the static form anew where it was shown; the widget stays as it is."""
        from IPython.display import display

        if self._is_shown:
            form = self._static_form()
            display(form, display_id=self.form, update=True, raw=True)  # type: ignore[no-untyped-call]

    def post(self, reply: Reply) -> None:
        """Sends a message to every view of this widget."""
        content, buffers = pack(reply)
        self.send(content, buffers)

    def _receive(self, _widget: object, content: Any, _buffers: list[bytes]) -> None:
        try:
            request = msgspec.convert(content, type=Request)
        except msgspec.ValidationError as error:
            self._fail(content, f"a message that aseptic does not know: {error}")
            return
        try:
            self.post(self.answer(request))
        except AsepticError as error:
            self._fail(content, str(error))
        except Exception as error:  # noqa: BLE001  # a comm's callback has nobody above it to tell
            self._fail(content, f"{type(error).__name__}: {error}")

    def _fail(self, content: Any, message: str) -> None:
        request_id = content.get("request_id", 0) if isinstance(content, dict) else 0
        self.post(Failed(request_id=request_id, message=message))

    def _static_form(self) -> dict[str, str]:
        page = plain_page(self.static_html())
        html = f'<div class="as-StaticForm" data-view="{self.form}">{page}</div>'
        return {"text/html": html, "text/plain": self.static_text()}

    def _ipython_display_(self) -> None:
        from IPython import get_ipython

        if not hasattr(get_ipython(), "kernel"):
            raise NotImplementedError  # IPython in a terminal asks for the bundle then
        self.show()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        static = {"text/plain": self.static_text(), "text/html": plain_page(self.static_html())}
        return {**data, **static, MIME: {"version": 1}}, metadata


def plain_page(content: str) -> str:
    """The content as JupyterLab shows it: its own rules for tables in outputs are undone."""
    return f'<div class="as-Static">{_STYLE}{content}</div>'


_STYLE = (
    "<style>.as-Static table{margin:0!important}.as-Static tr{background:none!important}"
    ".as-Static [align=left]{text-align:left!important}"
    ".as-Static [align=right]{text-align:right!important}</style>"
)


def done(request: Request) -> Done:
    """The answer to a request that asked for nothing back."""
    return Done(request_id=request.request_id)
