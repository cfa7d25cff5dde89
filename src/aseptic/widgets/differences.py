"""The differences of two runs, as a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from aseptic.results import DiffResult
from aseptic.show.as_html import draw_html
from aseptic.show.as_text import draw_text
from aseptic.widgets.base import STATIC, Widget
from aseptic.widgets.packing import builtins
from aseptic.widgets.worded import in_words

if TYPE_CHECKING:
    from aseptic.contract import Differences


class DifferencesWidget(Widget):
    """What changed between two runs, what matters first."""

    _esm: ClassVar[Any] = STATIC / "differences.js"

    differences = traitlets.Dict(help="contract.Differences").tag(sync=True)

    def __init__(self, differences: Differences) -> None:
        self._result = DiffResult(differences)
        super().__init__(differences=builtins(in_words(differences)))

    def static_html(self) -> str:
        """The sections as a table, and the code side by side."""
        return draw_html(self._result.blocks())

    def static_text(self) -> str:
        """The same as text."""
        return draw_text(self._result.blocks())
