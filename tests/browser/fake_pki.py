"""A PKI with generated rows, for looking at the trust pages: full, empty, broken."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboards.rooms.pki import Asked, ListView, Row, Standing
from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor

CAS = (
    ("ca-root", "根机构", None, "sm2", 3, 0),
    ("ca-dev", "设备 CA", "ca-root", "sm2", 2310, 41),
    ("ca-app", "业务系统 CA", "ca-root", "p256", 640, 7),
    ("ca-old", "设备 CA~1", "ca-root", "sm2", 812, 20),
)
SUBJECTS = ("CN=pump7, O=某药业有限公司, C=CN", "CN=张三, O=省药品监督管理局, C=CN", "CN=gateway-3, O=平台, C=CN")


@dataclass
class FakePki:
    """``mode``: full, first, empty, broken."""

    clock: Clock
    mode: str = "full"

    def _look(self) -> bool:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")
        return self.mode == "full"

    def standing(self) -> Standing:
        if not self._look():
            return Standing(running=True)
        now, chance = self.clock.now(), random.Random(6)
        rows = [
            {
                "id": name,
                "name": title,
                "state": "superseded" if "~" in title else "active",
                "parent": parent,
                "subject": f"CN={title}, O=NMPA, C=CN",
                "key": kind,
                "custody": "software" if kind == "sm2" else "token",
                "not_after": now + timedelta(days=900),
                "issued": issued,
                "revoked": revoked,
            }
            for name, title, parent, kind, issued, revoked in CAS
        ]
        heat = {row["id"]: [chance.choice((0, 0, 0, 1, 2, 14, 61)) for _ in range(52)] for row in rows}
        profiles = [
            {"name": "device", "title_zh": "设备", "title_en": "device"},
            {"name": "person", "title_zh": "个人登录与签名", "title_en": "person: login and signature"},
        ]
        lists = [
            {
                "source": f"authority:{name}/0",
                "this_update": now - timedelta(hours=3),
                "next_update": now + timedelta(days=step),
            }
            for name, step in (("ca-dev", 6), ("ca-app", -1))
        ]
        return Standing(
            running=True,
            initialised=True,
            sealed=False,
            shares_needed=2,
            software_keys=3,
            token_keys=1,
            authorities=tuple(rows),
            profiles=tuple(profiles),
            approvers=({"name": "wang"},),
            lists=tuple(lists),
            heat=heat,
        )

    def requests(self) -> Sequence[Row]:
        if not self._look():
            return ()
        states = ("waiting", "approved", "issued", "refused", "waiting")
        return [
            {
                "id": f"req-{number}",
                "authority": "ca-dev",
                "profile": "device",
                "sha256": "ab" * 32,
                "subject": SUBJECTS[number % 3],
                "names": ["pump7.example.cn"],
                "asker": "li",
                "state": state,
                "created": self.clock.now() - timedelta(hours=number),
                "approvals": int(state != "waiting"),
                "needed": 1,
                "replaces": "",
                "approved_by": ["wang"] if state != "waiting" else [],
            }
            for number, state in enumerate(states)
        ]

    def checks(self, request: str) -> Sequence[Row]:
        return [{"rule": "subject_no_organisation", "level": "warning", "clause": "GB/T 20518 5.2.3.6", "detail": ""}]

    def certificates(self, text: str, authority: str) -> tuple[int, Sequence[Row]]:
        if not self._look():
            return 0, ()
        rows = [
            {
                "intent": f"cert-{number}",
                "authority": "ca-dev",
                "serial": f"5f3a{number:028x}",
                "profile": "device",
                "subject": SUBJECTS[number % 3],
                "not_after": self.clock.now() + timedelta(days=6 + 9 * number),
                "revoked": None if number % 4 else self.clock.now(),
                "reason": None if number % 4 else "key_compromise",
            }
            for number in range(12)
        ]
        return 2310, rows

    def matters(self) -> Sequence[Row]:
        if not self._look():
            return ()
        until = self.clock.now() + timedelta(days=2)
        shared: dict[str, Any] = {"needed": 1, "approved_by": [], "requester": "li", "expires": until}
        return [
            {"id": "apr-1", "kind": "playbook_sign", "title": "封禁来源地址剧本 v3", "signed": True, **shared},
            {"id": "apr-2", "kind": "playbook_step", "title": "阻断 203.0.113.7", "signed": False, **shared},
        ]

    def submit(self, actor: Actor, form: Row) -> Row:
        return {"id": "req-0"}

    def issue(self, actor: Actor, request: str) -> Row:
        return {"serial": "5f3a"}

    def revoke(self, actor: Actor, authority: str, serial: str, reason: str) -> Row:
        return {"ended": 1}

    def renew(self, actor: Actor, authority: str, serial: str) -> Row:
        return {"id": "req-0"}

    def voice(self, actor: Actor, matter: str, approve: bool) -> Row:
        return {}

    def listed(self, version: int | None) -> ListView:
        if not self._look():
            return ListView(version=None)
        now = self.clock.now()
        states = ("accepted", "accepted", "suspended", "withdrawn")
        entries = [
            {
                "id": f"ca-{number}",
                "name": name,
                "state": state,
                "since": now - timedelta(days=900),
                "until": now if state == "withdrawn" else None,
                "usages": ["login", "sign"][: 1 + number % 2],
                "level": 1 + number,
                "permitted": ["dn:O=某局, C=CN"],
                "excluded": [],
                "revocation": "required",
                "certificates": 1,
            }
            for number, (name, state) in enumerate(
                zip(("政务外网 CA", "省级 CA", "商用 CA", "旧 CA"), states, strict=True)
            )
        ]
        change = {"entry": "ca-1", "field": "state", "before": "accepted", "after": "suspended"}
        draft = {
            "id": "draft-1",
            "version": 38,
            "sha256": "cd" * 32,
            "author": "li",
            "created": now,
            "signed_by": ["li"],
            "needed": 2,
            "changes": [change],
        }
        return ListView(
            version=37,
            issued=now,
            next_update=now + timedelta(days=90),
            sha256="ab" * 32,
            threshold=2,
            publishers=("li", "wang", "zhao"),
            entries=tuple(entries),
            versions=(37, 36, 35),
            drafts=(draft,),
        )

    def propose(self, actor: Actor, changes: Sequence[Row], added: Sequence[Row], removed: Sequence[str]) -> Row:
        return {}

    def drop(self, actor: Actor, draft: str) -> None:
        return None

    def verify(self, actor: Actor, asked: Asked) -> Row:
        now = self.clock.now()
        names = ("CN=某药业有限公司 法定代表人", "CN=商用 CA(丙) 企业签名 G2", "CN=商用 CA(丙) 根")
        chain = [
            {
                "subject": name,
                "issuer": names[min(number + 1, 2)],
                "serial": "3fa1" * 6,
                "key": "rsa-3072",
                "not_before": rfc3339(now - timedelta(days=300 * (number + 1))),
                "not_after": rfc3339(now + timedelta(days=400 * (number + 1))),
                "ca": number > 0,
                "fingerprint": "00",
            }
            for number, name in enumerate(names)
        ]
        reasons = [
            {
                "code": "revoked",
                "text_zh": "证书已于 10-02 吊销：密钥泄露",
                "text_en": "revoked on 2 Oct: key compromise",
                "subject": names[0],
                "advice": False,
            },
            {
                "code": "key_identifier_missing",
                "text_zh": "缺少密钥标识",
                "text_en": "no key identifier",
                "subject": names[1],
                "advice": True,
            },
        ]
        return {
            "verdict": "invalid",
            "reasons": reasons,
            "chain": chain,
            "list_version": 37,
            "level": "3",
            "authority": "ca-1",
            "subjects": [{"scheme": "uscc", "value": "91110000MA01"}],
            "evidence": {"digest": "x"},
        }
