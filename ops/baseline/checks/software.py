"""Software (8.1.4.4e, f; 8.1.4.5; 8.1.4.6): security updates, anti-malware, integrity, trusted start."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ops.baseline.host import Host
from ops.baseline.outcome import NotApplicableError, NotObtainedError, Outcome, decide, failed, proof
from ops.baseline.packages import compare, stanzas
from ops.baseline.registry import check
from ops.baseline.settings_file import assignments
from ops.baseline.tree import HostTree

LISTS = "/var/lib/apt/lists"
LARGEST_LIST = 64 << 20
ENGINES = ("clamav-daemon", "clamd@scan", "clamav-freshclam", "falcon-sensor", "sav-protect", "ds_agent", "esets",
           "kesl", "qaxsafed", "edr_agent", "titanagent", "mdatp", "wazuh-agent")  # fmt: skip
PROCESSES = ("clamd", "freshclam", "falcon-sensor", "savd", "ds_agent", "esets", "kesl", "qaxsafed", "edr_agent")
SIGNATURES = ("/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd")
BACKUPS = re.compile(
    r"\b(restic|borg|borgmatic|duplicity|rsnapshot|bacula-fd|bareos-fd|rdiff-backup|mysqldump|pg_dump|pg_basebackup)\b"
    r"|\byaodun backup\b"
)
DETECTORS = ("aide", "ossec-hids", "wazuh-agent", "samhain", "tripwire", "falcon-sensor", "osquery")


@check("software.security_updates", "8.1.4.4e", "8.1.10.5a")
def security_updates(host: Host) -> Outcome:
    """No installed package is older than the security archive's."""
    newest = _security_versions(host)
    behind = [
        (name, version, newest[name])
        for name, version in host.packages.items()
        if name in newest and compare(version, newest[name]) < 0
    ]
    shown = [proof("packages", f"{name} {have} < {want}") for name, have, want in behind]
    looked = proof(LISTS, f"{len(newest)} security packages compared with {len(host.packages)} installed")
    return decide(not behind, *(shown or [looked]), count=len(behind))


def _security_versions(host: Host) -> dict[str, str]:
    names = [n for n in host.tree.names(LISTS) if "security" in n and "_Packages" in n]
    if not names:
        raise NotObtainedError(LISTS, "no list of security updates is there")
    found: dict[str, str] = {}
    for name in names:
        _check_age(host, name)
        for fields in stanzas(_list_text(host.tree, f"{LISTS}/{name}")):
            package, version = fields.get("Package", ""), fields.get("Version", "")
            if package and (package not in found or compare(found[package], version) < 0):
                found[package] = version
    return found


def _check_age(host: Host, name: str) -> None:
    path = f"{LISTS}/{name}"
    status = host.tree.status(path)
    days = (host.now.timestamp() - status.mtime) / 86_400 if status else 1e9
    if days > host.limits.patch_list_days:
        raise NotObtainedError(path, f"was fetched {days:.0f} days ago")


def _list_text(tree: HostTree, path: str) -> str:
    raw = tree.read_bytes(path, LARGEST_LIST)
    if raw is None:
        raise NotObtainedError(path, "does not exist")
    if path.endswith(".lz4"):
        import cramjam

        try:
            raw = bytes(cramjam.lz4.decompress(raw))
        except cramjam.DecompressionError as error:
            raise NotObtainedError(path, str(error)) from None
    elif not path.endswith("_Packages"):
        raise NotObtainedError(path, "is compressed in a way that is not read here")
    return raw.decode("utf-8", "replace")


@check("software.update_service", "8.1.4.4e")
def update_service(host: Host) -> Outcome:
    """Security updates are looked for by themselves."""
    found = host.service("apt-daily-upgrade.timer", "dnf-automatic.timer", "dnf-automatic-install.timer", "yum-cron")
    shown = list(found.proofs)
    good = found.starts
    if found.name == "apt-daily-upgrade.timer" and found.starts:
        periodic = []
        for path in host.tree.glob("/etc/apt/apt.conf.d/*"):
            text = host.tree.read(path) or ""
            periodic += re.findall(r'^\s*APT::Periodic::Unattended-Upgrade\s+"(\d+)"', text, re.MULTILINE)
        good = bool(periodic) and periodic[-1] != "0"
        shown.append(proof("/etc/apt/apt.conf.d", f"Unattended-Upgrade {periodic[-1] if periodic else 'is not set'}"))
    return decide(good, *(shown or [proof("/etc/systemd/system", "no update timer")]))


@check("software.archive_signed", "8.1.4.4a", "8.1.4.7b")
def archive_signed(host: Host) -> Outcome:
    """Packages are accepted only with a valid signature."""
    bad, seen = [], []
    for path in [
        "/etc/apt/sources.list",
        *host.tree.glob("/etc/apt/sources.list.d/*"),
        *host.tree.glob("/etc/apt/apt.conf.d/*"),
    ]:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            if re.match(r"\s*deb\s", line) or line.startswith("URIs:"):
                seen.append(proof(path, line, number))
            if re.search(
                r"^[^#]*(trusted=yes|Trusted:\s*yes|AllowUnauthenticated\s+\"?true|AllowInsecureRepositories\s+\"?true)",
                line,
            ):
                bad.append(proof(path, line, number))
    for path in ["/etc/yum.conf", "/etc/dnf/dnf.conf", *host.tree.glob("/etc/yum.repos.d/*.repo")]:
        settings = assignments(host.tree.read(path) or "", path)
        seen += [s.proof for s in settings if s.key == "gpgcheck"]
        bad += [s.proof for s in settings if s.key == "gpgcheck" and s.value in ("0", "no", "false")]
    if not seen and not bad:
        raise NotObtainedError("/etc/apt", "no package source is configured")
    return decide(not bad, *(bad or seen))


