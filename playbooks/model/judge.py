"""The judgement of a document: strict, importable with repairs, or rejected; every defect with its path."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from playbooks.model.finding import Finding, Findings, Level, Mend, Path, Repair, apply
from playbooks.model.flow import check_flow
from playbooks.model.guard import guard_shape
from playbooks.model.links import check_links, objects
from playbooks.model.objects import KEY_SOURCES, playbook, signature
from playbooks.model.steps import steps
from playbooks.model.vocabulary import GUARD, StepType

MAX_ROUNDS = 12
MAX_DEFECTS = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """``errors`` nobody can mend, ``repairs`` that were made, and the document as it is after them."""

    level: Level
    errors: tuple[Finding, ...]
    repairs: tuple[Finding, ...]
    tree: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """The verdict as ``yaodun playbook validate`` prints it."""
        return {
            "level": str(self.level),
            "errors": [one.shown() for one in self.errors],
            "repairs": [one.shown() for one in self.repairs],
        }


def judge(tree: dict[str, Any], *, strict: bool = False) -> Verdict:
    """Look at the document, mend what can be mended, look again. With ``strict`` nothing is mended."""
    first = check(tree)
    if strict:
        return Verdict(Level.REJECT if first else Level.STRICT, tuple(first), (), tree)
    if not first:
        return Verdict(Level.STRICT, (), (), tree)
    mended, repairs, found = copy.deepcopy(tree), list[Finding](), first
    for _ in range(MAX_ROUNDS):
        changes = [one for one in found if one.repair is not None and one.repair.mend is not Mend.NOTE]
        for one in changes:
            assert one.repair is not None
            apply(mended, copy.deepcopy(one.repair))
        repairs += changes
        if not changes:
            break
        found = check(mended)
    errors = tuple(one for one in found if one.repair is None)
    repairs += [one for one in found if one.repair is not None]
    if not errors and any(one.repair and one.repair.mend is not Mend.NOTE for one in found):
        errors = tuple(found)
    return Verdict(Level.REJECT if errors else Level.IMPORT, errors, _once(repairs), mended)


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple({(one.path, one.code): one for one in findings}.values())


def check(tree: dict[str, Any]) -> Findings:
    """Every defect of the document as it is."""
    found = Findings()
    _renamed(found, tree)
    playbook(found, (), tree)
    workflow = tree.get("workflow")
    if isinstance(workflow, dict):
        steps(found, ("workflow",), workflow)
        check_flow(found, tree)
    check_links(found, tree)
    _guard(found, tree)
    _signatures(found, tree)
    _summary(found, tree)
    del found[MAX_DEFECTS:]
    return found


def _renamed(found: Findings, tree: dict[str, Any]) -> None:
    if "playbook_extension" in tree and "playbook_extensions" not in tree:
        move = Repair(Mend.MOVE, ("playbook_extension",), "playbook_extensions")
        found.add(("playbook_extension",), "other-name", move, value="playbook_extension")


def _guard(found: Findings, tree: dict[str, Any]) -> None:
    guard = objects(tree, "playbook_extensions").get(GUARD)
    if isinstance(guard, dict):
        guard_shape(found, ("playbook_extensions", GUARD), guard)


def _signatures(found: Findings, tree: dict[str, Any]) -> None:
    listed = tree.get("signatures")
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(each, dict):
            _signature(found, ("signatures", index), each, tree)


def _signature(found: Findings, path: Path, each: dict[str, Any], tree: dict[str, Any]) -> None:
    signature(found, path, each)
    sources = [name for name in KEY_SOURCES if name in each]
    if len(sources) != 1:
        found.add(path, "key-sources", count=len(sources), allowed=", ".join(KEY_SOURCES))
    for name, other in (("related_to", "id"), ("related_version", "modified")):
        if name in each and other in tree and each[name] != tree[other]:
            found.add((*path, name), "signs-another", name=name, value=str(each[name]), wanted=str(tree[other]))


_PRESENT: dict[str, StepType] = {
    "parallel_processing": StepType.PARALLEL, "if_logic": StepType.IF, "while_logic": StepType.WHILE,
    "switch_logic": StepType.SWITCH, "external_playbooks": StepType.PLAYBOOK_ACTION,
}  # fmt: skip


def _summary(found: Findings, tree: dict[str, Any]) -> None:
    """What the summary says must be so."""
    kinds = {step.get("type") for step in objects(tree, "workflow").values() if isinstance(step, dict)}
    truth = {name: kind in kinds for name, kind in _PRESENT.items()}
    truth |= {"data_markings": bool(tree.get("markings")), "digital_signatures": bool(tree.get("signatures"))}
    for name, said in objects(tree, "playbook_processing_summary").items():
        if name in truth and isinstance(said, bool) and said is not truth[name]:
            path = ("playbook_processing_summary", name)
            found.add(path, "summary-untrue", Repair(Mend.PUT, path, truth[name]), name=name, said=said)
