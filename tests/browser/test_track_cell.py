"""The command "Track this cell" and the server extension, in a real JupyterLab."""

from __future__ import annotations

import json

import nbformat


def tags(notebook) -> list[list[str]]:
    notebook.save()
    saved = nbformat.read(notebook.path, as_version=4)
    return [list(cell.metadata.get("tags", [])) for cell in saved.cells]


def test_a_click_makes_a_cell_a_run_and_back(open_notebook, page, screenshots):
    notebook = open_notebook("x = 1", "y = 2")
    notebook.cell(0).locator(".cm-content").click()
    button = notebook.cell(0).locator('.jp-cell-toolbar [data-command="aseptic:track-cell"]')
    button.click()
    assert tags(notebook) == [["run"], []]
    page.screenshot(path=screenshots / "track-cell.png")
    assert button.get_attribute("aria-pressed") == "true"
    notebook.cell(0).locator(".cm-content").click()
    button.click()
    assert tags(notebook) == [[], []]


def test_the_command_marks_several_cells_and_keeps_their_tags(open_notebook, page):
    notebook = open_notebook("x = 1", "y = 2", "z = 3")
    page.evaluate(
        """() => {
            const { content } = window.jupyterapp.shell.currentWidget;
            content.widgets[1].model.setMetadata('tags', ['mine']);
            content.activeCellIndex = 0;
            content.extendContiguousSelectionTo(1);
            return window.jupyterapp.commands.execute('aseptic:track-cell');
        }"""
    )
    assert tags(notebook) == [["run"], ["mine", "run"], []]


def test_the_context_menu_of_a_cell_has_the_command(open_notebook, page):
    notebook = open_notebook("x = 1")
    notebook.cell(0).locator(".cm-content").click(button="right")
    page.locator('.lm-Menu [data-command="aseptic:track-cell"]').wait_for()


def test_the_server_says_its_version_to_who_may_ask_and_to_nobody_else(lab):
    status, body = lab.get("/aseptic/api/status", lab.token)
    assert status == 200
    assert json.loads(body) == {"version": json.loads(body)["version"], "project": "work"}
    assert lab.get("/aseptic/api/status")[0] == 403
