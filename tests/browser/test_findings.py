"""Findings in the panel of a real JupyterLab: colours, plots, keyboard, light and dark."""

from __future__ import annotations

from tests.browser.test_panel import BASELINE, OTHER, SMALL, hide_side_bar, pick, shoot, use_theme

CLEAN = "0000000000000001"


def colour(page, selector: str) -> str:
    return page.evaluate(
        "selector => getComputedStyle(document.querySelector(selector)).color", selector
    )


def test_a_person_reads_what_checks_found(open_notebook, page, screenshots):
    page.set_viewport_size({"width": 1280, "height": 1500})
    notebook = open_notebook(SMALL)
    hide_side_bar(page)
    notebook.run(0)
    page.wait_for_selector('.as-RunTable [data-run] .as-Chip.as-error:text-is("D15")')
    severe, less = (colour(page, f".as-RunTable .as-Chip.{one}") for one in ("as-error", "as-info"))
    assert severe != less

    pick(page, OTHER)
    page.wait_for_selector(".as-Findings")
    findings = page.locator(".as-Findings")
    assert "1 error, 1 warning, 1 tip" in findings.inner_text()
    first, second = findings.locator("details").all()[:2]
    assert "Drop duplicates before the split" in first.inner_text()
    assert "rows of X_test\n3, 9, 21" in first.inner_text()
    assert "(acknowledged: the border of the image)" in findings.inner_text()

    second.locator("summary").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-Findings details[open] .as-FindingPlot path")
    assert page.locator(".jp-Notebook.jp-mod-editMode").count() == 0
    assert second.locator(".as-FindingPlot title").text_content().startswith("age lies otherwise")
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelectorAll('.as-Findings details[open]').length == 1"
    )
    page.keyboard.press("Enter")
    findings.locator("summary").last.click()
    assert "no reference population" in findings.inner_text()
    shoot(page, screenshots / "findings-light.png")

    light = colour(page, ".as-Findings .as-error")
    use_theme(page, "JupyterLab Dark")
    assert colour(page, ".as-Findings .as-error") != light
    shoot(page, screenshots / "findings-dark.png")
    use_theme(page, "JupyterLab Light")


def test_compared_runs_each_have_their_findings(open_notebook, page, screenshots):
    page.set_viewport_size({"width": 1280, "height": 1500})
    notebook = open_notebook(SMALL)
    hide_side_bar(page)
    notebook.run(0)
    pick(page, BASELINE, OTHER, CLEAN)
    page.wait_for_function("() => document.querySelectorAll('.as-Findings-run').length === 3")
    runs = page.locator(".as-Findings-run").all()
    assert [run.locator(".as-Findings-name").inner_text().split()[0] for run in runs] == [
        "keen-badger", "slow-lynx", "calm-otter"
    ]  # fmt: skip
    assert "2 checks clean, 1 not applicable" in runs[2].inner_text()
    shoot(page, screenshots / "findings-compared.png")


def test_findings_fit_a_narrow_window(open_notebook, page, screenshots):
    page.set_viewport_size({"width": 620, "height": 1400})
    notebook = open_notebook(SMALL)
    hide_side_bar(page)
    notebook.run(0)
    pick(page, OTHER)
    page.wait_for_selector(".as-Findings")
    page.locator(".as-Findings summary").nth(1).click()
    page.wait_for_selector(".as-FindingPlot path")
    assert page.evaluate(
        "() => { const e = document.querySelector('.as-Findings');"
        " return e.scrollWidth <= e.clientWidth; }"
    )
    page.locator(".as-Findings").scroll_into_view_if_needed()
    shoot(page, screenshots / "findings-narrow.png")
