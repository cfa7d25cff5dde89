"""Runs beside the notebook: the side bar and the tab, which ask the server and need no kernel."""

from __future__ import annotations

import os
import secrets
import signal

import psutil
import pytest

TRAIN = """import time
import aseptic
for step in range(400):
    aseptic.log(loss=1 / (step + 1), step=step)
    time.sleep(0.05)"""
FIT = """from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression(C={C}, max_iter=50).fit(X_train, y_train)
acc = model.score(X_test, y_test)"""


@pytest.fixture
def folder(lab):
    """An empty folder of its own below the server's root: a project of its own."""
    made = lab.root / f"project-{secrets.token_hex(3)}"
    (made / ".aseptic").mkdir(parents=True)
    return made


def open_bar(page):
    page.locator('.jp-SideBar [data-id="aseptic-runs"]').click()
    page.locator(".as-RunsBar").wait_for()


def rows(page):
    return page.locator(".as-RunsBar [data-run]")


def track_by_click(notebook, i: int) -> None:
    notebook.cell(i).locator(".cm-content").first.click()
    button = notebook.cell(i).locator('[data-command="aseptic:track-cell"]').first
    button.click()


def test_from_an_empty_folder_cells_become_runs_by_a_click_and_are_compared_in_the_tab(
    open_notebook, page, folder, screenshots
):
    name = f"{folder.name}/train"
    notebook = open_notebook("%load_ext aseptic", FIT.format(C=0.01), FIT.format(C=1.0), name=name)
    open_bar(page)
    page.locator(".as-RunsBar .as-Nothing").wait_for()
    track_by_click(notebook, 1)
    track_by_click(notebook, 2)
    for i in range(3):
        notebook.run(i)
    page.screenshot(path=screenshots / "runs-bar-before.png")
    page.wait_for_function("() => document.querySelectorAll('.as-RunsBar [data-run]').length === 2")
    page.screenshot(path=screenshots / "runs-bar.png")
    for i in range(2):
        rows(page).nth(i).locator("input[type=checkbox]").check()
    page.get_by_role("button", name="Compare 2").click()
    tab = page.locator(".as-Tab-host")
    tab.locator(".as-RunTable [data-run]").first.wait_for()
    page.wait_for_timeout(1500)
    page.screenshot(path=screenshots / "compare-tab.png")
    assert tab.locator(".as-RunTable [data-run]").count() == 2
    assert "C" in tab.locator(".as-Slot").first.inner_text()


def test_the_bar_is_live_while_the_kernel_is_busy_and_tells_when_it_is_killed(
    open_notebook, page, folder, lab
):
    notebook = open_notebook("%load_ext aseptic", f"%%track\n{TRAIN}", name=f"{folder.name}/long")
    notebook.run(0)
    open_bar(page)
    notebook.cell(1).locator(".cm-content").first.click()
    page.keyboard.press("Control+Enter")
    running = page.locator('.as-RunsBar [data-status="running"]')
    running.wait_for(timeout=15_000)
    value = running.locator(".as-RunList-value")
    before = value.inner_text()
    page.wait_for_function(
        "before => { const now = document.querySelector('.as-RunList-value')?.innerText;"
        " return now && now !== before; }",
        arg=before,
    )
    os.kill(_newest_kernel(lab), signal.SIGKILL)
    page.locator('.as-RunsBar [data-status="lost"]').wait_for(timeout=5_000)


def test_a_person_stars_renames_and_trashes_a_run_and_takes_that_back(open_notebook, page, folder):
    notebook = open_notebook("%load_ext aseptic", "%%track\nacc = 0.5", name=f"{folder.name}/one")
    notebook.run(0)
    notebook.run(1)
    open_bar(page)
    rows(page).first.wait_for()
    rows(page).first.get_by_role("button", name="Star").click()
    page.locator(".as-RunsBar .as-Star.as-on").wait_for()
    rows(page).first.get_by_role("button", name="More for").click()
    page.get_by_role("button", name="Rename …").click()
    page.get_by_label("Rename").fill("the-first")
    page.keyboard.press("Enter")
    page.locator(".as-RunList-name", has_text="the-first").wait_for()
    rows(page).first.get_by_role("button", name="More for").click()
    page.get_by_role("button", name="Move to the trash").click()
    page.locator(".as-RunsBar .as-Nothing").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".as-RunList-name", has_text="the-first").wait_for()


def test_a_click_on_a_run_goes_to_its_cell_or_says_that_it_has_changed(open_notebook, page, folder):
    notebook = open_notebook(
        "%load_ext aseptic", *["x = 1"] * 30, "%%track\nacc = 0.5", name=f"{folder.name}/far"
    )
    notebook.run(0)
    notebook.cell(31).scroll_into_view_if_needed()
    notebook.run(31)
    open_bar(page)
    notebook.cell(0).scroll_into_view_if_needed()
    rows(page).first.locator(".as-RunList-name").click()
    page.wait_for_function(
        "() => document.querySelector('.jp-NotebookPanel .jp-Cell.jp-mod-active')"
        "?.innerText.includes('acc = 0.5')"
    )
    notebook.cell(31).locator(".cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("0")
    rows(page).first.locator(".as-RunList-name").click()
    page.get_by_text("the cell has changed since").first.wait_for()


def _newest_kernel(lab) -> int:
    """The process of the kernel that the server started last."""
    children = psutil.Process(lab.process.pid).children(recursive=True)
    kernels = [one for one in children if "ipykernel_launcher" in " ".join(one.cmdline())]
    return max(kernels, key=lambda one: one.create_time()).pid
