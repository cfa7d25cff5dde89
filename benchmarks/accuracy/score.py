"""How accurate the checks are, beside deepchecks, evidently, cleanlab and skore on the same cases.

    make bench-accuracy                              all, some hours; a stopped run goes on
    python benchmarks/accuracy/score.py --cases 40   a quick look
    python benchmarks/accuracy/score.py --part design --tools aseptic --misses
    python benchmarks/accuracy/score.py --as-is      the page from what has been judged so far

A fault is found if the tool names it and does not say the same of the clean twin. A check of a tool
that names columns must name half of the planted ones, unless it said nothing at all of the twin;
one that lists rows may also list mostly those that were planted. An alarm is a finding of more than
`info` on clean data, whatever its truth: some real data do hold the fault.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from correspondence import TOOLS, codes_of, covers
from environments import Environment, environment
from faults import FAULTS
from reading import Case, list_cases, read_case
from shares import Share, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).parent
#: Tests of evidently that fail because train and test are not as long: said of every split.
NO_ALARM = {"RowCount"}
PAGE = HERE.parents[1] / "docs" / "checks" / "accuracy.md"
FIGURES = HERE / "figures.json"  # of each check of aseptic: tools/write_check_pages.py reads them
FOUND, ALARMS, ALARMED = 0.95, 0.02, 0.1  # the aims: at least, at most, at most


@dataclass
class Judged:
    """What one tool said of one case."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    def of(self, tool: str, codes: Iterable[str]) -> list[dict[str, Any]]:
        """The findings that say what one of our codes says."""
        wanted = set(codes)
        return [one for one in self.findings if wanted & set(codes_of(tool, one["check"]))]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        return [
            one
            for one in self.findings
            if one["severity"] != "info" and one["check"] not in NO_ALARM
        ]


# -- found or not ---------------------------------------------------------------------------------
def is_found(tool: str, case: Case, own: Judged, twin: Judged, codes: Iterable[str]) -> bool:
    """Whether the tool names the fault of a case, and not in its clean twin too."""
    here, there = own.of(tool, codes), twin.of(tool, codes)
    return any(_names(one, case, there) or _lists(one, case) for one in here)


def _names(finding: dict[str, Any], case: Case, twin: list[dict[str, Any]]) -> bool:
    same = [one for one in twin if one["check"] == finding["check"]]
    is_of_column = bool(set(case.subjects) - {case.target})
    if not same and not (finding.get("subject") and is_of_column):
        return True
    if not case.subjects:
        return (finding.get("subject"),) not in {(one.get("subject"),) for one in same}
    named = [name for name in case.subjects if _mentions(finding, name)]
    known = [name for name in named if any(_mentions(one, name) for one in same)]
    needed = 1 if finding.get("subject") else math.ceil(len(case.subjects) / 2)
    return len(named) - len(known) >= needed


def _mentions(finding: dict[str, Any], name: str) -> bool:
    if finding.get("subject") == name:
        return True
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", finding["said"]) is not None


def _lists(finding: dict[str, Any], case: Case) -> bool:
    listed, planted = set(finding.get("rows", ())), set(case.rows)
    right = len(listed & planted)
    return right > 0 and right >= len(listed) / 2 and right >= len(planted) / 2


