"""The flow of a workflow: every reference leads somewhere, every way ends, branches keep to themselves.

In: the steps.  Out: findings. Source: CACAO 2.0 CS01 clauses 4.5 to 4.12 (branches end at a step of their own).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from playbooks.model.finding import Findings, Mend, Path, Repair
from playbooks.model.vocabulary import NEXT, StepType

OPENERS = frozenset({StepType.PARALLEL, StepType.IF, StepType.WHILE, StepType.SWITCH})


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from a step to another; ``branch`` where it opens one."""

    path: Path
    target: str
    branch: bool


def edges_of(key: str, step: dict[str, Any]) -> Iterator[Edge]:
    """All references of one step that are texts."""
    path: Path = ("workflow", key)
    for name in NEXT:
        if isinstance(step.get(name), str):
            yield Edge((*path, name), step[name], branch=False)
    for name in ("on_true", "on_false"):
        if isinstance(step.get(name), str):
            yield Edge((*path, name), step[name], branch=True)
    following = step.get("next_steps")
    for index, target in enumerate(following if isinstance(following, list) else ()):
        if isinstance(target, str):
            yield Edge((*path, "next_steps", index), target, branch=True)
    cases = step.get("cases")
    for name, target in (cases if isinstance(cases, dict) else {}).items():
        if isinstance(target, str):
            yield Edge((*path, "cases", name), target, branch=True)


