"""The probes as the running cell calls them: cheap, silent, and tired after a thousand times.

Each gives its argument back unchanged, whatever happens within. A call site that ran LIMIT times
stops looking: its probes become the identity. A site that binds a number goes on, since the last
value is the one that counts, with nothing left but keeping that number.
"""

from __future__ import annotations

import sys
from inspect import CO_OPTIMIZED
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aseptic.capture import estimators
from aseptic.capture.metrics import Kind
from aseptic.capture.values import NOTHING, members, number, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType

    from aseptic.capture.callees import Callee
    from aseptic.capture.probes import BindPlan, CallPlan, LogPlan, Probe, UsePlan
    from aseptic.capture.readings import Tail
    from aseptic.capture.recorder import Recorder
    from aseptic.capture.values import Nothing
    from aseptic.model import Value

LIMIT: Final = 1000


class Reduced(NamedTuple):
    """What is kept of an argument: no reference to it."""

    value: Value | Nothing = NOTHING
    members: dict[str, Value] | None = None  # of a dict or config object
    settings: estimators.Settings | None = None  # of an estimator, optimizer or network
    items: tuple[Reduced, ...] | None = None  # of an unpacked sequence
    owner: str = ""  # the class of a config object
    is_metric: bool = False


def reduce(value: object, *, keyword: str | None = None) -> Reduced:
    """What of an argument may be kept; what is unpacked (`*`, `**`) is taken apart."""
    if keyword == "*":
        return _reduce_star(value)
    found = members(value)
    if found:
        return Reduced(plain(value), members=found, owner=type(value).__name__)
    simple = plain(value)
    settings = estimators.settings_of(value) if simple is NOTHING else None
    return Reduced(simple, settings=settings)


def _reduce_star(value: object) -> Reduced:
    if type(value) in (list, tuple) and len(value) <= 64:  # type: ignore[arg-type]  # sized
        return Reduced(items=tuple(reduce(item) for item in value))  # type: ignore[attr-defined]
    return Reduced()


def same(value: Any) -> Any:
    """A probe that has seen enough."""
    return value


def silent(_: Any) -> None:
    """The same for a probe whose result is not used."""


