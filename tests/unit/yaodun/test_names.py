"""Names as the viewer reads them."""

from infra.text import use_language
from yaodun.rooms.names import Names

BRUTE_FORCE = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a02"


def test_a_shipped_rule_is_named_in_the_language_of_the_viewer() -> None:
    names = Names(dict, dict)
    with use_language("zh-CN"):
        assert names.rule(BRUTE_FORCE, "its title") == "同一地址的 SSH 口令猜测"
    with use_language("en"):
        assert names.rule(BRUTE_FORCE, "its title") == "SSH password guessing from one address"


def test_a_foreign_rule_keeps_its_title() -> None:
    assert Names(dict, dict).rule("11111111-1111-4111-8111-111111111111", "Whoami") == "Whoami"