# -- the figures ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Figures:
    """All cases of a part, and what each tool said of them."""

    cases: dict[str, Case]
    judged: dict[str, dict[str, Judged]]  # by tool and case

    @property
    def codes(self) -> list[str]:
        """Our checks for which a fault is planted."""
        return sorted({fault.checks[0] for fault in FAULTS.values()})

    @property
    def common(self) -> Figures:
        """The same of those cases alone that each tool has judged, with their twins."""
        by_all = set(self.cases).intersection(*self.judged.values())
        kept = {
            name: case
            for name, case in self.cases.items()
            if name in by_all and (case.twin is None or case.twin in by_all)
        }
        return Figures(kept, self.judged)

    def clean(self, tool: str, code: str = "") -> list[Case]:
        """The clean cases that the tool has judged, and to which a check of ours applies."""
        return [
            case
            for case in self.cases.values()
            if not case.fault and case.name in self.judged[tool] and _applies(code, case)
        ]

    def planted(self, tool: str, want: Callable[[Case], bool] = lambda _: True) -> list[Case]:
        seen = self.judged[tool]
        return [
            case
            for case in self.cases.values()
            if case.fault and case.name in seen and case.twin in seen and want(case)
        ]

    def found(self, tool: str, cases: list[Case]) -> Share:
        return Share(sum(self.is_found(tool, case) for case in cases), len(cases))

    def is_found(self, tool: str, case: Case) -> bool:
        seen = self.judged[tool]
        return is_found(tool, case, seen[case.name], seen[str(case.twin)], _codes(case))

    def false_alarms(self, tool: str, code: str, *, tips: bool = False) -> Share:
        clean = self.clean(tool, code)
        hit = 0
        for case in clean:
            found = self.judged[tool][case.name].of(tool, [code])
            hit += any((one["severity"] == "info") == tips for one in found)
        return Share(hit, len(clean))

    def said_by(self, tool: str) -> set[str]:
        """The checks of a tool that found anything at all."""
        return {one["check"] for seen in self.judged[tool].values() for one in seen.findings}

    def any_alarm(self, tool: str) -> Share:
        clean = self.clean(tool)
        return Share(sum(bool(self.judged[tool][case.name].alarms) for case in clean), len(clean))

    def precision(self, tool: str, code: str) -> Share:
        """Of what is said, on planted and clean cases together, the share that is right."""
        cases = self.planted(tool, lambda case: code in _codes(case))
        right = self.found(tool, cases).count
        return Share(right, right + self.false_alarms(tool, code).count)


def read_figures(cases: Path, findings: Path, tools: Iterable[str]) -> Figures:
    """What is on disk of a part."""
    known = {folder.name: read_case(folder) for folder in list_cases(cases)}
    judged: dict[str, dict[str, Judged]] = {tool: {} for tool in tools}
    for tool, seen in judged.items():
        for path in sorted((findings / tool).glob("*.json")):
            if path.stem in known:
                said = json.loads(path.read_text())
                seen[path.stem] = Judged(said["findings"], said["seconds"], said["error"])
    return Figures(known, {tool: seen for tool, seen in judged.items() if seen})


# -- the page -------------------------------------------------------------------------------------
def page(figures: Figures, reasons: dict[str, str], cases: Path) -> str:
    """The results in Markdown; `cases` is the folder of the tables."""
    tools = list(figures.judged)
    common = figures.common
    judged = len(figures.clean("aseptic")) + len(figures.planted("aseptic"))
    parts = [
        _HEAD.format(
            cases=judged,
            clean=len(figures.clean("aseptic")),
            common=len(common.cases),
            common_clean=len(common.clean("aseptic")),
            rows=f"{_most_rows(cases, common.cases):,}",
        ),
        "## What was to be reached\n",
        _list(_aims(figures, common, tools)),
        "## aseptic, check by check\n",
        table(*_check_rows(figures)),
        "## Beside other tools: share of planted faults found\n",
        table(*_recall_rows(common, tools)),
        "## Beside other tools: false alarms per 100 clean cases\n",
        table(*_alarm_rows(common, tools)),
        "## All that a tool says of clean data, and its time\n",
        _TIMES,
        table(*_tool_rows(common, tools)),
        *(f"{tool} is not among them: {reason}\n" for tool, reason in reasons.items()),
        "## Fault by fault, from weak to strong: share found\n",
        table(*_fault_rows(common, tools)),
    ]
    return "\n".join(parts)


