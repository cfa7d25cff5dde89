"""The quickstart as a person goes through it: in JupyterLab, and the panel again in Notebook 7."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def code_of(name: str) -> list[str]:
    cells = json.loads((EXAMPLES / name).read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def rows(page) -> list[str]:
    """The names of the runs in sight, from the top down."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.as-RunTable [data-run]')]
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
            .map(row => row.querySelector('.as-Name').innerText.trim())"""
    )


def row(page, name: str):
    return page.locator(".as-RunTable [data-run]", has_text=name).first


@pytest.fixture
def quickstart(open_notebook):
    """The quickstart, executed cell by cell."""

    def open_at(server=None):
        notebook = open_notebook(*code_of("quickstart.ipynb"), server=server)
        for i in range(len(code_of("quickstart.ipynb"))):
            notebook.run(i)
        notebook.page.wait_for_selector(".as-RunTable [data-run]")
        return notebook

    return open_at


def test_a_person_goes_through_the_quickstart(quickstart, page, screenshots):
    notebook = quickstart()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")
    assert "changed: gamma 0.01 → 0.001" in notebook.output(4)
    page.locator(".as-Card").first.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "quickstart-cards.png")

    page.locator(".as-Root").first.scroll_into_view_if_needed()
    page.locator('.as-HeadRow [data-key="metrics.acc"] button').click()
    page.wait_for_selector('[data-key="metrics.acc"][aria-sort="descending"]')
    page.screenshot(path=screenshots / "quickstart-panel.png")
    print(rows(page))


def test_curves_draw_themselves_under_the_cell(open_notebook, page, screenshots):
    notebook = open_notebook(*code_of("training_curves.ipynb"))
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")
    for i in range(len(code_of("training_curves.ipynb"))):
        notebook.run(i)
        page.screenshot(path=screenshots / f"curves-{i}.png")
