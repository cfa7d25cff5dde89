"""How accurate the checks of trainings are, beside the rules of others on the same trainings.

    make bench-training              all, an hour; what was stopped goes on
    make bench-training CASES=40     a quick look
    python benchmarks/accuracy/training/score_trainings.py --part design --misses

Only faults whose twin is sound are scored, and those that have not hurt are scored apart. An alarm
is a warning or an error. The cause is right if an alarm names it, and does not for the twin.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

from data import SOURCES  # noqa: E402 -- after the path
from harm import has_hurt, why_unsound  # noqa: E402
from judge_peers import RULES  # noqa: E402
from judge_peers import judge as judge_peer  # noqa: E402
from judge_trainings import STALLED_S, fingerprint, judge, judge_online  # noqa: E402
from planted import FAULTS  # noqa: E402
from shares import Share, table  # noqa: E402
from traces import Trace, read_trace  # noqa: E402
from trainings import few, plan  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from judging_trainings import Judged

PAGE = HERE.parents[2] / "docs" / "checks" / "training-accuracy.md"
WORK = HERE / "work"
#: Series that a person has to log, as no hook can know them.
BY_HAND = ("reference_score",)
_BARE = "aseptic, nothing logged by hand"


@dataclass(frozen=True)
class Figures:
    """All trainings of a part that are there, and what each tool says of them."""

    traces: dict[str, Trace]
    judged: dict[str, dict[str, Judged]]  # by tool and training
    online: dict[str, dict[str, float]]  # by training: when each check first raised an alarm

    # -- which trainings ------------------------------------------------------------------------
    @property
    def sound(self) -> list[Trace]:
        """Those with nothing planted that are as good as they should be."""
        return [one for one in self.traces.values() if not one.fault and not why_unsound(one)]

    @property
    def unsound(self) -> list[Trace]:
        return [one for one in self.traces.values() if not one.fault and why_unsound(one)]

    def planted(self, *, hurt: bool, want: Callable[[Trace], bool] = lambda _: True) -> list[Trace]:
        """Those with a fault and a sound twin, that have been hurt by it or not."""
        sound = {one.name for one in self.sound}
        return [
            one
            for one in self.traces.values()
            if one.fault
            and one.twin in sound
            and has_hurt(one, self.traces[one.twin]) == hurt
            and want(one)
        ]

    # -- what is said of them -------------------------------------------------------------------
    def any_alarm(self, tool: str, traces: list[Trace]) -> Share:
        seen = self.judged[tool]
        return Share(sum(bool(seen[one.name].alarms) for one in traces), len(traces))

    def named(self, tool: str, traces: list[Trace], *, symptoms: bool = False) -> Share:
        """Those of which the cause is named, or else a true symptom."""
        return Share(
            sum(self.is_named(tool, one, symptoms=symptoms) for one in traces), len(traces)
        )

    def mentioned(self, tool: str, traces: list[Trace]) -> Share:
        """Those of which the cause is named, whatever is said of the twin."""
        seen = self.judged[tool]
        found = [bool(seen[one.name].codes & {*FAULTS[one.fault].causes}) for one in traces]
        return Share(sum(found), len(traces))

    def is_named(self, tool: str, trace: Trace, *, symptoms: bool = False) -> bool:
        return bool(self.right_codes(tool, trace, symptoms=symptoms))

    def right_codes(self, tool: str, trace: Trace, *, symptoms: bool = False) -> set[str]:
        """The codes of its alarms that name the cause, and are not those of the twin too."""
        fault = FAULTS[trace.fault]
        wanted = {*fault.causes, *(fault.symptoms if symptoms else ())}
        seen = self.judged[tool]
        return wanted & (seen[trace.name].codes - seen[trace.twin].codes)

    def named_online(self, traces: list[Trace]) -> Share:
        """Those of which the cause or a true symptom was named while they ran."""
        return Share(sum(self.saved(one) > 0 for one in traces), len(traces))

    def saved(self, trace: Trace) -> float:
        """The share of the training's time that stopping at the first right alarm saves."""
        causes = {*FAULTS[trace.fault].causes, *FAULTS[trace.fault].symptoms}
        of_twin = self.online[trace.twin]
        times = [
            at
            for code, at in self.online[trace.name].items()
            if code in causes and code not in of_twin
        ]
        return 1 - min(times) / trace.seconds if times else 0.0


