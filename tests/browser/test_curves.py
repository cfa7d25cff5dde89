"""Curves in a real JupyterLab: live under the cell that logs, and a million points."""

from __future__ import annotations

LIVE = """import time, math
from IPython.display import display
from aseptic.widgets.curves import CurvesWidget
widget = CurvesWidget.live({"a": "brisk-heron"})
display(widget)
"""
LOG = """for batch in range(30):
    steps = list(range(batch * 100, batch * 100 + 100))
    now = [time.time()] * 100
    for name, end in (("loss", 0.2), ("val_loss", 0.3)):
        values = [end + math.exp(-i / 600) + 0.05 * math.sin(i * i) for i in steps]
        widget.append("a", name, steps, now, values)
    time.sleep(0.1)
widget.finish()
"""
MILLION = """import numpy as np
from aseptic.store.base import Series
from aseptic.widgets.curves import CurvesWidget
steps = np.arange(1_000_000.0)
value = np.exp(-steps / 2e5) + np.random.default_rng(0).normal(0, 0.05, len(steps))
value[500_000] = 3.0
widget = CurvesWidget([Series("a", "loss", steps, steps / 100, value)], names={"a": "calm-otter"})
widget"""


def points(page) -> int:
    plot = page.locator(".as-Plot[data-points]").first
    return int(plot.get_attribute("data-points")) if plot.count() else 0


def test_curves_grow_while_the_cell_runs(open_notebook, page, screenshots):
    notebook = open_notebook(LIVE, LOG)
    notebook.run(0)
    page.get_by_text("No points yet").wait_for()
    notebook.cell(1).locator(".cm-content").first.click()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".as-Plot canvas")
    page.wait_for_function("() => Number(document.querySelector('.as-Plot').dataset.points) > 300")
    assert points(page) < 3000, "the cell had ended before its first points were seen"
    page.wait_for_function("() => document.querySelector('.as-Plot').dataset.points === '3000'")
    page.get_by_role("tab", name="val_loss").click()
    page.locator(".as-Root").first.screenshot(path=screenshots / "curves-live.png")


def test_a_million_points_keep_their_extremes_and_can_be_looked_into(
    open_notebook, page, screenshots, capsys
):
    notebook = open_notebook(MILLION)
    notebook.run(0)
    page.wait_for_selector(".as-Plot canvas")
    assert points(page) == 1_000_000
    plot = page.locator(".u-over")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.wait_for_selector(".as-Tip:has-text('calm-otter')")
    page.locator(".as-Root").first.screenshot(path=screenshots / "curves-million.png")

    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_timeout(800)
    page.locator(".as-Root").first.screenshot(path=screenshots / "curves-zoomed.png")
    tip = lambda: page.locator(".as-Tip").inner_text()  # noqa: E731
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    page.wait_for_timeout(200)
    step = int(tip().split()[1].replace(",", ""))
    assert 390_000 < step < 430_000
    plot.dblclick()
    page.wait_for_timeout(500)
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 50)
    page.wait_for_timeout(200)
    assert int(tip().split()[1].replace(",", "")) > 800_000
