"""Passwords (8.1.4.1a): quality is enforced by the PAM stack, ages are set and hold for the accounts that exist."""

from __future__ import annotations

from ops.baseline.accounts import Secret
from ops.baseline.host import Host
from ops.baseline.outcome import NotApplicableError, NotObtainedError, Outcome, decide, failed, proof
from ops.baseline.pam import SUCCESS, Entry, flat, run_stack
from ops.baseline.registry import check
from ops.baseline.settings_file import Setting, assignments, last

QUALITY = ("pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so")
HISTORY = ("pam_pwhistory.so",)
CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")


def openers(host: Host) -> list[Secret]:
    """Accounts a password opens; where there is none, ages do not apply."""
    found = host.openers()
    if not found:
        raise NotApplicableError("accounts with a password")
    return found


def password_stack(host: Host) -> tuple[Entry, ...]:
    """The stack that changes passwords."""
    return host.pam("passwd", "password")


@check("password.quality_enforced", "8.1.4.1a")
def quality_enforced(host: Host) -> Outcome:
    """A password the quality module refuses is refused by the stack as a whole."""
    stack = password_stack(host)
    module = next((entry for entry in flat(stack) if entry.module in QUALITY), None)
    if module is None:
        return failed(*(entry.proof for entry in flat(stack)))
    run = run_stack(stack, lambda entry: "authtok_err" if entry.module in QUALITY else SUCCESS)
    reached = any(entry.module in QUALITY for entry in run.called)
    return decide(reached and not run.passed, module.proof, module=module.module)


def _quality(host: Host) -> tuple[Entry, list[Setting]]:
    module = next((entry for entry in flat(password_stack(host)) if entry.module in QUALITY), None)
    if module is None:
        raise NotObtainedError("/etc/pam.d/passwd", "no password quality module is in the stack")
    if module.module == "pam_passwdqc.so":
        raise NotObtainedError(module.source, "pam_passwdqc is not understood yet")
    settings: list[Setting] = []
    if module.module == "pam_pwquality.so":
        for path in [*host.tree.glob("/etc/security/pwquality.conf.d/*.conf"), "/etc/security/pwquality.conf"]:
            settings += assignments(host.tree.read(path) or "", path)
    settings += [
        Setting(key, value, module.source, module.line) for key, _, value in (arg.partition("=") for arg in module.args)
    ]
    return module, settings


def _number(settings: list[Setting], key: str, default: int) -> tuple[int, Setting]:
    found = last(settings, key)
    if found is None or found.number is None:
        return default, Setting(key, str(default), "module default", 0)
    return found.number, found


@check("password.length", "8.1.4.1a")
def length(host: Host) -> Outcome:
    """The least length, after bonuses for kinds of characters are taken off, is long enough."""
    module, settings = _quality(host)
    default = 8 if module.module == "pam_pwquality.so" else 9
    least, shown = _number(settings, "minlen", default)
    bonus_default = 0 if module.module == "pam_pwquality.so" else 1
    bonus = sum(max(0, _number(settings, key, bonus_default)[0]) for key in CREDITS)
    effective = least - bonus
    wanted = host.limits.password_length
    return decide(effective >= wanted, shown.proof, effective=effective, wanted=wanted)


@check("password.complexity", "8.1.4.1a")
def complexity(host: Host) -> Outcome:
    """Several kinds of characters are demanded."""
    _, settings = _quality(host)
    classes, shown = _number(settings, "minclass", 0)
    demanded = [found for key in CREDITS for number, found in [_number(settings, key, 0)] if number < 0]
    kinds = max(classes, len(demanded))
    proofs = [setting.proof for setting in demanded] or [shown.proof]
    wanted = host.limits.password_classes
    return decide(kinds >= wanted, *proofs, kinds=kinds, wanted=wanted)


@check("password.root_too", "8.1.4.1a")
def root_too(host: Host) -> Outcome:
    """Quality also binds root when it sets passwords."""
    _, settings = _quality(host)
    found = last(settings, "enforce_for_root")
    shown = found.proof if found else proof("/etc/security/pwquality.conf", "enforce_for_root is not set")
    return decide(found is not None and found.value.lower() not in ("no", "0", "false"), shown)


