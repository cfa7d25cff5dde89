"""The panel in a real JupyterLab, on made-up runs."""

from __future__ import annotations

import re

SMALL = """from synthetic import SyntheticStore, run_id
from aseptic.widgets.panel import ComparePanel
panel = ComparePanel(SyntheticStore(12))
panel"""
LARGE = """from synthetic import SyntheticStore, run_id
from aseptic.widgets.panel import ComparePanel
store = SyntheticStore(10_000, points=50_000, wide=True)
panel = ComparePanel(store)"""
BASELINE, OTHER = "0000000000000002", "0000000000000006"


def column(page, key: str) -> list[str]:
    """The texts of a column in sight, from the top of the screen down, without the baseline."""
    return page.evaluate(
        """key => {
            const heads = [...document.querySelectorAll('.as-HeadRow > .as-Cell')];
            const at = heads.findIndex(head => head.dataset.key === key);
            const rows = [...document.querySelectorAll('.as-RunTable-body > [data-run]')];
            rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
            return rows.map(row => row.children[at].innerText);
        }""",
        key,
    )


def drawn_pixels(page) -> int:
    """How many pixels of the first plot are coloured: neither clear nor grey."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector('.as-Plot canvas');
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4) {
                const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
                count += data[i + 3] > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 60;
            }
            return count;
        }"""
    )


def milliseconds(page, action: str) -> float:
    """How long an action takes in the page, until two frames after it have been painted."""
    return page.evaluate(
        f"""() => new Promise(done => {{
            const start = performance.now();
            {action};
            const end = () => done(performance.now() - start);
            requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(end)));
        }})"""
    )


def cut_headings(page) -> list[str]:
    return page.evaluate(
        """() => [...document.querySelectorAll('.as-Head-label')]
            .filter(label => label.scrollWidth > label.clientWidth)
            .map(label => label.innerText)"""
    )


def sort_by(page, key: str) -> None:
    page.locator(f'.as-HeadRow [data-key="{key}"] button').click()


def pick(page, *run_ids: str) -> None:
    for run_id in run_ids:
        page.locator(f'[data-run="{run_id}"]').first.click()
        page.wait_for_selector(f'[data-run="{run_id}"][aria-selected="true"]')


def use_theme(page, name: str) -> None:
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )
    page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
    page.wait_for_timeout(500)


def hide_side_bar(page) -> None:
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.wait_for_timeout(200)


def shoot(page, path) -> None:
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    page.locator(".as-Root").first.screenshot(path=path)


def test_a_person_compares_runs_in_the_panel(open_notebook, page, screenshots):
    notebook = open_notebook(SMALL, "print(panel.selected, panel.baseline, panel.query)")
    hide_side_bar(page)
    notebook.run(0)
    page.wait_for_selector(".as-RunTable [data-run]")
    assert page.locator(".as-RunTable [data-run]").count() == 12

    sort_by(page, "metrics.acc")
    page.wait_for_selector('[data-key="metrics.acc"][aria-sort="descending"]')
    values = [float(text) for text in column(page, "metrics.acc")]
    assert values == sorted(values, reverse=True)

    pick(page, BASELINE, OTHER)
    page.wait_for_selector(".as-Sections dd")
    page.wait_for_selector(".as-Plot canvas")
    assert cut_headings(page) == []
    before, after = page.locator(".as-Code-row.as-changed > .as-Code-side").all()[:2]
    assert before.bounding_box()["y"] == after.bounding_box()["y"]
    assert page.locator(".as-Code").bounding_box()["height"] <= 320
    shoot(page, screenshots / "panel-light.png")
    notebook.run(1)
    assert f"['{BASELINE}', '{OTHER}'] {BASELINE}" in notebook.output(1)
    sections = page.locator(".as-Sections").inner_text()
    assert re.search(r"params\s+model\s+LogisticRegression → SVC", sections)
    assert drawn_pixels(page) > 500

    use_theme(page, "JupyterLab Dark")
    shoot(page, screenshots / "panel-dark.png")
    assert drawn_pixels(page) > 500
    use_theme(page, "JupyterLab Light")  # the server keeps it for the next test