# -- judging --------------------------------------------------------------------------------------
def judge_all(traces: dict[str, Trace], work: Path) -> Figures:
    """What all tools say; what aseptic says online is kept beside the traces."""
    judged: dict[str, dict[str, Judged]] = {
        "aseptic": {},
        _BARE: {},
        **{tool: {} for tool in RULES},
    }
    online = {}
    for number, (name, trace) in enumerate(traces.items(), 1):
        print(f"\rjudging {number} of {len(traces)}  {name:60.60}", end="", file=sys.stderr)
        judged["aseptic"][name] = judge(trace)
        judged[_BARE][name] = judge(trace, without=BY_HAND)
        for tool in RULES:
            judged[tool][name] = judge_peer(tool, trace)
        online[name] = _online(trace, work)
    print(file=sys.stderr)
    return Figures(traces, judged, online)


def _online(trace: Trace, work: Path) -> dict[str, float]:
    path = work / "online" / f"{trace.name}.json"
    key = f"{fingerprint()}-{trace.recipe}-{trace.seconds}"
    if path.exists():
        kept = json.loads(path.read_text())
        if kept["key"] == key:
            return dict(kept["first_s"])
    first_s = judge_online(trace)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"key": key, "first_s": first_s}))
    return first_s


# -- the page -------------------------------------------------------------------------------------
_HEAD = """# Accuracy of the training checks

*Written by `make bench-training`.* {count} trainings of small models on real data were watched by
`aseptic.watch`: {sound} sound ones and {planted} with one planted fault each, of which {hurt}
did harm. Their seeds were used for no threshold, and three of the data sets for nothing before.
Intervals are Wilson's at 95%.

- *Sound*: on test rows as good as a linear model (within 0.05 or two standard errors), and the test
  loss has not risen by 15%. {unsound} of {drawn} were not, and are left out with what was planted
  in them: no tool is asked to call them healthy.
- *Hurts*: beside the twin (same seed, same config, without the fault) the test score is worse by
  0.03 and two standard errors, or the test loss by 25%; for overfitting the test loss has risen
  25% above its lowest; for evaluation in training mode the reported score is wrong by 0.03; for
  slow data an epoch takes twice as long; a training that stands still always hurts. No check sees
  the test rows.
- *Any alarm*: a warning or error, whatever it says.
- *Right cause*: an alarm of one of the checks in the second column, and not for the twin too.
- *Or a true symptom*: also one that says what is true of such a training, without its cause, such
  as a loss that does not fall where no weight is updated.
- *Twin*: the same training without the fault raises an alarm.

SageMaker Debugger, UMLAUT and AutoTrainer cannot watch these trainings (a service, and parts of
Keras), so their published rules, and two of skore's, were written anew from documentation and
source with the documented defaults, and read in their favour: see
`benchmarks/accuracy/training/judge_peers.py`. Where nothing is logged by hand, `reference_score`
is missing. A stall counts after {stalled} s instead of 600.

The aim: any alarm on 0.95 of the faults that hurt, the right cause in 0.90, and an alarm on 2 of
100 sound trainings at most.
"""


def page(figures: Figures) -> str:
    """The results in Markdown."""
    hurt = figures.planted(hurt=True)
    harmless = figures.planted(hurt=False)
    sound, unsound = figures.sound, figures.unsound
    head = _HEAD.format(
        count=len(sound) + len(hurt) + len(harmless),
        sound=len(sound),
        planted=len(hurt) + len(harmless),
        hurt=len(hurt),
        unsound=len(unsound),
        drawn=len(sound) + len(unsound),
        stalled=STALLED_S,
    )
    parts = [
        head,
        "## Beside other tools\n",
        table(*_tool_rows(figures)),
        "## Fault by fault\n",
        table(*_fault_rows(figures)),
        "## Right cause, beside other tools: those that hurt\n",
        table(*_peer_rows(figures)),
        "## What is said of sound trainings\n",
        table(*_sound_rows(figures)),
        "## Kind by kind of model\n",
        table(*_architecture_rows(figures)),
        "## How early\n",
        _EARLY,
        table(*_early_rows(figures)),
        "## Time\n",
        table(*_time_rows(figures)),
    ]
    return "\n".join(parts)