class Flow:
    """The graph of a workflow whose steps are objects."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree
        workflow = tree.get("workflow")
        self.steps = {key: step for key, step in (workflow or {}).items() if isinstance(step, dict)}
        self.edges = {key: list(edges_of(key, step)) for key, step in self.steps.items()}

    @cached_property
    def onward(self) -> dict[str, list[str]]:
        """Where a step continues (branches apart)."""
        return {key: [edge.target for edge in edges if not edge.branch] for key, edges in self.edges.items()}

    @cached_property
    def every(self) -> dict[str, list[str]]:
        """Where a step leads, branches included."""
        return {key: [edge.target for edge in edges] for key, edges in self.edges.items()}

    def closure(self, roots: Iterable[str], graph: dict[str, list[str]]) -> set[str]:
        """Steps reachable from ``roots``, themselves included."""
        pending, seen = [root for root in roots if root in self.steps], set[str]()
        while pending:
            key = pending.pop()
            if key not in seen:
                seen.add(key)
                pending.extend(target for target in graph[key] if target in self.steps)
        return seen


def check_flow(found: Findings, tree: dict[str, Any]) -> None:
    """All findings of the flow."""
    flow = Flow(tree)
    if not flow.steps:
        found.add(("workflow",), "too-few", least=1, count=0)
        return
    _roots(found, tree, flow)
    dangling = _references(found, flow)
    _parallel(found, flow)
    if not dangling:
        _endless(found, flow)
        _branches(found, flow)
    _unreached(found, tree, flow)


def new_step(tree: dict[str, Any], kind: StepType, why: str) -> str:
    """A stable identifier for a step a repair adds."""
    return f"{kind}--{uuid5(NAMESPACE_URL, str(tree.get('id')) + '/' + why)}"


def _roots(found: Findings, tree: dict[str, Any], flow: Flow) -> None:
    start, exception = tree.get("workflow_start"), tree.get("workflow_exception")
    if isinstance(start, str):
        if start not in flow.steps:
            found.add(("workflow_start",), "missing-step", target=start)
        elif flow.steps[start].get("type") != StepType.START:
            _prepend_start(found, tree, start)
    if isinstance(exception, str) and exception not in flow.steps:
        found.add(("workflow_exception",), "missing-step", Repair(Mend.DROP, ("workflow_exception",)), target=exception)
    starts = [key for key, step in flow.steps.items() if step.get("type") == StepType.START]
    for key in starts:
        if key != start and len(starts) > 1:
            found.add(("workflow", key), "second-start", key=key)


def _prepend_start(found: Findings, tree: dict[str, Any], first: str) -> None:
    key = new_step(tree, StepType.START, "start")
    step = {"type": "start", "on_completion": first}
    found.add(("workflow_start",), "no-start-step", Repair(Mend.PUT, ("workflow", key), step), target=first)
    found.add(("workflow_start",), "no-start-step", Repair(Mend.PUT, ("workflow_start",), key), target=first)


def _references(found: Findings, flow: Flow) -> bool:
    dangling = False
    for edge in (edge for edges in flow.edges.values() for edge in edges):
        if edge.target not in flow.steps:
            dangling = True
            found.add(edge.path, "missing-step", target=edge.target)
        elif flow.steps[edge.target].get("type") == StepType.START:
            found.add(edge.path, "back-to-start", target=edge.target)
    for key, step in flow.steps.items():
        if step.get("type") in OPENERS and not any(name in step for name in NEXT):
            _close(found, flow, key)
    return dangling


def _close(found: Findings, flow: Flow, key: str) -> None:
    """An opener that leads nowhere ends after its branches (its findings of shape are replaced by this repair)."""
    path: Path = ("workflow", key, "on_completion")
    found[:] = [one for one in found if not (one.path == path and one.code == "missing-continuation")]
    end = new_step(flow._tree, StepType.END, f"end of {key}")
    found.add(path, "missing-continuation", Repair(Mend.PUT, ("workflow", end), {"type": "end"}))
    found.add(path, "missing-continuation", Repair(Mend.PUT, path, end))


def _parallel(found: Findings, flow: Flow) -> None:
    for key, edges in flow.edges.items():
        seen: set[str] = set()
        for edge in edges:
            if edge.branch and "next_steps" in edge.path and edge.target in seen:
                found.add(edge.path, "shared-branch", step=edge.target, opener=key)
            seen.add(edge.target)


def _endless(found: Findings, flow: Flow) -> None:
    """Steps from which no end can be reached; one finding per group, at its first step."""
    back: dict[str, list[str]] = {key: [] for key in flow.steps}
    for key, targets in flow.onward.items():
        for target in targets:
            back[target].append(key)
    for key, parent in _returns(flow):
        back[parent].append(key)
    ends = [key for key, step in flow.steps.items() if step.get("type") == StepType.END or not flow.onward[key]]
    lost = [key for key in flow.steps if key not in flow.closure(ends, back)]
    told: set[str] = set()
    for key in lost:
        if key not in told:
            told |= flow.closure([key], flow.onward) | flow.closure([key], back)
            found.add(("workflow", key), "endless", step=key)


def _returns(flow: Flow) -> Iterator[tuple[str, str]]:
    """Steps of a while body that lead back to the while step itself: an old way to write the end of a turn."""
    for key, step in flow.steps.items():
        if step.get("type") == StepType.WHILE:
            body = flow.closure((edge.target for edge in flow.edges[key] if edge.branch), _without(flow.onward, key))
            yield from ((inner, key) for inner in body if inner != key and key in flow.onward[inner])


def _without(graph: dict[str, list[str]], key: str) -> dict[str, list[str]]:
    return {name: [] if name == key else targets for name, targets in graph.items()}


def _branches(found: Findings, flow: Flow) -> None:
    for key, step in flow.steps.items():
        if step.get("type") in OPENERS:
            _opener(found, flow, key)


def _opener(found: Findings, flow: Flow, key: str) -> None:
    graph = _without(flow.every, key)
    after = flow.closure(flow.onward[key], graph)
    loop = flow.steps[key].get("type") == StepType.WHILE
    taken: dict[str, str] = {}
    for edge in (edge for edge in flow.edges[key] if edge.branch):
        region = flow.closure([edge.target], graph)
        if key in region:
            if loop:
                found.add(edge.path, "loop-returns", Repair(Mend.NOTE), opener=key)
            else:
                found.add(edge.path, "branch-returns", opener=key)
            region.discard(key)
        if shared := sorted(region & after):
            found.add(edge.path, "branch-joins", step=shared[0], opener=key)
        if both := sorted(step for step in region if taken.get(step, edge.target) != edge.target):
            found.add(edge.path, "shared-branch", step=both[0], opener=key)
        taken.update(dict.fromkeys(region, edge.target))


def _unreached(found: Findings, tree: dict[str, Any], flow: Flow) -> None:
    roots = [str(tree.get(name)) for name in ("workflow_start", "workflow_exception")]
    rollbacks = [target for step in flow.steps.values() for target in _rollbacks(step)]
    seen = flow.closure([*roots, *rollbacks], flow.every)
    for key in flow.steps:
        if key not in seen and roots[0] in flow.steps:
            found.add(("workflow", key), "unreached", Repair(Mend.NOTE), step=key)


def _rollbacks(step: dict[str, Any]) -> Iterator[str]:
    extensions = step.get("step_extensions")
    for extension in (extensions if isinstance(extensions, dict) else {}).values():
        if isinstance(extension, dict) and isinstance(extension.get("rollback"), str):
            yield extension["rollback"]
