"""The numbers of the business: measured where something was reported, missing where nothing was."""

from analytics.business import build_book, judge_book
from analytics.business.summary import summarise
from infra.events.business import BusinessEvent
from tests.unit.analytics.business.small_site import event, later, masters


def numbers(*events: BusinessEvent):
    book = build_book([*masters(), *later(), *events])
    return summarise(book, judge_book(book))


def test_what_nobody_reported_is_missing() -> None:
    found = numbers()
    for name in ("feeds_on_time", "licence_misuse", "approval_overdue", "account_misuse", "exchange_mismatch"):
        assert getattr(found, name) is None
    assert found.sensitive_unmasked is None


def test_feeds_on_time_is_a_share() -> None:
    beat = {"system": "sharing", "interval_s": 3600}
    found = numbers(event("heartbeat", 95, feed="a", **beat), event("heartbeat", 92, feed="b", **beat))
    assert (found.feeds, found.feeds_on_time) == (2, 0.5)


def test_an_exchange_that_does_not_reconcile() -> None:
    common = {"system": "sharing", "dataset": "d", "hash": "a"}
    sent = [event("manifest", 94, manifest=f"m{n}", records=10, **common) for n in range(4)]
    back = [event("receipt", 94, manifest=f"m{n}", accepted=10 - (n == 0), **common) for n in range(4)]
    assert numbers(*sent, *back).exchange_mismatch == 0.25


def test_personal_data_in_the_clear_is_named_by_column() -> None:
    rows = [{"phone": f"138{n:04d}{n * 7 % 10_000:04d}", "result": "pass"} for n in range(40)]
    found = numbers(event("sample", 94, system="sharing", feed="f", dataset="d", schema_version="1", rows=rows))
    assert found.unmasked == ("d.phone: phone",)
    assert found.sensitive_unmasked == 1.0


def test_exports_in_the_clear_without_a_case() -> None:
    words = {"system": "sharing", "user": "u", "dataset": "d", "records": 5}
    found = numbers(event("export", 95, masked=False, **words), event("export", 95, masked=False, case="c", **words))
    assert found.sensitive_exports == 1.0
