"""A complete filing has no problem; each kind of mistake is named at its field."""

from typing import Any

import pytest

from infra.errors import AppError
from infra.text import Language, use_language
from ops.filing.document import Origin, put
from ops.filing.form import FieldType
from ops.filing.validate import problems, readiness
from tests.unit.ops.filing.forms import FORM, NOW, TODAY, complete


def found(table: str, changes: dict[str, Any]) -> set[tuple[str, str]]:
    document = complete()
    sheet = next(document.of_table(table))
    for name, value in changes.items():
        put(FORM, sheet, name, value, Origin("typed"), "u1", NOW)
    return {(problem.field, problem.kind) for problem in problems(document, FORM, TODAY)}


def test_the_form_has_every_field_of_the_six_tables() -> None:
    assert {table: len(fields) for table, fields in FORM.by_table.items()} == {
        "T1": 49, "T2": 27, "T3": 16, "T4": 33, "T5": 12, "T6": 31,
    }  # fmt: skip
    assert len(FORM.inputs) == 160
    assert all(field.options for field in FORM.inputs.values() if field.type in (FieldType.CODE, FieldType.MULTI))


def test_labels_are_unique_within_a_table() -> None:
    for table in FORM.by_table:
        labels = [FORM.label(field) for field in FORM.inputs.values() if field.table == table]
        assert len(labels) == len(set(labels))


def test_complete_and_right() -> None:
    document = complete(3)
    assert problems(document, FORM, TODAY) == []
    filled, asked = readiness(document, FORM)
    assert filled == asked > 100


@pytest.mark.parametrize(
    ("table", "changes", "expected"),
    [
        ("T1", {"credit_code": "91350100M000100Y44"}, ("credit_code", "wrong")),
        ("T1", {"unit_name": None}, ("unit_name", "missing")),
        ("T1", {"affiliation": "9"}, ("affiliation_other", "missing")),
        ("T1", {"affiliation_other": "x"}, ("affiliation_other", "not_asked")),
        ("T1", {"region_code": "110000"}, ("region_code", "wrong")),
        ("T1", {"objects_all_total": 5}, ("objects_all_total", "wrong")),
        ("T1", {"objects_all_l3": 0, "objects_all_total": 3}, ("objects_all_l3", "wrong")),
        ("T1", {"filed_now_l2": 1, "filed_now_l3": 0}, ("filed_now_l2", "wrong")),
        ("T1", {"cyber_contact_mobile": "123"}, ("cyber_contact_mobile", "wrong")),
        ("T1", {"filed_now_l5": 0.5}, ("filed_now_l5", "wrong")),
        ("T2", {"network_nature": "1"}, ("internet_domain", "not_asked")),
        ("T2", {"internet_protocols_ports": "443"}, ("internet_protocols_ports", "wrong")),
        ("T2", {"service_scope": "11"}, ("service_scope_provinces", "missing")),
        ("T2", {"go_live_date": "2027-01-01"}, ("go_live_date", "wrong")),
        ("T2", {"technologies": ["mobile"]}, ("mobile_apps", "missing")),
        ("T2", {"technologies": ["mobile"]}, ("cloud_roles", "not_asked")),
        ("T2", {"object_types": ["network"]}, ("technologies", "not_asked")),
        ("T3", {"s_level": "3"}, ("s_level", "wrong")),
        ("T3", {"final_level": "2"}, ("final_level", "wrong")),
        ("T3", {"final_level": "2"}, ("topology_present", "not_asked")),
        ("T3", {"expert_review_done": False, "expert_review_file": None}, ("expert_review_done", "wrong")),
        ("T3", {"grading_date": "2026-07-01"}, ("grading_date", "wrong")),
        ("T3", {"filled_date": "2026-04-01"}, ("filled_date", "wrong")),
        ("T4", {"cloud_platform_level": "2"}, ("cloud_platform_level", "wrong")),
        ("T4", {"cloud_platform_filing_no": "1"}, ("cloud_platform_filing_no", "wrong")),
        ("T5", {"topology_file": None}, ("topology_file", "missing")),
        ("T6", {"pi_types": ["none", "general"]}, ("pi_types", "wrong")),
        ("T6", {"pi_types": ["none"]}, ("pi_records", "not_asked")),
        ("T6", {"interactions": ["1", "4"]}, ("interactions", "wrong")),
        ("T6", {"total_size": 0}, ("total_size", "wrong")),
        ("T6", {"storage_room": None}, ("storage_room_name", "not_asked")),
    ],
)
def test_a_mistake_is_named_at_its_field(table: str, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in found(table, changes)


@pytest.mark.parametrize("field", sorted(FORM.inputs))
def test_every_field_takes_a_value_of_its_type_and_refuses_another(field: str) -> None:
    table, _, name = field.partition(".")
    sheet = next(complete().of_table(table))
    wrong = {"number": "many", "bool": "maybe", "date": "soon", "file": "x", "code": "no such", "multi": ["no such"]}
    value = wrong.get(FORM.inputs[field].type, 17)
    with pytest.raises(AppError) as error:
        put(FORM, sheet, name, value, Origin("typed"), "u1", NOW)
    assert name in error.value.detail["place"]


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AppError):
        put(FORM, complete().sheet("T1"), "no_such", "x", Origin("typed"), "u1", NOW)


@pytest.mark.parametrize("language", Language)
def test_problems_have_words_in_both_languages(language: Language) -> None:
    document = complete()
    document.sheets = [sheet for sheet in document.sheets if sheet.table != "T3"]
    put(FORM, document.sheet("T1"), "credit_code", "1", Origin("typed"), "u1", NOW)
    with use_language(language):
        texts = [problem.text for problem in problems(document, FORM, TODAY)]
    assert texts
    assert not any(text.startswith("ops.") for text in texts)
