"""A complete, right filing, and strategies for values of every field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from ops.filing.document import FilingDocument, Origin, new_document, put
from ops.filing.form import Field, FieldType, Form, shipped_form
from ops.filing.values import FileRef

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)
FORM: Form = shipped_form()
CREDIT_CODE = "91350100M000100Y43"  # the example of GB 32100-2015
FILE = FileRef("报告 <1>.pdf", "ab" * 32, 1234)

T1 = {
    "unit_name": "某省药品监督管理局", "credit_code": CREDIT_CODE, "filing_region": "福州市",
    "unit_internet_addresses": "无", "address_province": "福建省", "address_city": "福州市",
    "address_county": "鼓楼区", "address_detail": "某路 1 号", "postcode": "350001", "region_code": "350102",
    "responsible_name": "张三", "responsible_title": "局长", "responsible_office_phone": "0591-88331234",
    "responsible_email": "zhang@example.gov.cn", "cyber_dept_name": "信息中心", "cyber_contact_name": "李四",
    "cyber_contact_title": "主任", "cyber_contact_office_phone": "0591-88331235",
    "cyber_contact_mobile": "13800000000", "cyber_contact_email": "li@example.gov.cn", "data_dept_name": "数据处",
    "data_contact_name": "王五", "data_contact_title": "处长", "data_contact_office_phone": "0591-88331236",
    "data_contact_mobile": "13900000000", "data_contact_email": "wang@example.gov.cn", "affiliation": "2",
    "unit_type": "2", "industry": "3", "filed_now_total": 1, "filed_now_l2": 0, "filed_now_l3": 1,
    "filed_now_l4": 0, "filed_now_l5": 0, "objects_all_total": 4, "objects_all_l1": 1, "objects_all_l2": 2,
    "objects_all_l3": 1, "objects_all_l4": 0, "objects_all_l5": 0,
}  # fmt: skip
T2 = {
    "object_name": "药品追溯系统", "running_status": "running", "object_types": ["system", "data"],
    "technologies": ["cloud"], "business_types": ["public"], "business_description": "记录药品流向\n供公众查询",
    "service_scope": "20", "service_audience": "both", "deployment_scope": "3", "network_nature": "2",
    "internet_source_ip": "203.0.113.0/28", "internet_domain": "trace.example.gov.cn",
    "internet_protocols_ports": "HTTPS/443", "interconnections": ["same_sector", "own_unit"],
    "go_live_date": "2024-01-08", "is_subsystem": False,
}  # fmt: skip
T3 = {
    "s_harm": ["C3", "P1"], "a_harm": ["P2"], "s_level": "2", "a_level": "3", "final_level": "3",
    "grading_date": "2026-05-01", "grading_report_present": True, "grading_report_file": FILE,
    "expert_review_done": True, "expert_review_file": FILE, "has_regulator": False, "filled_by": "李四",
    "filled_date": "2026-05-20",
}  # fmt: skip
T4 = {
    "cloud_roles": ["customer"], "cloud_service_modes": ["iaas"], "cloud_deployment_modes": ["private"],
    "cloud_provider_name": "政务云中心", "cloud_platform_level": "3", "cloud_platform_name": "省政务云",
    "cloud_platform_filing_no": "35010012345-00001", "cloud_customer_ops_place": "福州市",
    "cloud_platform_certificate": FILE,
}  # fmt: skip
T5 = {
    f"{name}_{part}": True if part == "present" else FILE
    for name in ("topology", "org_rules", "design", "products", "services", "regulator_guidance")
    for part in ("present", "file")
}
T6 = {
    "data_name": "追溯码流向", "data_level": "2", "data_category": "药品流通信息", "data_dept": "数据处",
    "data_person": "王五", "pi_types": ["general"], "total_size": 12.5, "total_size_unit": "TB", "pi_records": 300,
    "monthly_growth": 120, "monthly_growth_unit": "GB", "sources": ["collected", "shared"],
    "source_unit_1": "某生产企业", "interactions": ["1"], "provided_to": "国家药监局", "storage_cloud": ["4"],
    "storage_cloud_name": "省政务云", "storage_room": ["2"], "storage_room_name": "政务机房",
    "storage_region": ["1"], "storage_region_name": "福州",
}  # fmt: skip


def complete(categories: int = 1) -> FilingDocument:
    """A filing without a problem, with ``categories`` data categories."""
    document = new_document("F-2026-1", FORM, {"trace": [f"c{n}" for n in range(categories)]})
    for sheet in document.sheets:
        for name, value in {"T1": T1, "T2": T2, "T3": T3, "T4": T4, "T5": T5, "T6": T6}[sheet.table].items():
            put(FORM, sheet, name, value, Origin("typed", NOW), "u1", NOW)
    return document


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from("\n &<>{}%#'\"【】（）☑=+@"),
    max_size=60,
)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


def value_for(field: Field) -> st.SearchStrategy[Any]:
    """Any value the field's type allows."""
    return {
        FieldType.TEXT: TEXT,
        FieldType.CODE: st.sampled_from([*field.options, *(("17",) if field.open_codes else ())]),
        FieldType.MULTI: st.lists(st.sampled_from(list(field.options)), unique=True),
        FieldType.NUMBER: st.integers(-(10**6), 10**12) | st.floats(-1e9, 1e9, allow_nan=False),
        FieldType.BOOL: st.booleans(),
        FieldType.DATE: st.dates(),
        FieldType.FILE: st.builds(FileRef, TEXT.filter(lambda text: len(text.strip()) > 1), HEX, st.integers(0, 10**9)),
    }[field.type]


@st.composite
def documents(draw: st.DrawFn) -> FilingDocument:
    """A filing with any values in any fields, complete or not."""
    categories = draw(st.integers(0, 3))
    document = new_document(
        "F " + draw(st.sampled_from(["1", "二", "x-3"])), FORM, {"o1": [f"c{n}" for n in range(categories)]}
    )
    for sheet in document.sheets:
        fields = [field for field in FORM.by_table[sheet.table] if field.type is not FieldType.GROUP]
        for field in draw(st.lists(st.sampled_from(fields), unique_by=lambda each: each.id, max_size=12)):
            put(FORM, sheet, field.id, draw(value_for(field)), Origin("typed", NOW), "u1", NOW)
    return document
