"""Failed logins and idle sessions (8.1.4.1b), a second factor (8.1.4.1d), empty passwords in PAM (8.1.4.1a)."""

from __future__ import annotations

import re
from collections.abc import Callable

from ops.baseline.host import Host
from ops.baseline.outcome import NotObtainedError, Outcome, Proof, decide, failed, proof
from ops.baseline.pam import IGNORE, SUCCESS, Entry, flat, run_stack
from ops.baseline.registry import check
from ops.baseline.settings_file import assignments, last

FAILLOCK, TALLY = "pam_faillock.so", ("pam_tally2.so", "pam_tally.so")
SECOND = ("pam_google_authenticator.so", "pam_oath.so", "pam_u2f.so", "pam_radius_auth.so", "pam_yubico.so",
          "pam_pkcs11.so", "pam_duo.so", "pam_otpw.so")  # fmt: skip
PASSWORD = ("pam_unix.so", "pam_sss.so", "pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_systemd_home.so")
_PROFILES = ("/etc/profile", "/etc/bashrc", "/etc/bash.bashrc")


def _login_services(host: Host) -> list[str]:
    found = [name for name in ("sshd", "login") if host.tree.exists(f"/etc/pam.d/{name}")]
    if not found:
        raise NotObtainedError("/etc/pam.d", "neither sshd nor login has a stack")
    return found


Judge = Callable[[tuple[Entry, ...]], tuple[bool, list[Proof]]]


def _each(host: Host, judge: Judge, **detail: object) -> Outcome:
    """The verdict over all login services: each must be good."""
    proofs: list[Proof] = []
    bad = []
    for name in _login_services(host):
        good, shown = judge(host.pam(name, "auth"))
        proofs += shown or [proof(f"/etc/pam.d/{name}", "no such module in the stack")]
        if not good:
            bad.append(name)
    return decide(not bad, *dict.fromkeys(proofs), services=", ".join(bad), **detail)


@check("lockout.locks", "8.1.4.1b")
def locks(host: Host) -> Outcome:
    """A locked account stays out although the password is right, and a wrong password is counted."""
    return _each(host, locks_out)


def locks_out(stack: tuple[Entry, ...]) -> tuple[bool, list[Proof]]:
    """Run the stack twice: locked with the right password, and unlocked with a wrong one."""
    modules = [entry for entry in flat(stack) if entry.module == FAILLOCK or entry.module in TALLY]
    locked = run_stack(stack, _when_locked)
    wrong = run_stack(stack, _when_wrong)
    counted = any(_counts(entry) for entry in wrong.called)
    return bool(modules) and not locked.passed and not wrong.passed and counted, [m.proof for m in modules]


def _when_locked(entry: Entry) -> str:
    if entry.module == "pam_deny.so":
        return "auth_err"
    locking = entry.module in TALLY or (entry.module == FAILLOCK and "authsucc" not in entry.args)
    return "auth_err" if locking else SUCCESS


def _when_wrong(entry: Entry) -> str:
    if entry.module in PASSWORD or entry.module == "pam_deny.so":
        return "auth_err"
    if entry.module == FAILLOCK:
        return IGNORE if "authfail" in entry.args else SUCCESS
    return SUCCESS


def _counts(entry: Entry) -> bool:
    return entry.module in TALLY or (entry.module == FAILLOCK and "authfail" in entry.args)


def _lock_number(host: Host, entry: Entry, key: str, default: int) -> int | None:
    text = entry.arg(key)
    if text is None and entry.module == FAILLOCK:
        path = entry.arg("conf") or "/etc/security/faillock.conf"
        found = last(assignments(host.tree.read(path) or "", path), key)
        text = found.value if found else None
    if text is None:
        return default
    if text == "never":
        return 0
    return int(text) if text.isdecimal() else None


def _lock_modules(host: Host) -> list[Entry]:
    stacks = [host.pam(name, "auth") for name in _login_services(host)]
    found = [e for stack in stacks for e in flat(stack) if e.module in TALLY or e.module == FAILLOCK]
    if not found:
        raise NotObtainedError("/etc/pam.d", "no lockout module is in the login stacks")
    return found