@check("malware.engine", "8.1.4.5")
def engine(host: Host) -> Outcome:
    """An anti-malware engine is installed and starts."""
    found = host.service(*ENGINES)
    shown = list(found.proofs) or [proof("/etc/systemd/system", "no known engine is installed")]
    running = host.running(*PROCESSES) if found.starts else None
    if running is False:
        shown.append(proof("/proc", "the engine does not run"))
    return decide(found.starts and running is not False, *shown, name=found.name if found.starts else "")


@check("malware.signatures", "8.1.4.5", "8.1.10.7b")
def signatures(host: Host) -> Outcome:
    """The signatures are fresh, by the date inside the signature file."""
    path = next((p for p in SIGNATURES if host.tree.exists(p)), None)
    if path is None:
        if host.service(*ENGINES).starts:
            raise NotObtainedError(SIGNATURES[0], "this engine's signature date is not read here")
        return failed(
            proof(SIGNATURES[0], "no signatures are there"),
            days=None,
            most=host.limits.signature_days,
        )
    made = _signature_date(host.tree, path)
    days = (host.now - made).days
    most = host.limits.signature_days
    return decide(0 <= days <= most, proof(path, f"made {made.date().isoformat()}"), days=days, most=most)


def _signature_date(tree: HostTree, path: str) -> datetime:
    place = tree.locate(path)
    if place is None:
        raise NotObtainedError(path, "does not exist")
    with place.open("rb") as file:
        head = file.read(512).decode("ascii", "replace")
    parts = head.split(":")
    match = (
        re.match(r"(\d{1,2} \w{3} \d{4})", parts[1].strip()) if parts[0] == "ClamAV-VDB" and len(parts) > 1 else None
    )
    if not match:
        raise NotObtainedError(path, "holds no date")
    return datetime.strptime(match[1], "%d %b %Y").replace(tzinfo=UTC)


@check("integrity.detector", "8.1.4.4f", "8.1.4.7b")
def detector(host: Host) -> Outcome:
    """A host intrusion or integrity detector is installed and has run or starts."""
    names = [name for name in DETECTORS if name in host.packages]
    if "aide" in names:
        database = next((p for p in ("/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz") if host.tree.exists(p)), None)
        return decide(database is not None, proof(database or "/var/lib/aide", "AIDE database"), name="aide")
    started = next((name for name in names if host.service(name, f"{name}d").starts), None)
    shown = [proof("packages", name) for name in names] or [proof("packages", "no detector is installed")]
    return decide(started is not None, *shown, name=started or "")


@check("trusted.secure_boot", "8.1.4.6", "8.1.2.3", "8.1.3.6")
def secure_boot(host: Host) -> Outcome:
    """The firmware verified the boot loader (UEFI Secure Boot)."""
    if not host.tree.live:
        raise NotObtainedError("/sys/firmware/efi", "the tree is not the running host")
    if not host.tree.exists("/sys/firmware/efi"):
        return failed(proof("/sys/firmware/efi", "the host did not start by UEFI"))
    path = next(iter(host.tree.glob("/sys/firmware/efi/efivars/SecureBoot-*")), None)
    if path is None:
        raise NotObtainedError("/sys/firmware/efi/efivars", "SecureBoot is not there")
    raw = host.tree.read_bytes(path) or b""
    return decide(raw[-1:] == b"\x01", proof(path, f"value {raw[-1:].hex()}"))


@check("trusted.measured", "8.1.4.6")
def measured(host: Host) -> Outcome:
    """Programs are measured while they run (IMA policy in the kernel command line or file)."""
    policy = host.tree.read("/etc/ima/ima-policy")
    line = host.tree.read("/proc/cmdline") if host.tree.live else host.tree.read("/etc/default/grub")
    shown = re.search(r"ima_(policy|appraise)=\S+", line or "")
    if policy is None and line is None:
        raise NotApplicableError("IMA")
    good = bool(policy and re.search(r"^\s*(measure|appraise)\b", policy, re.MULTILINE)) or bool(shown)
    return decide(good, proof("/etc/ima/ima-policy", shown[0] if shown else "no measuring policy"))


@check("backup.job", "8.1.4.9a")
def backup_job(host: Host) -> Outcome:
    """A backup job is scheduled on the host (whether it succeeds is judged from its records)."""
    paths = [
        "/etc/crontab",
        *host.tree.glob("/etc/cron.d/*"),
        *host.tree.glob("/etc/cron.daily/*"),
        *host.tree.glob("/var/spool/cron/crontabs/*"),
        *host.tree.glob("/etc/systemd/system/*.service"),
    ]
    found = []
    for path in paths:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            if not line.lstrip().startswith("#") and BACKUPS.search(line):
                found.append(proof(path, line, number))
    agents = [host.service(name) for name in ("bacula-fd", "bareos-fd", "borgmatic.timer", "urbackupclientbackend")]
    found += [p for agent in agents if agent.starts for p in agent.proofs]
    return decide(bool(found), *(found or [proof("/etc/crontab", "no backup job is scheduled")]))