def _tool_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    hurt, harmless = figures.planted(hurt=True), figures.planted(hurt=False)
    head = ["tool", "any alarm on faults that hurt", "right cause", "or a true symptom"]
    head += ["cause named, for the twin or not"]
    head += ["sound trainings with an alarm, %", "any alarm on harmless faults"]
    rows = [
        [
            tool,
            figures.any_alarm(tool, hurt).said(),
            figures.named(tool, hurt).said(),
            figures.named(tool, hurt, symptoms=True).said(),
            figures.mentioned(tool, hurt).said(),
            figures.any_alarm(tool, figures.sound).said(per=100),
            figures.any_alarm(tool, harmless).said(),
        ]
        for tool in figures.judged
    ]
    online = Share(sum(_alarms_online(figures, one) for one in figures.sound), len(figures.sound))
    found = Share(sum(_alarms_online(figures, one) for one in hurt), len(hurt))
    right = figures.named_online(hurt)
    rows.insert(
        1,
        ["aseptic, while it ran", found.said(), "-", right.said(), "-", online.said(per=100), "-"],
    )
    return head, rows


def _alarms_online(figures: Figures, trace: Trace) -> bool:
    return bool(figures.online[trace.name])


def _fault_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    head = ["fault", "checks that name it", "hurt", "any alarm", "right cause", "or a true symptom"]
    head += ["the same while it ran", "twins with an alarm", "harmless, with an alarm"]
    rows = []
    for fault in FAULTS.values():
        hurt = _of_fault(figures, fault.name)
        harmless = figures.planted(
            hurt=False, want=lambda one, fault=fault: one.fault == fault.name
        )
        twins = [figures.traces[one.twin] for one in [*hurt, *harmless]]
        rows.append(
            [
                fault.name,
                " ".join(fault.causes),
                str(len(hurt)),
                figures.any_alarm("aseptic", hurt).said(),
                figures.named("aseptic", hurt).said(),
                figures.named("aseptic", hurt, symptoms=True).said(),
                _of(figures.named_online(hurt)),
                _of(figures.any_alarm("aseptic", twins)),
                _of(figures.any_alarm("aseptic", harmless)),
            ]
        )
    hurt = figures.planted(hurt=True)
    rows.append(
        [
            "all",
            "",
            str(len(hurt)),
            figures.any_alarm("aseptic", hurt).said(),
            figures.named("aseptic", hurt).said(),
            figures.named("aseptic", hurt, symptoms=True).said(),
            _of(figures.named_online(hurt)),
            "",
            _of(figures.any_alarm("aseptic", figures.planted(hurt=False))),
        ]
    )
    return head, rows


def _of_fault(figures: Figures, fault: str, *, hurt: bool = True) -> list[Trace]:
    return figures.planted(hurt=hurt, want=lambda one: one.fault == fault)


def _of(share: Share) -> str:
    return f"{share.count} of {share.of}"


def _peer_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    tools = [tool for tool in figures.judged if tool != _BARE]
    rows = []
    for fault in FAULTS.values():
        hurt = _of_fault(figures, fault.name)
        rows.append([fault.name, str(len(hurt)), *(_of(figures.named(one, hurt)) for one in tools)])
    return ["fault", "hurt", *tools], rows


def _sound_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    """By rule: how many sound trainings it raises an alarm on."""
    rows = []
    for tool, seen in figures.judged.items():
        counts: dict[str, int] = {}
        for one in figures.sound:
            for rule in {said.rule for said in seen[one.name].alarms}:
                counts[rule] = counts.get(rule, 0) + 1
        said = ", ".join(f"{rule}: {count}" for rule, count in sorted(counts.items()))
        rows.append([tool, said or "nothing"])
    return ["tool", f"alarms on {len(figures.sound)} sound trainings"], rows


def _architecture_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    head = ["kind", "sound", "with an alarm", "while it ran", "faults that hurt"]
    head += ["any alarm", "right cause"]
    rows = []
    for kind in dict.fromkeys(one.architecture for one in figures.traces.values()):
        sound = [one for one in figures.sound if one.architecture == kind]
        hurt = figures.planted(hurt=True, want=lambda one, kind=kind: one.architecture == kind)
        rows.append(
            [
                _KINDS[kind],
                str(len(sound)),
                str(figures.any_alarm("aseptic", sound).count),
                str(sum(_alarms_online(figures, one) for one in sound)),
                str(len(hurt)),
                figures.any_alarm("aseptic", hurt).said(),
                figures.named("aseptic", hurt).said(),
            ]
        )
    return head, rows


