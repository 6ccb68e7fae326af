"""Kernel settings and mounts that make intrusion harder (8.1.4.4b, f; 8.1.3.1a)."""

from __future__ import annotations

from ops.baseline.host import Host
from ops.baseline.outcome import NotObtainedError, Outcome, decide, failed, proof
from ops.baseline.registry import Look, check
from ops.baseline.settings_file import Setting, assignments

_FOLDERS = ("/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d")


def value_of(host: Host, key: str) -> Setting:
    """The value in force: from /proc on the running host, from the files that would set it in a mounted tree."""
    path = f"/proc/sys/{key.replace('.', '/')}"
    if host.tree.live:
        return Setting(key, host.tree.need(path).strip(), path, 1)
    found = None
    for place in _files(host):
        for setting in assignments(host.tree.read(place) or "", place):
            name = setting.key.lstrip("-").strip().replace("/", ".")
            if name == key:
                found = Setting(key, setting.value, setting.source, setting.line)
    if found is None:
        raise NotObtainedError(path, "no file sets it, and a mounted tree shows no value in force")
    return found


def _files(host: Host) -> list[str]:
    chosen: dict[str, str] = {}
    for folder in _FOLDERS:
        for name in host.tree.names(folder):
            if name.endswith(".conf"):
                chosen[name] = f"{folder}/{name}"
    return [chosen[name] for name in sorted(chosen)] + ["/etc/sysctl.conf"]


def _sysctl(check_id: str, items: tuple[str, ...], doc: str, wanted: dict[str, tuple[str, ...]]) -> Look:
    def look(host: Host) -> Outcome:
        found = [value_of(host, key) for key in wanted]
        bad = [setting for setting in found if setting.value not in wanted[setting.key]]
        shown = [proof(s.source, f"{s.key} = {s.value}", s.line) for s in bad or found]
        return decide(not bad, *shown, keys=", ".join(setting.key for setting in bad))

    look.__doc__ = doc
    return check(check_id, *items)(look)


_sysctl("kernel.aslr", ("8.1.4.4f",), "Memory is laid out at random.", {"kernel.randomize_va_space": ("2",)})
_sysctl(
    "kernel.syn_cookies",
    ("8.1.4.4f",),
    "Half-open connections do not exhaust the host.",
    {"net.ipv4.tcp_syncookies": ("1", "2")},
)
_sysctl(
    "kernel.redirects",
    ("8.1.4.4b",),
    "Routes are not changed by redirects from others.",
    {"net.ipv4.conf.all.accept_redirects": ("0",), "net.ipv4.conf.default.accept_redirects": ("0",)},
)
_sysctl(
    "kernel.source_route",
    ("8.1.4.4b",),
    "Senders do not choose the route.",
    {"net.ipv4.conf.all.accept_source_route": ("0",), "net.ipv4.conf.default.accept_source_route": ("0",)},
)
_sysctl(
    "kernel.forwarding", ("8.1.3.1a",), "A server does not forward between networks.", {"net.ipv4.ip_forward": ("0",)}
)
_sysctl(
    "kernel.core_dumps",
    ("8.1.4.8b", "8.1.4.10a"),
    "Privileged programs leave no memory image.",
    {"fs.suid_dumpable": ("0",)},
)
_sysctl(
    "kernel.protected_links",
    ("8.1.4.2f",),
    "Links in shared folders do not lead elsewhere.",
    {"fs.protected_hardlinks": ("1",), "fs.protected_symlinks": ("1",)},
)
_sysctl("kernel.log_restricted", ("8.1.4.4f",), "Users do not read kernel messages.", {"kernel.dmesg_restrict": ("1",)})
_sysctl(
    "kernel.reverse_path",
    ("8.1.4.4f",),
    "Packets with a forged source are dropped.",
    {"net.ipv4.conf.all.rp_filter": ("1", "2")},
)


@check("mount.tmp_options", "8.1.4.4f")
def tmp_options(host: Host) -> Outcome:
    """Shared temporary folders carry no set-uid programs and no devices."""
    source = "/proc/self/mounts" if host.tree.live else "/etc/fstab"
    for number, line in enumerate(host.tree.need(source).splitlines(), 1):
        parts = line.split()
        if len(parts) > 3 and not parts[0].startswith("#") and parts[1] == "/tmp":  # noqa: S108 - looked at, not used
            options = set(parts[3].split(","))
            return decide({"nosuid", "nodev"} <= options, proof(source, line, number))
    return failed(proof(source, "there is no mount for temporary files"))
