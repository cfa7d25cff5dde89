"""Widgets in a notebook that lives, that is opened again without kernel, or is made into a page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

SETUP = """from synthetic import SyntheticStore, run_id
from aseptic.widgets.panel import ComparePanel
panel = ComparePanel(SyntheticStore(12), selected=[run_id(2), run_id(6)])
"""
CELL = f"{SETUP}panel"
COUNTS = """() => {
    const seen = name => [...document.querySelectorAll(name)].filter(e => e.offsetHeight > 0);
    return [seen('.as-Panel').length, seen('.as-StaticForm').length];
}"""


def forms_in_sight(page) -> list[int]:
    """How many panels and how many static forms can be seen."""
    return page.evaluate(COUNTS)


def reopen_without_kernel(notebook, page) -> None:
    notebook.save()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.wait_for_timeout(500)
    page.goto("about:blank")
    notebook.open()
    page.wait_for_timeout(3000)


def test_the_saved_notebook_holds_the_comparison_without_script(open_notebook, page, screenshots):
    notebook = open_notebook(CELL)
    notebook.run(0)
    notebook.save()
    saved = nbformat.read(notebook.path, as_version=4)
    widget, form = saved.cells[0].outputs
    assert "text/html" not in widget.data
    html = form.data["text/html"]
    assert "keen-badger" in html
    assert "<script" not in html
    assert "LogisticRegression" in html

    page.set_content(f"<body style='margin:20px;width:1100px'>{html}</body>")
    page.screenshot(path=screenshots / "static.png", full_page=True)


def test_where_the_widget_lives_its_static_form_is_hidden(open_notebook, page, screenshots):
    notebook = open_notebook(CELL, "panel.close()")
    page.evaluate(
        """counts => {
            window.frames_of_both = 0;
            const look = () => {
                const [panels, forms] = eval(counts)();
                window.frames_of_both += panels > 0 && forms > 0;
                requestAnimationFrame(look);
            };
            look();
        }""",
        COUNTS,
    )
    notebook.run(0)
    page.wait_for_selector(".as-Panel")
    page.wait_for_timeout(2000)
    assert forms_in_sight(page) == [1, 0]
    assert page.evaluate("window.frames_of_both") == 0
    page.screenshot(path=screenshots / "live.png")

    notebook.run(1)
    page.wait_for_function(f"() => JSON.stringify(({COUNTS})()) === '[0,1]'")


def test_a_captured_panel_is_hidden_until_it_is_shown(open_notebook, page):
    notebook = open_notebook(f"%%capture held\n{CELL}", "held.show()")
    notebook.run(0)
    page.wait_for_timeout(500)
    assert forms_in_sight(page) == [0, 0]
    notebook.run(1)
    page.wait_for_selector(".as-Panel")
    page.wait_for_timeout(2000)
    assert forms_in_sight(page) == [1, 0]


def test_a_notebook_opened_again_shows_the_comparison(open_notebook, page, screenshots):
    notebook = open_notebook(CELL)
    notebook.run(0)
    page.wait_for_selector(".as-Panel")
    reopen_without_kernel(notebook, page)
    page.screenshot(path=screenshots / "reopened.png")
    assert forms_in_sight(page) == [0, 1]
    text = notebook.output(0)
    assert "keen-badger" in text
    assert "Error" not in text
    assert "An aseptic view" not in text


def test_a_bundle_of_widget_and_html_shows_the_html_when_opened_again(open_notebook, page):
    notebook = open_notebook(f"{SETUP}display(panel._repr_mimebundle_()[0], raw=True)")
    notebook.run(0)
    page.wait_for_selector(".as-Panel")
    assert "keen-badger" in notebook.output(0)
    reopen_without_kernel(notebook, page)
    assert page.locator(".as-Static").is_visible()
    assert "Error" not in notebook.output(0)


def test_curves_keep_one_form_from_the_cell_that_logs_to_the_saved_notebook(open_notebook, page):
    log = "import aseptic\nfor i in range(50): aseptic.log(loss=1 / (i + 1), step=i)"
    notebook = open_notebook("%load_ext aseptic", f"%%track\n{log}")
    notebook.run(0)
    notebook.run(1)
    page.wait_for_selector(".as-Plot[data-points='50']")
    page.wait_for_timeout(500)
    assert page.locator(".as-CurvesWidget").count() == 1
    assert forms_in_sight(page) == [0, 0]
    reopen_without_kernel(notebook, page)
    assert page.locator(".as-CurvesWidget").count() == 0
    assert forms_in_sight(page) == [0, 1]
    assert page.locator(".as-StaticForm svg").is_visible()


@pytest.fixture
def converted(tmp_path) -> Path:
    """The page that `jupyter execute` and `jupyter nbconvert` make of a notebook."""
    path = tmp_path / "study.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(CELL)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        ),
        path,
    )
    synthetic = Path(__file__).parents[1] / "widgets"
    environment = {**os.environ, "PYTHONPATH": str(synthetic), "IPYTHONDIR": str(tmp_path / "ipy")}
    for words in (("execute", "--inplace"), ("nbconvert", "--to", "html")):
        command = [sys.executable, "-m", "jupyter", *words, path.name]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
    return path.with_suffix(".html")


def test_the_converted_notebook_shows_the_comparison_without_network(converted, page, screenshots):
    page.context.set_offline(True)
    page.goto(converted.as_uri(), wait_until="domcontentloaded")
    page.wait_for_timeout(1000)
    page.screenshot(path=screenshots / "converted.png")
    assert forms_in_sight(page) == [0, 1]
    assert page.get_by_text("keen-badger").first.is_visible()
