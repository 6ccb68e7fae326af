"""Data assets of the simulated site: what its systems hold, classed and graded, and who answers for it."""

from __future__ import annotations

import msgspec

from analytics.datasecurity.register import Category, DataAsset, DataAssets, Grade
from infra.register.seed import REGULATOR
from infra.web.seams import Actor

_ASSETS = (
    DataAsset(
        id="demo-trace-flow", name_zh="药品流向数据（模拟）", name_en="Drug flows (simulated)", grade=Grade.IMPORTANT,
        category=Category.REGULATION, system="trace", owner="药品监管处", places=("demo-trace-db/flow",),
        zones=("demo",), purpose="来源可查、去向可追，召回与紧急调配",
    ),
    DataAsset(
        id="demo-inspection", name_zh="检查与处罚数据（模拟）", name_en="Inspections and penalties (simulated)",
        grade=Grade.GENERAL_4, category=Category.REGULATION, system="sharing", owner="稽查局",
        datasets=("inspection*", "sampling*"), places=("demo-share-db/inspection",), zones=("demo",),
        purpose="国家、省两级共享与风险研判",
    ),
    DataAsset(
        id="demo-persons", name_zh="执业药师与申请人信息（模拟）", name_en="Pharmacists and applicants (simulated)",
        grade=Grade.GENERAL_4, category=Category.PERSONAL_SENSITIVE, system="services", owner="政务服务处",
        datasets=("personal-records*", "approval*"), places=("demo-svc-db/applicant",), zones=("demo",),
        purpose="办理许可；不得用于其他目的",
    ),
    DataAsset(
        id="demo-enterprise", name_zh="企业档案（模拟）", name_en="Enterprise files (simulated)", grade=Grade.GENERAL_3,
        category=Category.OPERATION, system="dossier", owner="注册司", datasets=("enterprise*",),
        places=("demo-dossier-db/enterprise",), zones=("demo",), purpose="一企一档",
    ),
    DataAsset(
        id="demo-dossier", name_zh="品种注册资料（模拟）", name_en="Registration dossiers (simulated)",
        grade=Grade.IMPORTANT, category=Category.TRADE_SECRET, system="dossier", owner="注册司", datasets=("dossier*",),
        places=("demo-dossier-db/dossier",), purpose="一品一档；含商业秘密",
    ),
)  # fmt: skip


def data_assets(register: DataAssets, actor: Actor) -> None:
    """Enter those that are not there yet; what people changed since stays."""
    known = {kept.asset.id for kept in register.all()}
    for asset in _ASSETS:
        if asset.id not in known:
            register.save(actor, msgspec.structs.replace(asset, unit=REGULATOR))