_KINDS = {
    "dense": "dense (torch)",
    "convolutional": "convolutional (torch)",
    "recurrent": "recurrent (torch)",
    "transformer": "transformer (torch)",
    "mlp": "networks of scikit-learn",
    "boosted": "boosted trees (scikit-learn, LightGBM, XGBoost)",
}

_EARLY = """The series of each training were played back: at the end of each epoch the checks judged
what was known by then. Shown is the share of the training's time that stopping at the first right
alarm (cause or true symptom) would have saved; one without such an alarm has saved nothing. Stalls,
which someone ended, are left out.
"""


def _early_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    rows = []
    every = []
    for fault in FAULTS.values():
        if fault.name == "stalled":
            continue
        hurt = _of_fault(figures, fault.name)
        saved = [figures.saved(one) for one in hurt]
        every += saved
        rows.append([fault.name, *_early(saved)])
    return ["fault", "hurt", "saved: mean", "median"], [*rows, ["all", *_early(every)]]


def _early(saved: list[float]) -> list[str]:
    if not saved:
        return ["0", "-", "-"]
    return [str(len(saved)), f"{mean(saved):.0%}", f"{median(saved):.0%}"]


def _time_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    trained = sorted(one.seconds for one in figures.traces.values())
    judged = sorted(one.seconds for one in figures.judged["aseptic"].values())
    rows = [
        [what, f"{median(times):.3f}", f"{times[int(0.95 * (len(times) - 1))]:.3f}"]
        for what, times in (
            ("a training, with what watches it, s", trained),
            ("all training checks once, s", judged),
        )
    ]
    return ["", "median", "95%"], rows


# -- what to mend ---------------------------------------------------------------------------------
def misses(figures: Figures) -> str:
    """By name: sound trainings with an alarm, and faults that hurt whose cause is not named."""
    seen = figures.judged["aseptic"]
    lines = [f"== {len(figures.sound)} sound, {len(figures.unsound)} unsound"]
    lines += [f"  unsound {one.name}: {why_unsound(one)}" for one in figures.unsound]
    for one in figures.sound:
        codes, online = sorted(seen[one.name].codes), sorted(figures.online[one.name])
        if codes or online:
            lines.append(f"  alarm {one.name}: after {codes}, while it ran {online}")
    for fault in FAULTS.values():
        hurt = _of_fault(figures, fault.name)
        missed = [one for one in hurt if not figures.is_named("aseptic", one)]
        lines.append(f"\n== {fault.name}: {len(missed)} of {len(hurt)} that hurt are missed")
        for one in missed:
            codes = sorted(seen[one.name].codes)
            of_twin = sorted(seen[one.twin].codes)
            lines.append(f"  miss {one.name}: {codes}, twin {of_twin}")
    lines += [f"\nfailed {name}: {one.error}" for name, one in seen.items() if one.error]
    return "\n".join(lines)


# -- the run --------------------------------------------------------------------------------------
def read_part(part: str, work: Path, names: Iterable[str]) -> dict[str, Trace]:
    """The traces that are there."""
    paths = {name: work / part / f"{name}.json.gz" for name in names}
    found = {name: read_trace(path) for name, path in paths.items() if path.exists()}
    return {name: one for name, one in found.items() if not one.twin or one.twin in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("design", "evaluation"), default="evaluation")
    parser.add_argument("--cases", type=int, help="about so many, for a quick look")
    parser.add_argument("--work", type=Path, default=WORK, help="where all is kept")
    parser.add_argument("--only-judge", action="store_true", help="train nothing that is missing")
    parser.add_argument("--misses", action="store_true", help="print what to mend, not the table")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    planned = plan(options.part)
    if options.cases is not None:
        planned = few(planned, options.cases)
    if not options.only_judge:
        from make_traces import make_all

        make_all(planned, options.work / options.part)
    traces = read_part(options.part, options.work, [one.name for one in planned])
    figures = judge_all(traces, options.work)
    if options.misses:
        print(misses(figures))
        return
    text = page(figures)
    print(text)
    is_whole = len(traces) == len(plan("evaluation")) and all(one.is_installed for one in SOURCES)
    if options.part == "evaluation" and is_whole:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