@check("lockout.attempts", "8.1.4.1b")
def attempts(host: Host) -> Outcome:
    """Accounts lock after few enough failures."""
    most = host.limits.lock_attempts
    numbers = [
        (_lock_number(host, entry, "deny", 3 if entry.module == FAILLOCK else 0), entry)
        for entry in _lock_modules(host)
    ]
    bad = [entry for number, entry in numbers if number is None or not 0 < number <= most]
    shown = [entry.proof for entry in bad] or [numbers[0][1].proof]
    return decide(not bad, *shown, attempts=numbers[0][0], most=most)


@check("lockout.duration", "8.1.4.1b")
def duration(host: Host) -> Outcome:
    """A locked account stays locked long enough (0 = until an administrator opens it)."""
    least = host.limits.lock_seconds
    numbers = [
        (_lock_number(host, entry, "unlock_time", 600 if entry.module == FAILLOCK else 0), entry)
        for entry in _lock_modules(host)
    ]
    bad = [entry for number, entry in numbers if number is None or 0 < number < least]
    shown = [entry.proof for entry in bad] or [numbers[0][1].proof]
    return decide(not bad, *shown, seconds=numbers[0][0], least=least)


@check("lockout.no_nullok", "8.1.4.1a")
def no_nullok(host: Host) -> Outcome:
    """The login stacks do not accept an empty password."""

    def judge(stack: tuple[Entry, ...]) -> tuple[bool, list[Proof]]:
        unix = [entry for entry in flat(stack) if entry.module == "pam_unix.so"]
        open_ = [entry for entry in unix if "nullok" in entry.args or "nullok_secure" in entry.args]
        return not open_, [entry.proof for entry in open_ or unix]

    return _each(host, judge)


@check("lockout.wrong_password_refused", "8.1.4.1a", "8.1.4.2a")
def wrong_password_refused(host: Host) -> Outcome:
    """A wrong password is refused by every login stack (no pam_permit slips through)."""

    def judge(stack: tuple[Entry, ...]) -> tuple[bool, list[Proof]]:
        run = run_stack(stack, _when_wrong)
        return not run.passed, [entry.proof for entry in run.called if entry.module in (*PASSWORD, "pam_permit.so")]

    return _each(host, judge)


@check("lockout.second_factor", "8.1.4.1d")
def second_factor(host: Host) -> Outcome:
    """Remote logins need two factors: two SSH methods, or a second module that cannot be passed by."""
    methods = host.sshd.get("authenticationmethods")
    combined = methods.value and all("," in choice for choice in methods.value.split())
    stack = host.pam("sshd", "auth")
    second = [entry for entry in flat(stack) if entry.module in SECOND]
    run = run_stack(stack, lambda entry: "auth_err" if entry.module in SECOND else SUCCESS)
    through_pam = bool(second) and not run.passed and _password_only(host)
    shown = [entry.proof for entry in second] or [methods.proof]
    return decide(bool(combined) or through_pam, *shown)


def _password_only(host: Host) -> bool:
    """Whether no SSH method goes round PAM: public keys are off."""
    return host.sshd.get("pubkeyauthentication").value.lower() == "no"


@check("session.idle_shell", "8.1.4.1b")
def idle_shell(host: Host) -> Outcome:
    """Idle shells end: TMOUT is set for everyone."""
    most = host.limits.idle_seconds
    found = None
    for path in [*_PROFILES, *host.tree.glob("/etc/profile.d/*.sh")]:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            match = re.match(r"\s*(?:(?:export|readonly|declare|typeset)\s+(?:-\w+\s+)*)?TMOUT=[\"']?(\d+)", line)
            if match:
                found = (int(match[1]), proof(path, line, number))
    if found is None:
        return failed(proof("/etc/profile", "TMOUT is not set"), seconds=None, most=most)
    return decide(0 < found[0] <= most, found[1], seconds=found[0], most=most)


@check("access.su_restricted", "8.1.4.2d")
def su_restricted(host: Host) -> Outcome:
    """Only a named group may use su."""
    stack = host.pam("su", "auth")
    wheel = [entry for entry in flat(stack) if entry.module == "pam_wheel.so" and "trust" not in entry.args]
    run = run_stack(stack, _for_outsider)
    return decide(bool(wheel) and not run.passed, *(e.proof for e in wheel or flat(stack)))


def _for_outsider(entry: Entry) -> str:
    if entry.module in ("pam_rootok.so", "pam_deny.so"):
        return "auth_err"
    if entry.module == "pam_wheel.so":
        return "perm_denied" if "trust" not in entry.args else IGNORE
    return SUCCESS