_HEAD = """# Accuracy

*Written by `make bench-accuracy`.* {cases} cases were made from data sets that Python packages
ship, {clean} of them clean; each of the others holds one planted fault. {common} of them,
{common_clean} clean, of up to {rows} rows of train, were judged by each of the tools: what stands
beside other tools is of these.
Intervals are Wilson's at 95%. Thresholds were set on cases of other seeds. Two data sets, affairs
and computers, are in this part alone: no threshold was set on them, but what is said of them was
printed while the benchmark was built.

- *Found*: the tool names the fault, and does not say the same of the clean twin of the case.
- *Hurts*: the score of a boosted tree is wrong or worse by 0.02 and by two standard errors.
- *False alarm*: a warning or error on a clean case, whatever its truth: some real data do hold
  the fault, such as columns that say the same. Of a check that needs a model, or that looks on
  while code runs (D18), only the clean cases count that have one.
- *Tip*: a finding of the severity `info`.
- *Precision*: of what is said of planted and of clean cases together, the share that is right.

deepchecks ran its suites of data integrity and of train against test, and two checks that are
in none (nulls, class imbalance); evidently its presets of drift and of data summary, with the
tests that they make themselves, without that of equal lengths of train and test; cleanlab its
Datalab on train, with out-of-fold predictions of a boosted tree; skore the checks of an
estimator's report, the slow ones too, for a boosted tree where the case has no model. Which of
their checks says what one of ours says is in `benchmarks/accuracy/correspondence.py`, read in
their favour.
"""

_TIMES = """The machine did other work meanwhile: the times compare the tools with one another,
and say no more.
"""


def _aims(figures: Figures, common: Figures, tools: list[str]) -> list[str]:
    """What was to be reached, and what was."""
    found = {code: figures.found("aseptic", _telling(figures, code)) for code in figures.codes}
    low = [f"{code} {one.said()} of {one.of}" for code, one in found.items() if one.value < FOUND]
    codes = sorted({*figures.codes, *figures.said_by("aseptic")})
    alarms = {code: figures.false_alarms("aseptic", code) for code in codes}
    loud = [f"{code} {one.said(per=100)}" for code, one in alarms.items() if one.value > ALARMS]
    behind = [
        f"{code}: {tool} {theirs.said()}, aseptic {ours.said()}"
        for code in common.codes
        for tool in tools[1:]
        if covers(tool, code)
        for cases in [common.planted(tool, lambda case, code=code: _codes(case)[0] == code)]
        for theirs, ours in [(common.found(tool, cases), common.found("aseptic", cases))]
        if theirs.count > ours.count
    ]
    any_alarm = figures.any_alarm("aseptic").said(per=100)
    found_said = f"{FOUND:.0%} found where it hurts, or of all where no score shows the fault"
    alarms_said = f"At most {100 * ALARMS:g} false alarms per 100 clean cases"
    return [
        f"{found_said}. {_but(low, 'Reached by each check')}",
        f"{alarms_said}. {_but(loud, 'Reached by each check')}",
        f"Any warning on at most {ALARMED:.0%} of clean cases: on {any_alarm} of 100.",
        f"As many found as by any other tool. {_but(behind, 'Reached by each check')}",
    ]


def _telling(figures: Figures, code: str) -> list[Case]:
    """The planted cases that hurt; all of them where none does."""
    cases = figures.planted("aseptic", lambda case: _codes(case)[0] == code)
    return [case for case in cases if case.hurts] or cases


def _but(exceptions: list[str], reached: str) -> str:
    return f"{reached} but: {'; '.join(exceptions)}." if exceptions else f"{reached}."


def figures_of_checks(figures: Figures) -> dict[str, dict[str, list[int]]]:
    """For each of our checks: so many of so many, of what was planted and of clean cases."""
    rows = {}
    for code in sorted({*figures.codes, *figures.said_by("aseptic")}):
        cases = figures.planted("aseptic", lambda case, code=code: _codes(case)[0] == code)
        shares = {
            "found": figures.found("aseptic", cases),
            "found_where_it_hurts": figures.found("aseptic", [c for c in cases if c.hurts]),
            "alarms": figures.false_alarms("aseptic", code),
            "tips": figures.false_alarms("aseptic", code, tips=True),
        }
        rows[code] = {name: [share.count, share.of] for name, share in shares.items()}
    return rows


def _check_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    head = ["check", "faults", "found", "found where it hurts", "precision"]
    head += ["false alarms / 100", "tips / 100"]
    rows = []
    for code in figures.codes:
        cases = figures.planted("aseptic", lambda case, code=code: _codes(case)[0] == code)
        hurt = [case for case in cases if case.hurts]
        rows.append(
            [
                code,
                ", ".join(name for name, fault in FAULTS.items() if fault.checks[0] == code),
                f"{figures.found('aseptic', cases).said()} of {len(cases)}",
                f"{figures.found('aseptic', hurt).said()} of {len(hurt)}",
                figures.precision("aseptic", code).said(),
                figures.false_alarms("aseptic", code).said(per=100),
                figures.false_alarms("aseptic", code, tips=True).said(per=100),
            ]
        )
    for code in sorted(figures.said_by("aseptic") - set(figures.codes)):
        alarms = figures.false_alarms("aseptic", code).said(per=100)
        tips = figures.false_alarms("aseptic", code, tips=True).said(per=100)
        rows.append([code, "none is planted", "-", "-", "-", alarms, tips])
    return head, rows


