"""What showing a widget publishes, in a kernel and in IPython in a terminal."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from aseptic.widgets.curves import CurvesWidget
from aseptic.widgets.panel import ComparePanel

WIDGET = "application/vnd.jupyter.widget-view+json"
OURS = "application/vnd.aseptic.view+json"
PANEL = """from synthetic import SyntheticStore
from aseptic.widgets.panel import ComparePanel
ComparePanel(SyntheticStore(12))"""
CURVES = """from aseptic.widgets.curves import CurvesWidget
curves = CurvesWidget.live({"a": "calm-otter"})
curves.append("a", "loss", [0, 1], [0.0, 1.0], [0.5, 0.4])
curves"""
MORE = """curves.append("a", "late_loss", [0, 1], [0.0, 1.0], [0.5, 0.4])
curves.finish()"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of each cell."""
    cells = [PANEL, f"display(_)\n{PANEL};", f"%%capture held\n{PANEL}", CURVES, MORE]
    cells.append("sum(bool(output.data) for output in held.outputs)")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_widget_is_shown_as_two_outputs(outputs):
    widget, form = (output.data for output in outputs[0])
    assert set(widget) == {WIDGET, OURS, "text/plain"}
    assert "\n" not in widget["text/plain"]
    assert set(form) == {"text/html", "text/plain"}
    assert f'data-view="{widget[WIDGET]["model_id"]}"' in form["text/html"]
    assert widget[OURS]["form"] == widget[WIDGET]["model_id"]
    assert form["text/plain"].startswith("run ")


def test_display_shows_the_same_as_a_last_expression(outputs):
    assert [set(output.data) for output in outputs[1]] == [
        set(output.data) for output in outputs[0]
    ]


def test_capture_holds_both_outputs(outputs):
    assert outputs[2] == []
    assert outputs[5][0].data["text/plain"] == "2"


def test_finished_curves_make_their_static_form_anew_and_show_no_second_widget(outputs):
    assert [WIDGET in output.data for output in outputs[3]] == [True, False]
    assert "late_loss" in outputs[3][1].data["text/html"]
    assert "late_loss" in outputs[3][1].data["text/plain"]
    assert outputs[4] == []


def test_curves_that_nobody_was_shown_publish_nothing(capsys):
    CurvesWidget.live({}).finish()
    assert capsys.readouterr().out == ""


def test_a_terminal_prints_the_table_once(store):
    from IPython.core.formatters import DisplayFormatter

    panel = ComparePanel(store)
    data, _ = DisplayFormatter().format(panel)
    assert data["text/plain"] == panel.static_text()
