"""What a check is: its code, its words, what it needs, and the function that judges."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from aseptic.errors import AsepticError
from aseptic.model import Finding, Severity

if TYPE_CHECKING:
    from aseptic.checks.evidence import Evidence

#: What a check takes of a second: it decides the order, and what may run after each cell.
Cost = Literal["look", "scan", "fit"]  # records only; one pass over a sample; models are fitted
CheckFunction = Callable[..., Iterator[Finding]]

_CODE = re.compile(r"[A-Z][A-Z0-9]*\d\d")
_SECTION = re.compile(r"^(Why|Method|Remedy|Source|Bad|Good)::?[ \t]*", re.MULTILINE)


class NotApplicable(AsepticError):
    """The check cannot judge; the message says what is missing."""


@dataclass(frozen=True)
class Check:
    """One rule. Call it with evidence: it yields findings, or raises NotApplicable."""

    code: str
    severity: Severity
    needs: tuple[str, ...]  # see `Evidence.demand`
    cost: Cost
    function: CheckFunction
    explained_by: tuple[str, ...] = ()  # codes of the causes that this is a symptom of
    instead: tuple[str, ...] = ()  # needs: where they are met, it only looks at these
    rows_suffice: bool = False  # hashes of rows are enough: see `Evidence.with_hashed`

    @property
    def is_of_series(self) -> bool:
        """Whether series and facts alone can do, so that it judges a training while it runs."""
        needs = self.instead or self.needs
        return bool(needs) and all(need.startswith(("series:", "fact:")) for need in needs)

    @property
    def name(self) -> str:
        """Such as `train-test-overlap`: the function's name."""
        return self.function.__name__.replace("_", "-")

    @property
    def summary(self) -> str:
        """What the check says when it finds something, in one line."""
        return _without_sections(inspect.getdoc(self.function) or "").partition("\n\n")[0]

    @property
    def docs(self) -> str:
        """The docstring, whole."""
        return inspect.getdoc(self.function) or ""

    @cached_property
    def sections(self) -> dict[str, str]:
        """The parts of the docstring by title: Why, Method, Remedy, Source, Bad, Good."""
        parts = _SECTION.split(self.docs)
        return {
            title: inspect.cleandoc(text) if title in ("Bad", "Good") else " ".join(text.split())
            for title, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    @property
    def remedy(self) -> str | None:
        """What to do, where the finding itself does not say better."""
        return self.sections.get("Remedy")

    @cached_property
    def thresholds(self) -> dict[str, Any]:
        """The settings that a project may change, with their defaults."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def only_looks(self, evidence: Evidence) -> bool:
        """Whether it judges by records alone, so that it takes next to no time."""
        return self.cost == "look" or (bool(self.instead) and evidence.has(*self.instead))

    def __call__(self, evidence: Evidence, **thresholds: Any) -> Iterator[Finding]:
        """Judges the evidence. Raises NotApplicable, when its findings are asked for."""
        bound = evidence.bound_to(self)
        bound = bound.with_hashed() if self.rows_suffice else bound
        if any(need.startswith("series:") for need in self.instead or self.needs):
            return self._judge_trainings(bound.trainings(), thresholds)
        return self._judge(bound, thresholds)

    def _judge(self, bound: Evidence, thresholds: dict[str, Any]) -> Iterator[Finding]:
        if not (self.instead and bound.has(*self.instead)):
            bound.demand(self.needs)
        return self.function(bound, **thresholds)

    def _judge_trainings(
        self, trainings: list[Evidence], thresholds: dict[str, Any]
    ) -> Iterator[Finding]:
        """Each training of a run by itself. Raises NotApplicable where none can be judged."""
        reasons = []  # words: kept exceptions would keep this frame, and the user's data with it
        for one in trainings:
            try:
                for finding in self._judge(one, thresholds):
                    yield one.of_its_training(finding)
            except NotApplicable as reason:  # noqa: PERF203 -- another one may be judged
                reasons.append(str(reason))
        if len(reasons) == len(trainings):
            raise NotApplicable(reasons[0])


def check(
    code: str,
    *,
    severity: Severity = "warning",
    needs: tuple[str, ...] = (),
    cost: Cost = "scan",
    explained_by: tuple[str, ...] = (),
    instead: tuple[str, ...] = (),
    rows_suffice: bool = False,
) -> Callable[[CheckFunction], Check]:
    """Makes a check of a generator function `(evidence, *, threshold=default, …)`.

    What it finds is dropped where a check of `explained_by` found something: a symptom beside its
    cause is noise. Where the needs of `instead` are met, it judges by these, as one that only looks
    at records, and `needs` are not asked for.

    Its docstring is the page of the docs and the text of `aseptic explain`; its sections begin
    with `Why:`, `Method:`, `Remedy:`, `Source:`, and `Bad::` and `Good::`, whose code a test runs.
    """
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no code of a check: letters and two digits, such as D15")

    def decorate(function: CheckFunction) -> Check:
        return Check(code, severity, needs, cost, function, explained_by, instead, rows_suffice)

    return decorate


def _without_sections(docs: str) -> str:
    return _SECTION.split(docs)[0].strip()