def _recall_rows(figures: Figures, tools: list[str]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for code in figures.codes:
        if not any(covers(tool, code) for tool in tools if tool != "aseptic"):
            continue
        row = [code]
        for tool in tools:
            cases = figures.planted(tool, lambda case, code=code: _codes(case)[0] == code)
            said = f"{figures.found(tool, cases).said()} of {len(cases)}"
            row.append(said if covers(tool, code) else "-")
        rows.append(row)
    return ["check", *tools], rows


def _alarm_rows(figures: Figures, tools: list[str]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            code,
            *(
                figures.false_alarms(tool, code).said(per=100) if covers(tool, code) else "-"
                for tool in tools
            ),
        ]
        for code in figures.codes
        if any(covers(tool, code) for tool in tools if tool != "aseptic")
    ]
    return ["check", *tools], rows


def _tool_rows(figures: Figures, tools: list[str]) -> tuple[list[str], list[list[str]]]:
    head = ["tool", "cases", "clean cases with any alarm, %", "s / case: median", "95 %", "failed"]
    rows = []
    for tool in tools:
        seen = [figures.judged[tool][name] for name in figures.cases]
        times = sorted(one.seconds for one in seen)
        rows.append(
            [
                tool,
                str(len(times)),
                figures.any_alarm(tool).said(per=100),
                f"{median(times):.2f}",
                f"{times[int(0.95 * (len(times) - 1))]:.2f}",
                str(sum(one.error is not None for one in seen)),
            ]
        )
    return head, rows


