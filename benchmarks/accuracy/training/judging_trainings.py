"""What a tool says of a training, in one form for all tools."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One finding: the rule by the tool's own name, and the checks of ours that say the same."""

    rule: str
    codes: tuple[str, ...]
    is_alarm: bool = True  # False for a tip


@dataclass(frozen=True)
class Judged:
    """All that a tool says of one training, after it, and as early as it could while it ran."""

    findings: tuple[Said, ...] = ()
    #: When each check first raised an alarm while the training ran, in seconds from its start.
    first_s: dict[str, float] | None = None
    seconds: float = 0.0
    error: str = ""

    @property
    def alarms(self) -> tuple[Said, ...]:
        return tuple(one for one in self.findings if one.is_alarm)

    @property
    def codes(self) -> set[str]:
        """What its alarms say, as codes of ours."""
        return {code for one in self.alarms for code in one.codes}