class Sites:
    """Makes the probes for one cell's plan."""

    def __init__(
        self,
        recorder: Recorder,
        table: list[Callable[[Any], Any]],
        on_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorder = recorder
        self._table = table
        self._on_call = on_call

    def call(self, plan: CallPlan) -> tuple[Probe, Sequence[Probe]]:
        """The probes of a call site: of its callee, and one for each argument."""
        site = _CallSite(plan, self._recorder, self._retire, self._on_call)
        takes = [site.taker(place) for place in range(len(plan.arguments))]
        site.probes = [site.enter, *takes]
        return site.enter, takes

    def binding(self, plan: BindPlan) -> Probe:
        """The probe of an assigned value."""
        site = _BindSite(plan, self._recorder, self._retire)
        return site.look

    def increment(self, plan: BindPlan) -> Probe:
        """The probe of a name that was just added to."""
        site = _BindSite(plan, self._recorder, self._retire, is_increment=True)
        return site.look_only

    def use(self, plan: UsePlan) -> Probe:
        """The probe of a name or member that is read."""
        return _UseSite(plan, self._recorder, self._retire).look

    def log(self, plan: LogPlan) -> Probe:
        """The probe of what logs: it looks once."""
        return _LogSite(plan, self._recorder, self._retire).look

    def _retire(self, old: Probe, new: Probe) -> None:
        """Replaces a probe in the table that the running cell uses."""
        for place, probe in enumerate(self._table):
            if probe == old:
                self._table[place] = new


class _CallSite:
    """One call in the source: gathers its arguments, then has them recorded."""

    def __init__(
        self,
        plan: CallPlan,
        recorder: Recorder,
        retire: Callable[[Probe, Probe], None],
        on_call: Callable[[], None],
    ) -> None:
        self.plan = plan
        self.probes: list[Probe] = []
        self._on_call = on_call
        self._recorder = recorder
        self._retire = retire
        self._count = 0
        self._literals = [_literal(argument.literal) for argument in plan.arguments]
        probed = [i for i, one in enumerate(plan.arguments) if _is_probed(one)]
        self._last = probed[-1] if probed else -1
        self._callee: Callee | None = None
        self._found: list[Reduced] = []
        self._has_settings = False

    def enter(self, called: Any) -> Any:
        """The callee was evaluated; bare variables are read now."""
        recorder = self._recorder
        try:
            self._count += 1
            if self._count > LIMIT:
                self._stop()
                return called
            self._callee = recorder.callee_of(called, self.plan)
            self._found = self._read(sys._getframe(1).f_code)  # noqa: SLF001 - documented
            self._on_call()
            recorder.receiver(called, self._callee, self.plan)
            if self._last < 0:
                self._finish()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything in a probe
            recorder.fault(self.plan.text, error)
        return called

    def taker(self, place: int) -> Probe:
        """The probe of one argument."""
        keyword = self.plan.arguments[place].keyword

        def take(value: Any) -> Any:
            try:
                if self._callee is not None:
                    self._found[place] = self._recorder.reduced(value, keyword)
                    if place == self._last:
                        self._finish()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - the same
                self._recorder.fault(self.plan.text, error)
            return value

        return take

    def _read(self, code: CodeType) -> list[Reduced]:
        """The literals, and the bare variables as they are now.

        `%timeit` runs its statement in a function: names that are local there are not known.
        """
        recorder, found = self._recorder, list(self._literals)
        unknown = (*code.co_varnames, *code.co_cellvars) if code.co_flags & CO_OPTIMIZED else ()
        for place, argument in enumerate(self.plan.arguments):
            if argument.is_read and argument.name is not None and argument.name not in unknown:
                value = recorder.value_of(argument.name)
                if value is not NOTHING:
                    found[place] = recorder.reduced(value, argument.keyword)
        return found

    def _finish(self) -> None:
        callee, self._callee = self._callee, None
        if callee is not None:
            self._recorder.call(self.plan, callee, self._found)
            self._has_settings = self._has_settings or any(
                map(self._is_setting, range(len(self._found)))
            )
        self._found = []

    def _is_setting(self, place: int) -> bool:
        """Whether an argument may have another value at the next call, and would be recorded."""
        argument, found = self.plan.arguments[place], self._found[place]
        is_known = argument.literal is not NOTHING or argument.counts
        return not is_known and (found.value is not NOTHING or found.members is not None)

    def _stop(self) -> None:
        self._callee = None
        for probe in self.probes:
            self._retire(probe, same)
        if self._has_settings:
            self._recorder.tired(self.plan)


def _is_probed(argument: Any) -> bool:
    return not argument.is_read and argument.literal is NOTHING


def _literal(value: object) -> Reduced:
    return Reduced() if value is NOTHING else reduce(value)


class _BindSite:
    """One assignment in the source."""

    def __init__(
        self,
        plan: BindPlan,
        recorder: Recorder,
        retire: Callable[[Probe, Probe], None],
        *,
        is_increment: bool = False,
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._retire = retire
        self._is_increment = is_increment
        self._count = 0

    def look(self, value: Any) -> Any:
        """The assigned value, which is given back."""
        self.look_only(value)
        return value

    def look_only(self, value: Any) -> None:
        """The value of a name that was just added to; nothing is given back."""
        try:
            self._count += 1
            self._recorder.bound(self._plan, value)
            if self._count >= LIMIT:
                self._slim(value)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything in a probe
            self._recorder.fault(self._plan.parts[0].name, error)

    def _slim(self, value: Any) -> None:
        """After many times: only keep the last number, or nothing where there was none."""
        parts = self._plan.parts
        is_number = number(value) is not None
        if all(part.kind is Kind.SETTING for part in parts) or (len(parts) == 1 and not is_number):
            self._replace(silent if self._is_increment else same)
        elif is_number:
            tail = self._recorder.tail(self._plan, value)
            self._replace(_counting(tail) if self._is_increment else _keeping(tail))

    def _replace(self, probe: Probe) -> None:
        self._retire(self.look_only if self._is_increment else self.look, probe)


def _keeping(tail: Tail) -> Probe:
    kinds = tail.kinds

    def keep(value: Any) -> Any:
        if type(value) in kinds:
            tail.last = value
            tail.seen += 1
        return value

    return keep


def _counting(tail: Tail) -> Probe:
    keep = _keeping(tail)

    def count(value: Any) -> None:
        keep(value)

    return count


class _UseSite:
    """One read of a setting in an expression."""

    def __init__(
        self, plan: UsePlan, recorder: Recorder, retire: Callable[[Probe, Probe], None]
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._retire = retire
        self._count = 0

    def look(self, value: Any) -> Any:
        """The value read, which is given back."""
        try:
            self._count += 1
            goes_on = self._recorder.used(self._plan, value)
            if not goes_on or self._count >= LIMIT:
                self._retire(self.look, same)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything in a probe
            self._recorder.fault(self._plan.name, error)
        return value


class _LogSite:
    """One call of something called `log`."""

    def __init__(
        self, plan: LogPlan, recorder: Recorder, retire: Callable[[Probe, Probe], None]
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._retire = retire

    def look(self, called: Any) -> Any:
        """What is called, or its receiver, which is given back."""
        try:
            self._recorder.logged(self._plan, called)
            self._retire(self.look, same)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything in a probe
            self._recorder.fault("log", error)
        return called