def test_before_anyone_picks_it_shows_the_newest_runs(open_notebook, page, screenshots):
    notebook = open_notebook(SMALL, "print(panel.selected, panel.baseline)")
    hide_side_bar(page)
    notebook.run(0)
    page.get_by_text("the two newest: calm-otter → brisk-heron").wait_for()
    page.wait_for_selector(f'.as-Plot[data-points="{6 * 60}"]')
    assert page.locator(".as-RunTable [aria-selected='true']").count() == 0
    shoot(page, screenshots / "panel-first.png")

    page.get_by_role("button", name=re.compile("^Baseline")).click()
    page.locator(".as-MenuList").get_by_text("calm-otter").click()
    page.wait_for_selector('.as-baseline[data-run="0000000000000001"]')
    notebook.run(1)
    assert "[] 0000000000000001" in notebook.output(1)

    pick(page, OTHER)
    page.get_by_text("Pick one more run to see what changed.").wait_for()
    assert page.locator(".as-Code").count() == 0


def test_what_is_set_in_python_is_seen_and_the_other_way_round(open_notebook, page):
    notebook = open_notebook(
        SMALL,
        "panel.selected = [run_id(4), run_id(5)]; panel.baseline = run_id(4)",
        "panel.query = 'acc > 0.9'",
        "print(panel.query, len(panel.table['run_ids']), panel._store.calls)",
    )
    notebook.run(0)
    notebook.run(1)
    page.wait_for_selector(f'.as-baseline[data-run="{"4".zfill(16)}"][aria-selected="true"]')
    notebook.run(2)
    page.wait_for_function("() => document.querySelector('.as-Query').value === 'acc > 0.9'")
    page.locator(".as-Query").fill("acc > 0.98")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.as-RunTable [data-run]').length < 5")
    notebook.run(3)
    assert re.match(r"acc > 0.98 [1-4] \[\]", notebook.output(3))

    page.locator(".as-Query").fill("speed > 3")
    page.keyboard.press("Enter")
    page.get_by_text("no run has a field 'speed'; there are: acc, val_acc").wait_for()


def test_the_keyboard_is_enough(open_notebook, page):
    notebook = open_notebook(SMALL, "print(panel.selected, panel.baseline)")
    notebook.run(0)
    table = page.locator(".as-RunTable")
    table.focus()
    for key in ("Home", "Space", "ArrowDown", "ArrowDown", "Space", "b", "s"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    page.wait_for_selector('.as-baseline[data-run="0000000000000001"]')
    notebook.run(1)
    assert f"['{BASELINE}', '0000000000000001'] 0000000000000001" in notebook.output(1)


def test_a_busy_kernel_is_said_and_answers_when_it_can(open_notebook, page):
    notebook = open_notebook(SMALL, "import time; time.sleep(4)")
    # with a subshell for widgets (ipykernel 7), the kernel would answer beside the cell
    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".commsOverSubshells = 'disabled'; }"
    )
    notebook.run(0)
    page.wait_for_selector(".as-Sections dd")  # those of the newest runs: nothing moves any more
    page.wait_for_selector(".as-Plot canvas")
    notebook.cell(1).locator(".cm-content").first.click()
    page.keyboard.press("Control+Enter")
    pick(page, BASELINE, OTHER)
    page.get_by_text("waiting for the kernel …").wait_for()
    page.wait_for_selector(".as-Sections dd")
    page.wait_for_selector(".as-Busy", state="hidden")


def test_trashed_runs_come_back(open_notebook, page):
    notebook = open_notebook(SMALL)
    notebook.run(0)
    pick(page, OTHER)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Move 1 run to the trash").click()
    page.wait_for_selector(f'[data-run="{OTHER}"]', state="detached")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(f'[data-run="{OTHER}"]')


