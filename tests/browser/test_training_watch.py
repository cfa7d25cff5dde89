"""A training that goes wrong in a real JupyterLab: seen on its curve while the cell still runs."""

from __future__ import annotations

import json

import nbformat
import pytest
from tests.browser.test_panel import hide_side_bar, shoot, use_theme

LOAD = "import time, aseptic\n%load_ext aseptic"
DIVERGES = """%%track diverging
for step in range(120):
    aseptic.log(loss=2.3 * 1.06**step, val_loss=2.4, step=step)
    time.sleep(0.1)
"""
PANEL = "%aseptic compare"
NOTIFICATIONS = """
window.told = [];
window.Notification = class {
    static permission = 'granted';
    static requestPermission() { window.told.push('asked'); return Promise.resolve('granted'); }
    constructor(title, { body }) { window.told.push(`${title} | ${body}`); }
};
"""


def start(notebook, page, cell: int) -> None:
    notebook.cell(cell).locator(".cm-content").first.click()
    page.keyboard.press("Control+Enter")


def wait_for_end(page, cell) -> None:
    page.wait_for_function(
        r"cell => /\[\d+\]/.test(cell.querySelector('.jp-InputPrompt').innerText)",
        arg=cell.element_handle(),
        timeout=60_000,
    )


def test_a_finding_is_marked_on_the_live_curve_while_the_cell_runs(
    open_notebook, page, screenshots
):
    notebook = open_notebook(LOAD, DIVERGES, PANEL)
    hide_side_bar(page)
    notebook.run(0)
    start(notebook, page, 1)
    mark = page.locator(".as-CurveMark")
    mark.wait_for()
    assert "[*]" in notebook.cell(1).locator(".jp-InputPrompt").first.inner_text()
    assert mark.inner_text() == "✗ T02 divergence"
    line = page.locator(".as-CurveFinding")
    assert "✗ T02" in line.inner_text()
    assert "from step" in line.inner_text()

    # it stands over the plot, is reached by keyboard, and says its text there
    plot, box = page.locator(".u-over").bounding_box(), mark.bounding_box()
    assert plot["x"] < box["x"] < plot["x"] + plot["width"]
    tip = page.locator(".as-CurveMark-tip")
    assert not tip.is_visible()
    mark.focus()
    tip.wait_for(state="visible")
    assert "T02 divergence" in tip.inner_text()
    assert mark.get_attribute("aria-label").startswith("T02 divergence from step")
    shoot(page, screenshots / "mark-live-light.png")
    use_theme(page, "JupyterLab Dark")
    mark.focus()
    shoot(page, screenshots / "mark-live-dark.png")
    use_theme(page, "JupyterLab Light")

    # on another curve it is not; its line leads back to it
    page.get_by_role("tab", name="val_loss").click()
    assert page.locator(".as-CurveMark").count() == 0
    line.get_by_role("button").click()
    page.locator(".as-CurveMark").wait_for()

    wait_for_end(page, notebook.cell(1))
    page.wait_for_selector(".as-Card details")
    card = page.locator(".as-Card").inner_text()
    assert "✗ T02" in card
    assert "from step" in card
    page.locator(".as-CurveMark").wait_for()
    shoot(page, screenshots / "mark-ended.png")

    notebook.run(2)
    panel = page.locator(".as-Findings")
    panel.wait_for()
    assert "from step" in panel.inner_text()
    notebook.cell(2).get_by_role("tab", name="loss", exact=True).click()
    notebook.cell(2).locator(".as-CurveMark").wait_for()
    notebook.cell(2).locator(".as-Root").first.scroll_into_view_if_needed()
    shown = notebook.cell(2).locator(".as-Root").first
    shown.screenshot(path=screenshots / "mark-panel-light.png")
    use_theme(page, "JupyterLab Dark")
    shown.screenshot(path=screenshots / "mark-panel-dark.png")
    use_theme(page, "JupyterLab Light")

    notebook.save()
    saved = nbformat.read(notebook.path, as_version=4)
    forms = [out.data.get("text/html", "") for out in saved.cells[1].outputs if "data" in out]
    assert any("✗ T02 divergence from step" in form and "<svg" in form for form in forms)
    told = json.dumps(saved.cells[1].outputs)
    assert "run_name" not in told, "what is told to the front end is not saved"


@pytest.mark.parametrize("is_on_the_desktop", [False, True], ids=["in-lab", "desktop"])
def test_a_finding_is_told_by_a_notification_at_once(open_notebook, page, lab, is_on_the_desktop):
    folder = lab.root.parent / "JUPYTERLAB_SETTINGS_DIR" / "aseptic"
    folder.mkdir(exist_ok=True)
    settings = folder / "notifications.jupyterlab-settings"
    settings.write_text(json.dumps({"desktop": is_on_the_desktop, "runs": "all"}))
    page.add_init_script(NOTIFICATIONS)
    try:
        notebook = open_notebook(LOAD, DIVERGES.replace("120", "70"))
        notebook.run(0)
        start(notebook, page, 1)
        if is_on_the_desktop:
            page.wait_for_function("() => window.told.length >= 1")
            assert "[*]" in notebook.cell(1).locator(".jp-InputPrompt").first.inner_text()
            page.wait_for_function("() => window.told.length >= 2")
            told = page.evaluate("() => window.told")
            assert "| diverging: T02 divergence: loss is" in told[0]
            assert told[1].endswith("| diverging finished")
            assert len(told) == 2, "the card repeats nothing, and nobody was asked"
        else:
            wait_for_end(page, notebook.cell(1))
            page.locator(".jp-Notification-Status-Text").click()
            center = page.locator(".jp-Notification-Center")
            center.wait_for()
            assert center.inner_text().count("diverging: T02 divergence: loss is") == 1
            assert "diverging finished" in center.inner_text()
            assert page.evaluate("() => window.told") == []
    finally:
        settings.unlink()