def _fault_rows(figures: Figures, tools: list[str]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for fault in FAULTS.values():
        row = [fault.name.replace("_", " "), ", ".join(f"{one:g}" for one in fault.strengths)]
        for tool in tools:
            shares = []
            for strength in fault.strengths:
                cases = figures.planted(
                    tool,
                    lambda case, fault=fault, strength=strength: (
                        (case.fault, case.strength) == (fault.name, strength)
                    ),
                )
                shares.append(f"{figures.found(tool, cases).value:.2f}" if cases else "?")
            is_covered = any(covers(tool, code) for code in fault.checks)
            row.append(" ".join(shares) if is_covered else "-")
        rows.append(row)
    return ["fault", "strengths", *tools], rows


def _applies(code: str, case: Case) -> bool:
    if code == "D18":
        return case.session is not None
    return case.model is not None if code.startswith("T") else True


def _codes(case: Case) -> tuple[str, ...]:
    return FAULTS[case.fault].checks if case.fault else ("",)


def _list(items: list[str]) -> str:
    return "".join(f"- {item}\n" for item in items)


def _most_rows(folder: Path, names: Iterable[str]) -> int:
    from pyarrow.parquet import read_metadata

    tables = (folder / name / "train.parquet" for name in names)
    return max((int(read_metadata(table).num_rows) for table in tables), default=0)


# -- what to mend ---------------------------------------------------------------------------------
def misses(figures: Figures, tool: str = "aseptic") -> str:
    """For each check the clean cases it alarms on and the faults it does not find, by name."""
    lines = []
    seen = figures.judged[tool]
    clean = figures.clean(tool)
    noisy = [case for case in clean if seen[case.name].alarms]
    lines.append(f"any alarm on {len(noisy)} of {len(clean)} clean cases")
    checks = {one["check"] for judged in seen.values() for one in judged.findings}
    for check in sorted({*checks, *figures.codes}):
        alarmed = [
            (case.name, one)
            for case in clean
            for one in seen[case.name].findings
            if one["check"] == check
        ]
        missed = [
            case
            for case in figures.planted(tool)
            if _codes(case)[0] == check and not figures.is_found(tool, case)
        ]
        planted = [case for case in figures.planted(tool) if _codes(case)[0] == check]
        names = {name for name, one in alarmed if one["severity"] != "info"}
        tips = {name for name, one in alarmed if one["severity"] == "info"}
        lines.append(
            f"\n== {check}: {len(names)} false alarms and {len(tips)} tips in {len(clean)} clean "
            f"cases; {len(missed)} of {len(planted)} planted missed"
        )
        lines += [f"  alarm {name} [{one['severity']}] {one['said']}" for name, one in alarmed]
        for case in missed:
            how = f"hurts {case.hurt}" if case.hurts else f"hurt {case.hurt}"
            lines.append(f"  miss  {case.name} ({case.subjects[:2]}; {how})")
    failed = [(name, judged.error) for name, judged in seen.items() if judged.error]
    lines += [f"\nfailed: {name}: {error}" for name, error in failed]
    return "\n".join(lines)


# -- the run --------------------------------------------------------------------------------------
def run(
    part: str, work: Path, *, tools: list[str], count: int | None = None, bases: list[str] = ()
) -> tuple[Figures, dict[str, str]]:
    """Makes what is missing (environments, cases, findings) and reads all of it."""
    cases, findings = work / "cases" / part, work / "findings" / part
    maker = environment("aseptic" if bases else "cases", work / "envs")
    names = _make_cases(maker, part, cases, count=count, bases=bases)
    reasons = {}
    for tool in tools:
        place = environment(tool, work / "envs")
        if place.python is None:
            reasons[tool] = place.reason
            print(f"{tool} cannot be installed: {place.reason}")
            continue
        _call(place, f"judge_{tool}.py", str(cases), str(findings / tool), "--names", str(names))
    figures = read_figures(cases, findings, tools)
    wanted = set(names.read_text().split())
    kept = {name: case for name, case in figures.cases.items() if name in wanted}
    return Figures(kept, figures.judged), reasons


def _make_cases(
    maker: Environment, part: str, cases: Path, *, count: int | None, bases: list[str]
) -> Path:
    """A file with the names of the cases."""
    names = cases / "names.txt"
    words = ["--part", part, "--out", str(cases), "--names", str(names)]
    if count is not None:
        words += ["--cases", str(count)]
    if bases:
        words += ["--bases", *bases]
    if maker.python is None:
        raise SystemExit(f"the cases cannot be made: {maker.reason}")
    _call(maker, "cases.py", *words)
    return names


def _call(place: Environment, script: str, *words: str) -> None:
    """Runs a script of this folder in an environment, on one thread.

    The folder is where processes find the classes of models.py that a judge starts in its turn.
    """
    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    variables["PYTHONPATH"] = path if place.name == "aseptic" else str(HERE)
    subprocess.run([str(place.python), str(HERE / script), *words], env=variables, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("design", "evaluation"), default="evaluation")
    parser.add_argument("--tools", nargs="*", default=list(TOOLS), choices=TOOLS)
    parser.add_argument("--cases", type=int, help="about so many, for a quick run")
    parser.add_argument("--bases", nargs="*", default=[], help="only these data sets")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where all is kept")
    parser.add_argument("--again", action="store_true", help="let aseptic judge anew")
    parser.add_argument("--as-is", action="store_true", help="judge nothing, and write the page")
    parser.add_argument("--misses", action="store_true", help="print what to mend, not the table")
    options = parser.parse_args()
    if options.again:
        for path in (options.work / "findings" / options.part / "aseptic").glob("*.json"):
            path.unlink()
    if options.as_is:
        folders = (options.work / kind / options.part for kind in ("cases", "findings"))
        figures, reasons = read_figures(*folders, options.tools), {}
    else:
        figures, reasons = run(
            options.part,
            options.work,
            tools=options.tools,
            count=options.cases,
            bases=options.bases,
        )
    if options.misses:
        print(misses(figures))
        return
    text = page(figures, reasons, options.work / "cases" / options.part)
    print(text)
    if options.part == "evaluation" and options.cases is None and not options.bases:
        PAGE.write_text(text)
        FIGURES.write_text(json.dumps(figures_of_checks(figures), indent=1) + "\n")


if __name__ == "__main__":
    main()
