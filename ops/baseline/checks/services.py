"""Needless services, shares and dangerous ports (8.1.4.4a, b), clocks (8.1.4.3b), firewall (8.1.4.4c)."""

from __future__ import annotations

import re

from ops.baseline.host import Host
from ops.baseline.outcome import NotApplicableError, Outcome, decide, failed, passed, proof
from ops.baseline.registry import check
from ops.baseline.settings_file import assignments, last, section

DANGEROUS = frozenset(
    {7, 9, 13, 17, 19, 21, 23, 69, 79, 111, 135, 137, 138, 139, 177, 445, 512, 513, 514, 515, 1900, 2049, 2375}
    | {3389, 5900, 6000, 6379, 9200, 11211, 27017}
)
_CLOCKS = ("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec", "openntpd")


def _off(host: Host, what: str, *names: str) -> Outcome:
    found = host.service(*names)
    shown = found.proofs or (proof("/etc/systemd/system", f"{what} is not installed"),)
    return decide(not found.starts, *shown, name=what)


@check("service.nis", "8.1.4.4b")
def nis(host: Host) -> Outcome:
    """NIS is not offered."""
    return _off(host, "NIS", "ypserv", "nis", "ypbind")


@check("service.tftp", "8.1.4.4b")
def tftp(host: Host) -> Outcome:
    """TFTP is not offered."""
    return _off(host, "TFTP", "tftp", "tftp.socket", "tftpd-hpa", "atftpd")


@check("service.finger_talk", "8.1.4.4b")
def finger_talk(host: Host) -> Outcome:
    """finger, talk and chargen style services are not offered."""
    return _off(host, "finger/talk", "finger", "ntalk", "talk", "chargen", "echo", "discard", "daytime", "time")


@check("service.avahi", "8.1.4.4b")
def avahi(host: Host) -> Outcome:
    """Service discovery does not announce this host."""
    return _off(host, "avahi", "avahi-daemon", "avahi-daemon.socket")


@check("service.printing", "8.1.4.4a", "8.1.4.4b")
def printing(host: Host) -> Outcome:
    """No print server runs on a server."""
    return _off(host, "cups", "cups", "cups.socket", "lpd")


@check("service.rpcbind", "8.1.4.4b")
def rpcbind(host: Host) -> Outcome:
    """The RPC port mapper does not run."""
    return _off(host, "rpcbind", "rpcbind", "rpcbind.socket", "portmap")


@check("service.nfs_exports", "8.1.4.4b")
def nfs_exports(host: Host) -> Outcome:
    """NFS shares are limited to named hosts and keep root's rights back."""
    found = host.service("nfs-server", "nfs-kernel-server", "nfs")
    if not found.starts:
        return passed(*(found.proofs or (proof("/etc/exports", "NFS is not installed"),)), name="NFS")
    bad = []
    for path in ["/etc/exports", *host.tree.glob("/etc/exports.d/*.exports")]:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            bare = line.split("#", 1)[0].strip()
            if bare and re.search(r"\s(\*|0\.0\.0\.0/0)?\(|\s\*(\s|$)|no_root_squash|^\S+$", bare):
                bad.append(proof(path, line, number))
    return decide(not bad, *(bad or found.proofs))


@check("service.samba_guests", "8.1.4.4b")
def samba_guests(host: Host) -> Outcome:
    """Windows shares are not open to guests."""
    found = host.service("smbd", "smb", "samba")
    if not found.starts:
        return passed(*(found.proofs or (proof("/etc/samba", "not installed"),)), name="Samba")
    settings = assignments(host.tree.need("/etc/samba/smb.conf"), "/etc/samba/smb.conf")
    yes = ("yes", "true", "1")
    open_ = [s for s in settings if s.key.lower() in ("guest ok", "public") and s.value.lower() in yes]
    return decide(not open_, *([s.proof for s in open_] or found.proofs))


@check("service.snmp_community", "8.1.4.2b", "8.1.4.1c")
def snmp_community(host: Host) -> Outcome:
    """SNMP does not answer the well-known communities."""
    found = host.service("snmpd")
    if not found.starts:
        return passed(*(found.proofs or (proof("/etc/snmp", "not installed"),)), name="SNMP")
    bad = []
    for path in ["/etc/snmp/snmpd.conf", *host.tree.glob("/etc/snmp/snmpd.conf.d/*.conf")]:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            if re.match(r"\s*(ro|rw)community6?\s+(public|private)\b|\s*com2sec6?\s+.*\b(public|private)\s*$", line):
                bad.append(proof(path, re.sub(r"(public|private)", "<default>", line), number))
    return decide(not bad, *(bad or found.proofs))


@check("service.desktop", "8.1.4.4a")
def desktop(host: Host) -> Outcome:
    """No graphical login runs on a server."""
    return _off(host, "desktop", "gdm", "gdm3", "lightdm", "sddm", "xdm")


@check("software.attack_tools", "8.1.4.4a")
def attack_tools(host: Host) -> Outcome:
    """Sniffers and scanners are not installed on a server."""
    names = {"nmap", "wireshark", "tcpdump", "ettercap-common", "john", "hydra", "netcat-traditional"}
    found = sorted(names & set(host.packages))
    shown = [proof("packages", f"{name} {host.packages[name]}") for name in found]
    return decide(
        not found,
        *(shown or [proof("packages", f"{len(host.packages)} looked at")]),
        names=", ".join(found),
    )


