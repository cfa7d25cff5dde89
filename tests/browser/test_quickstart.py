"""The examples as a person goes through them, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def code_of(name: str) -> list[str]:
    cells = json.loads((EXAMPLES / name).read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_names(page) -> list[str]:
    """The names of the runs in sight, from the top down."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.as-RunTable-body > [data-run]')]
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
            .map(row => row.querySelector('.as-Name').innerText.trim())"""
    )


def pick(page, *names: str) -> None:
    for name in names:
        row = page.locator(".as-RunTable [data-run]", has=page.get_by_text(name, exact=True)).first
        row.locator("input[type=checkbox]").click()


def coloured_pixels(page) -> int:
    """How many pixels of the last plot on the page are coloured: neither clear nor grey."""
    return page.evaluate(
        """() => {
            const canvas = [...document.querySelectorAll('.as-Plot canvas')].at(-1);
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


def use_theme(page, theme: str) -> None:
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    is_light = "true" if "Light" in theme else "false"
    page.wait_for_selector(f"body[data-jp-theme-light={is_light}]", state="attached")
    page.wait_for_timeout(500)


def shoot(page, element, path: Path) -> None:
    element.scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    page.screenshot(path=path)


@pytest.fixture
def open_example(open_notebook):
    """Opens an example and executes its cells, one after the other."""

    def open_at(name: str, server=None, then: tuple[str, ...] = ()):
        cells = code_of(name)
        notebook = open_notebook(*cells, *then, server=server)
        for i in range(len(cells)):
            notebook.run(i)
        return notebook

    return open_at


def test_a_person_goes_through_the_quickstart(open_example, page, screenshots):
    notebook = open_example("quickstart.ipynb", then=("print(_.selected, _.baseline)",))
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    use_theme(page, "JupyterLab Light")
    assert "changed: gamma 0.01 → 0.001" in notebook.output(4)
    assert "acc 0.9833 ▲ 0.1639 vs svc-first" in re.sub(r"\s+", " ", notebook.output(4))
    shoot(page, page.locator(".as-Card").first, screenshots / "cards.png")

    page.locator('.as-HeadRow [data-key="metrics.acc"] button').click()
    page.wait_for_selector('[data-key="metrics.acc"][aria-sort="descending"]')
    assert run_names(page)[:2] == ["svc-hard", "svc-wider"]

    pick(page, "svc-first", "svc-hard")
    page.get_by_role("button", name=re.compile("^Baseline")).click()
    page.locator(".as-MenuList").get_by_text("svc-first").click()
    page.wait_for_selector(".as-baseline .as-Name:text-is('svc-first')")
    page.wait_for_selector(".as-Sections dd")
    sections = re.sub(r"\s+", " ", page.locator(".as-Sections").inner_text())
    assert "C 1.0 → 100.0" in sections
    assert "gamma 0.01 → 0.0001" in sections
    assert re.search(r"data same \(4", sections)

    panel = page.locator(".as-Root").last
    shoot(page, panel, screenshots / "quickstart-light.png")
    use_theme(page, "JupyterLab Dark")
    shoot(page, panel, screenshots / "quickstart-dark.png")
    shoot(page, page.locator(".as-Card").first, screenshots / "cards-dark.png")


def test_a_person_watches_curves_and_compares_them(open_example, page, screenshots):
    notebook = open_example("training_curves.ipynb", then=("%aseptic compare",))
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    use_theme(page, "JupyterLab Light")
    assert coloured_pixels(page) > 500
    shoot(page, page.locator(".as-Card").nth(1), screenshots / "curves-live.png")
    last = len(code_of("training_curves.ipynb"))
    notebook.run(last)
    page.wait_for_selector(".as-RunTable [data-run]")
    pick(page, *run_names(page))
    page.wait_for_selector(".as-Plot canvas")
    page.wait_for_timeout(500)
    assert coloured_pixels(page) > 500
    panel = page.locator(".as-Root").last
    shoot(page, panel, screenshots / "panel-light.png")
    use_theme(page, "JupyterLab Dark")
    shoot(page, panel, screenshots / "panel-dark.png")
    assert coloured_pixels(page) > 500


def test_the_panel_renders_in_notebook_7(open_example, notebook7, page, screenshots):
    open_example("quickstart.ipynb", notebook7)
    page.wait_for_selector(".as-RunTable [data-run]")
    assert len(run_names(page)) == 9
    pick(page, "svc-first", "svc-hard")
    page.wait_for_selector(".as-Sections dd")
    shoot(page, page.locator(".as-Root").last, screenshots / "notebook7.png")
