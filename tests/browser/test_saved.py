"""A notebook that is opened again, its kernel gone."""

from __future__ import annotations

import nbformat

CELL = """from synthetic import SyntheticStore, run_id
from aseptic.widgets.panel import ComparePanel
panel = ComparePanel(SyntheticStore(12), selected=[run_id(2), run_id(6)])
panel"""


def test_the_saved_notebook_holds_the_comparison_without_script(open_notebook, page, screenshots):
    notebook = open_notebook(CELL)
    notebook.run(0)
    notebook.save()
    saved = nbformat.read(notebook.path, as_version=4)
    html = saved.cells[0].outputs[0].data["text/html"]
    assert "keen-badger" in html
    assert "<script" not in html
    assert "LogisticRegression" in html

    page.set_content(f"<body style='margin:20px;width:1100px'>{html}</body>")
    page.screenshot(path=screenshots / "static.png", full_page=True)


def test_a_notebook_opened_again_shows_the_comparison(open_notebook, page, screenshots):
    notebook = open_notebook(CELL)
    notebook.run(0)
    page.wait_for_selector(".as-Panel")
    notebook.save()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.wait_for_timeout(500)
    page.goto("about:blank")
    notebook.open()
    page.wait_for_timeout(3000)
    page.screenshot(path=screenshots / "reopened.png")
    assert "keen-badger" in notebook.output(0)
