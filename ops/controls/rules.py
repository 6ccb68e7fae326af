"""Which facts decide which requirement on which kind of asset: the ``automatic`` pack joined with baseline checks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from ops.baseline.registry import all_checks
from ops.controls.catalogue import Catalogue, Extension, Item, Split
from ops.controls.needs import Need
from ops.rulepacks import Pack, PackRef, shipped_packs

ON_OBJECT = "object"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts needed for one level-3 item on one kind of asset (``object``: the object as a whole)."""

    item: str
    on: str
    needs: tuple[Need, ...] = ()
    baseline: bool = False
    ext: Extension = Extension.GENERAL


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A high-risk case fires when a need fails, unless all mitigations hold."""

    id: str
    on: str
    needs: tuple[Need, ...]
    mitigated_by: tuple[Need, ...] = ()


class Rules(msgspec.Struct, frozen=True):
    """The rules of one pack with baseline checks spelled out as needs."""

    ref: PackRef
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]

    def for_items(self, items: Sequence[Item], catalogue: Catalogue) -> dict[str, tuple[Rule, ...]]:
        """Rules by unit; an item of another level takes the rules of the level-3 item of the same point and gist."""
        by_item: dict[tuple[Extension, str], list[Rule]] = {}
        for rule in self.rules:
            by_item.setdefault((rule.ext, rule.item), []).append(rule)
        twins = {_meaning(item): item.id for item in catalogue.items if item.level == 3}
        found = {item.unit: by_item.get((item.ext, twins.get(_meaning(item), "")), []) for item in items}
        for item in items:
            if not found[item.unit] and is_workflow(item):
                found[item.unit] = [Rule(item.id, ON_OBJECT, (Need(f"record.{item.unit}", equals=True),))]
        return {unit: tuple(rules) for unit, rules in found.items() if rules}


def is_workflow(item: Item) -> bool:
    """Whether a record the platform keeps proves the item: marked so at level 3, management items at other levels."""
    return item.split is Split.WORKFLOW or (item.split is None and not item.technical)


def _meaning(item: Item) -> tuple[str, str, str, str]:
    return item.ext, item.cls, item.point_zh, item.gist_zh


def read_rules(pack: Pack) -> Rules:
    """The rules of an ``automatic`` pack."""
    rules = msgspec.convert(pack.content["rules"], tuple[Rule, ...])
    cases = msgspec.convert(pack.content["cases"], tuple[Case, ...])
    return Rules(pack.ref, tuple(_with_baseline(rule) for rule in rules), cases)


def _with_baseline(rule: Rule) -> Rule:
    if not rule.baseline:
        return rule
    checks = [check.id for check in all_checks() if rule.item in check.items]
    needs = tuple(Need(f"baseline.{check_id}", equals="compliant") for check_id in checks)
    return msgspec.structs.replace(rule, needs=rule.needs + needs)


@cache
def shipped_rules() -> Rules:
    """The shipped rules, read once."""
    return read_rules(shipped_packs().versions("automatic")[-1])
