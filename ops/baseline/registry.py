"""All checks, and running them: what goes wrong in one is its verdict ``not_obtained``, never the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

import msgspec

from infra.text import say
from ops.baseline.host import Host
from ops.baseline.outcome import NotApplicableError, NotObtainedError, Outcome, Verdict

Look = Callable[[Host], Outcome]


class Check(msgspec.Struct, frozen=True):
    """One check: its id, the level-3 requirements it speaks for, and how it looks."""

    id: str
    items: tuple[str, ...]
    look: Look

    @property
    def title(self) -> str:
        """What it looks at, in the language of the context."""
        return say(f"ops.baseline.title.{self.id}")


class Finding(msgspec.Struct, frozen=True):
    """A check and its outcome."""

    check: Check
    outcome: Outcome

    @property
    def reason(self) -> str:
        """The verdict in words, with the numbers and names it rests on."""
        told = {name: value for name, value in self.outcome.detail.items() if value not in ("", None)}
        detail = "; ".join(f"{say(f'ops.baseline.detail.{name}')} {value}" for name, value in told.items())
        words = say(f"ops.baseline.reason.{self.outcome.verdict}", title=self.check.title)
        return f"{words} ({detail})" if detail else words


CHECKS: dict[str, Check] = {}


def check(check_id: str, *items: str) -> Callable[[Look], Look]:
    """Register a look as the check ``check_id`` for requirements such as ``8.1.4.1a``."""

    def register(look: Look) -> Look:
        if check_id in CHECKS:
            raise ValueError(f"two checks are called {check_id}")
        CHECKS[check_id] = Check(check_id, items, look)
        return look

    return register


def all_checks() -> list[Check]:
    """Every check in the order of their ids."""
    import ops.baseline.checks as folder

    for module in iter_modules(folder.__path__):
        import_module(f"ops.baseline.checks.{module.name}")
    return [CHECKS[name] for name in sorted(CHECKS)]


def run_check(one: Check, host: Host) -> Outcome:
    """The outcome of one check on one host."""
    if not host.there:
        why = "no host is there: neither /etc/passwd nor os-release"
        return Outcome(Verdict.NOT_OBTAINED, detail={"source": "/", "why": why})
    try:
        return one.look(host)
    except NotObtainedError as error:
        return Outcome(Verdict.NOT_OBTAINED, detail={"source": error.source, "why": error.why})
    except NotApplicableError as error:
        return Outcome(Verdict.NOT_APPLICABLE, detail={"what": error.what})
    except (ValueError, IndexError, KeyError, OSError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        return Outcome(Verdict.NOT_OBTAINED, detail={"source": one.id, "why": why})


def run_checks(host: Host, only: Iterable[str] = ()) -> list[Finding]:
    """Every check (or those named) on one host."""
    wanted = set(only)
    return [Finding(one, run_check(one, host)) for one in all_checks() if not wanted or one.id in wanted]