@check("port.dangerous", "8.1.4.4b")
def dangerous_ports(host: Host) -> Outcome:
    """No port known for abuse is open to other hosts."""
    bad = [socket for socket in host.listening if socket.port in DANGEROUS and socket.reachable]
    shown = [socket.proof for socket in bad] or [proof("/proc/net", f"{len(host.listening)} sockets looked at")]
    return decide(not bad, *shown, ports=", ".join(f"{s.port}/{s.protocol[:3]}" for s in bad))


@check("firewall.on", "8.1.4.4c")
def firewall(host: Host) -> Outcome:
    """The host's firewall starts and refuses by default."""
    for judge in (_ufw, _firewalld, _nftables, _iptables):
        found = judge(host)
        if found is not None:
            return found
    return failed(proof("/etc", "no firewall starts"))


def _ufw(host: Host) -> Outcome | None:
    if not host.service("ufw").starts:
        return None
    enabled = last(assignments(host.tree.read("/etc/ufw/ufw.conf") or "", "/etc/ufw/ufw.conf"), "ENABLED")
    policy = last(assignments(host.tree.read("/etc/default/ufw") or "", "/etc/default/ufw"), "DEFAULT_INPUT_POLICY")
    if enabled is None or enabled.value.lower() != "yes":
        return None
    good = policy is not None and policy.value.upper() in ("DROP", "REJECT")
    return decide(good, enabled.proof, *([policy.proof] if policy else []))


def _firewalld(host: Host) -> Outcome | None:
    found = host.service("firewalld")
    if not found.starts:
        return None
    path = "/etc/firewalld/firewalld.conf"
    zone = last(assignments(host.tree.read(path) or "", path), "DefaultZone")
    name = zone.value if zone else "public"
    text = host.tree.read(f"/etc/firewalld/zones/{name}.xml") or ""
    accepts = 'target="ACCEPT"' in text or name == "trusted"
    return decide(not accepts, *found.proofs, proof(path, f"DefaultZone={name}"))


def _nftables(host: Host) -> Outcome | None:
    found = host.service("nftables")
    text = host.tree.read("/etc/nftables.conf") or host.tree.read("/etc/sysconfig/nftables.conf") or ""
    if not found.starts:
        return None
    chains = re.findall(r"type\s+filter\s+hook\s+input[^}]*?policy\s+(\w+)|type\s+filter\s+hook\s+input", text)
    good = "drop" in chains
    return decide(good, *found.proofs, proof("/etc/nftables.conf", f"input policy {chains or '—'}"))


def _iptables(host: Host) -> Outcome | None:
    found = host.service("netfilter-persistent", "iptables")
    if not found.starts:
        return None
    for path in ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables"):
        if (text := host.tree.read(path)) is not None:
            good = bool(re.search(r"^:INPUT\s+DROP|^-A INPUT -j (DROP|REJECT)\b", text, re.MULTILINE))
            return decide(good, *found.proofs, proof(path, ":INPUT DROP" if good else ":INPUT ACCEPT"))
    return None


@check("time.synchronised", "8.1.4.3b")
def synchronised(host: Host) -> Outcome:
    """A clock service starts and knows a server."""
    found = host.service(*_CLOCKS)
    if not found.starts:
        return failed(*(found.proofs or (proof("/etc", "no clock service is installed"),)))
    servers = _servers(host, found.name)
    running = host.running("chronyd", "systemd-timesyn", "systemd-timesyncd", "ntpd", "openntpd")
    shown = [proof("/proc", "no clock service runs")] if running is False else []
    return decide(servers and running is not False, *found.proofs, *servers, *shown)


def _servers(host: Host, name: str) -> list:  # type: ignore[type-arg]
    if name == "systemd-timesyncd":
        paths = ["/etc/systemd/timesyncd.conf", *host.tree.glob("/etc/systemd/timesyncd.conf.d/*.conf")]
        named = [
            s for p in paths for s in section(host.tree.read(p) or "", p, "time") if s.key in ("NTP", "FallbackNTP")
        ]
        return [s.proof for s in named if s.value] or [proof(paths[0], "built-in servers")]
    paths = [
        "/etc/chrony/chrony.conf",
        "/etc/chrony.conf",
        "/etc/ntp.conf",
        "/etc/ntpsec/ntp.conf",
        "/etc/openntpd/ntpd.conf",
    ]
    paths += host.tree.glob("/etc/chrony/sources.d/*.sources") + host.tree.glob("/etc/chrony/conf.d/*.conf")
    found = []
    for path in paths:
        for number, line in enumerate((host.tree.read(path) or "").splitlines(), 1):
            if re.match(r"\s*(server|pool|peer|servers|refclock)\s+\S", line):
                found.append(proof(path, line, number))
    return found


@check("service.container_socket", "8.1.4.4b")
def container_socket(host: Host) -> Outcome:
    """The container engine is not reachable over the network without TLS."""
    text = host.tree.read("/etc/docker/daemon.json")
    unit = next(
        (host.tree.read(p) for p in ("/etc/systemd/system/docker.service.d/override.conf",) if host.tree.exists(p)),
        None,
    )
    if text is None and unit is None and not host.service("docker").installed:
        raise NotApplicableError("docker")
    both = f"{text or ''}\n{unit or ''}"
    remote = re.search(r"tcp://(?!127\.|localhost)", both)
    tls = re.search(r"tlsverify\W+(true|\s)|--tlsverify", both)
    return decide(not remote or bool(tls), proof("/etc/docker/daemon.json", both))