def test_columns_are_filtered_hidden_and_pinned(open_notebook, page, screenshots):
    notebook = open_notebook(SMALL)
    hide_side_bar(page)
    notebook.run(0)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator('[data-filter="params.model"]').type("svc")
    page.wait_for_function(
        "() => document.querySelectorAll('.as-RunTable-body [data-run]').length < 11"
    )
    assert set(column(page, "params.model")) == {"SVC"}
    page.get_by_role("button", name="Columns").click()
    page.locator(".as-Choice").filter(has_text="val_acc").locator("input").uncheck()
    page.wait_for_selector('[data-key="metrics.val_acc"]', state="detached")
    page.locator(".as-Choice").filter(has_text="model").locator("button").click()
    page.wait_for_selector('.as-Head.as-pinned[data-key="params.model"]')
    shoot(page, screenshots / "panel-columns.png")


def test_ten_thousand_runs_of_forty_columns(open_notebook, page, screenshots, capsys):
    notebook = open_notebook(LARGE, "panel", "panel.selected = [run_id(i) for i in range(20)]")
    hide_side_bar(page)
    notebook.run(0, seconds=120)
    notebook.run(1)
    page.wait_for_selector(".as-RunTable [data-run]")
    page.get_by_role("button", name="Only what differs").click()
    page.wait_for_timeout(300)
    assert page.locator(".as-HeadRow > .as-Cell").count() >= 40
    assert "10,000 runs" in page.locator(".as-Count").inner_text()

    head = "document.querySelector('[data-key=\"metrics.acc\"] button').click()"
    scroll = "document.querySelector('.as-RunTable').scrollTop = 7000 * 30"
    sort_ms = sorted(milliseconds(page, head) for _ in range(5))[2]
    scroll_ms = milliseconds(page, scroll)
    page.wait_for_function("() => document.querySelectorAll('.as-RunTable-body [data-run]').length")

    page.evaluate("document.querySelector('.as-RunTable').scrollTop = 0")
    notebook.run(2)
    page.wait_for_selector(f'.as-Plot[data-points="{20 * 50_000}"]', timeout=60_000)
    page.wait_for_timeout(500)
    assert drawn_pixels(page) > 2000
    redraw = "document.querySelector('.as-Controls .as-Quiet').click()"
    curves_ms = sorted(milliseconds(page, redraw) for _ in range(4))[2]
    shoot(page, screenshots / "panel-large.png")
    with capsys.disabled():
        print(
            f"\n10,000 runs x 40 columns: sort {sort_ms:.0f} ms, scroll {scroll_ms:.0f} ms; "
            f"20 curves x 50,000 points: redraw {curves_ms:.0f} ms"
        )
    assert sort_ms < 1000
    assert curves_ms < 1000


def test_the_panel_fits_a_narrow_window(open_notebook, page, screenshots):
    page.set_viewport_size({"width": 760, "height": 1100})
    notebook = open_notebook(SMALL)
    hide_side_bar(page)
    notebook.run(0)
    pick(page, BASELINE, OTHER)
    page.wait_for_selector(".as-Sections dd")
    page.wait_for_selector(".as-Plot canvas")
    assert page.evaluate(
        "document.querySelector('.as-Panel').scrollWidth"
        " <= document.querySelector('.as-Panel').clientWidth"
    )
    page.locator(".as-CodeDiff").scroll_into_view_if_needed()
    shoot(page, screenshots / "panel-narrow.png")


def test_an_empty_store_says_how_to_begin(open_notebook, page):
    notebook = open_notebook(SMALL.replace("12", "0"))
    notebook.run(0)
    page.get_by_text("No runs yet: begin a cell with %%track and execute it.").first.wait_for()


def test_notebook_7_shows_the_panel_too(open_notebook, notebook7, page, screenshots):
    notebook = open_notebook(SMALL, server=notebook7)
    notebook.run(0)
    pick(page, BASELINE, OTHER)
    page.wait_for_selector(".as-Plot canvas")
    page.wait_for_selector(".as-Sections dd")
    assert drawn_pixels(page) > 500
    page.screenshot(path=screenshots / "panel-notebook7.png")
