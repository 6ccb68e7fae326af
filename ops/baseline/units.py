"""Which services start: systemd links and masks, SysV links, inetd and xinetd."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ops.baseline.outcome import Proof, proof
from ops.baseline.tree import HostTree

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


@dataclass(frozen=True, slots=True)
class Service:
    """Whether a service is installed and starts, and what shows it."""

    name: str
    installed: bool
    starts: bool
    proofs: tuple[Proof, ...]


def service(tree: HostTree, *names: str) -> Service:
    """The first of ``names`` that starts, else the first that is installed, else not installed."""
    found = [_one(tree, name) for name in names]
    return next((s for s in found if s.starts), next((s for s in found if s.installed), found[0]))


def _one(tree: HostTree, name: str) -> Service:
    unit = name if name.endswith((".service", ".socket", ".timer")) else f"{name}.service"
    path = next((f"{folder}/{unit}" for folder in UNIT_FOLDERS if tree.exists(f"{folder}/{unit}")), None)
    if _masked(tree, unit):
        return Service(name, installed=True, starts=False, proofs=(proof(f"/etc/systemd/system/{unit}", "masked"),))
    links = _wants(tree, unit) + _sysv(tree, name) + _inetd(tree, name)
    if links:
        return Service(name, installed=True, starts=True, proofs=tuple(proof(link, "starts") for link in links[:3]))
    if path is None and not tree.exists(f"/etc/init.d/{name}"):
        return Service(name, installed=False, starts=False, proofs=())
    return Service(name, installed=True, starts=False, proofs=(proof(path or f"/etc/init.d/{name}", "does not start"),))


def _masked(tree: HostTree, unit: str) -> bool:
    place = tree.root / "etc/systemd/system" / unit
    return place.is_symlink() and str(place.readlink()) == "/dev/null"


def _wants(tree: HostTree, unit: str) -> list[str]:
    """Links of wants and requires folders; those shipped below /usr/lib count too (static enablement)."""
    wants = [
        f"{top}/{name}" for top in UNIT_FOLDERS for name in tree.names(top) if name.endswith((".wants", ".requires"))
    ]
    return [f"{folder}/{unit}" for folder in wants if unit in tree.names(folder)]


def _sysv(tree: HostTree, name: str) -> list[str]:
    base = name.removesuffix(".service")
    if any(tree.exists(f"{folder}/{base}.service") for folder in UNIT_FOLDERS):
        return []
    pattern = re.compile(rf"S\d\d{re.escape(base)}")
    folders = [f"/etc/rc{level}.d" for level in (3, 5)] + ["/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"]
    return [f"{folder}/{entry}" for folder in folders for entry in tree.names(folder) if pattern.fullmatch(entry)]


def _inetd(tree: HostTree, name: str) -> list[str]:
    base = name.removesuffix(".service").removesuffix(".socket")
    found = []
    for number, line in enumerate((tree.read("/etc/inetd.conf") or "").splitlines(), 1):
        if line.split()[:1] == [base]:
            found.append(f"/etc/inetd.conf:{number}")
    text = tree.read(f"/etc/xinetd.d/{base}")
    if text is not None and not re.search(r"^\s*disable\s*=\s*yes", text, re.MULTILINE):
        found.append(f"/etc/xinetd.d/{base}")
    return found