@check("password.history", "8.1.4.1a")
def history(host: Host) -> Outcome:
    """Earlier passwords cannot be used again."""
    stack = password_stack(host)
    best: tuple[int, Entry] | None = None
    for entry in flat(stack):
        if entry.module in (*HISTORY, "pam_unix.so"):
            kept = _kept(host, entry)
            best = max([found for found in (best, (kept, entry)) if found], key=lambda found: found[0])
    wanted = host.limits.password_history
    if best is None:
        return failed(*(entry.proof for entry in flat(stack)), kept=0, wanted=wanted)
    return decide(best[0] >= wanted, best[1].proof, kept=best[0], wanted=wanted)


def _kept(host: Host, entry: Entry) -> int:
    text = entry.arg("remember")
    if text is None and entry.module in HISTORY:
        found = last(assignments(host.tree.read("/etc/security/pwhistory.conf") or "", "pwhistory.conf"), "remember")
        text = found.value if found else "10"
    return int(text) if text and text.isdecimal() else 0


@check("password.hash_method", "8.1.4.1a", "8.1.4.8b")
def hash_method(host: Host) -> Outcome:
    """New passwords are stored with a strong hash."""
    unix = next((entry for entry in flat(password_stack(host)) if entry.module == "pam_unix.so"), None)
    if unix is None:
        raise NotObtainedError("/etc/pam.d/passwd", "pam_unix is not in the stack")
    strong = [arg for arg in unix.args if arg in ("sha256", "sha512", "yescrypt", "blowfish", "gost_yescrypt", "sm3")]
    weak = [arg for arg in unix.args if arg in ("md5", "bigcrypt")]
    if strong or weak:
        return decide(bool(strong) and not weak, unix.proof)
    method = host.login_def("ENCRYPT_METHOD")
    shown = method.proof if method else proof("/etc/login.defs", "ENCRYPT_METHOD is not set")
    good = method is not None and method.value.upper() in ("SHA256", "SHA512", "YESCRYPT", "BCRYPT", "SM3")
    return decide(good, unix.proof, shown)


@check("password.max_days_default", "8.1.4.1a")
def max_days_default(host: Host) -> Outcome:
    """New accounts get passwords that expire."""
    setting = host.login_def("PASS_MAX_DAYS")
    shown = setting.proof if setting else proof("/etc/login.defs", "PASS_MAX_DAYS is not set")
    number = setting.number if setting else None
    wanted = host.limits.password_max_days
    return decide(number is not None and 0 < number <= wanted, shown, days=number, wanted=wanted)


@check("password.max_days", "8.1.4.1a")
def max_days(host: Host) -> Outcome:
    """Passwords of the accounts that exist expire."""
    wanted = host.limits.password_max_days
    late = [s for s in openers(host) if s.most is None or not 0 < s.most <= wanted]
    shown = [secret.proof for secret in late or openers(host)[:1]]
    return decide(not late, *shown, names=", ".join(s.name for s in late), wanted=wanted)


@check("password.changed_in_time", "8.1.4.1a")
def changed_in_time(host: Host) -> Outcome:
    """No password is older than allowed, and none was changed in the future."""
    wanted = host.limits.password_max_days
    old = [s for s in openers(host) if s.changed is None or not 0 <= host.today - s.changed <= wanted]
    shown = [secret.proof for secret in old or openers(host)[:1]]
    return decide(not old, *shown, names=", ".join(s.name for s in old), wanted=wanted)


@check("password.warn_days", "8.1.4.1a")
def warn_days(host: Host) -> Outcome:
    """People are warned before their password expires."""
    setting = host.login_def("PASS_WARN_AGE")
    shown = setting.proof if setting else proof("/etc/login.defs", "PASS_WARN_AGE is not set")
    number = setting.number if setting else None
    wanted = host.limits.password_warn_days
    return decide(number is not None and number >= wanted, shown, days=number, wanted=wanted)
