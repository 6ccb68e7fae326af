"""Finding templates while lines stream by: skeletons that differ at one place only, in enough ways, are one template.

After Drain (He et al., ICWS 2017) a line is first grouped by its shape; instead of a similarity threshold, a place
becomes a place holder once ``MERGE_AT`` different words stood there in otherwise equal lines. One setting for all
sources. Words that tell opposite outcomes apart (accepted, failed, 成功, 失败) are never merged away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analytics.templates.tokens import ANY, Skeleton, Tokens, shown

MERGE_AT = 3
MOST_SKELETONS = 200_000
_MOST_HOLES = 2_000_000
_LONGEST_MERGED = 64
_HAN = "\u3400"
CONTRASTS = frozenset(
    [
        *("accepted", "rejected", "failed", "failure", "failing", "success", "successful", "succeeded", "successfully"),
        *("ok", "error", "denied", "allowed", "allow", "deny", "permitted", "blocked", "drop", "accept", "valid"),
        *("open", "opened", "close", "closed", "start", "started", "starting", "stop", "stopped", "stopping"),
        *("up", "down", "enable", "enabled", "disable", "disabled", "connect", "connected", "disconnect"),
        *("disconnected", "login", "logout", "logged", "add", "added", "remove", "removed", "create", "created"),
        *("delete", "deleted", "grant", "granted", "revoke", "revoked", "invalid", "read", "write", "input", "output"),
        *("成功", "失败", "通过", "拒绝", "允许", "阻止", "登录", "登出", "退出", "启动", "停止", "启用", "禁用"),
        *("新增", "创建", "删除", "修改", "授权", "撤销", "正常", "异常"),
    ]
)


@dataclass(slots=True)
class Template:
    """One kind of line. ``id`` stays when the template becomes more general."""

    id: int
    skeleton: Skeleton
    count: int = 0

    @property
    def text(self) -> str:
        """As people read it."""
        return shown(self.skeleton)


@dataclass(slots=True)
class Miner:
    """Learns templates line by line; memory is bounded by ``MOST_SKELETONS`` whatever comes."""

    tokens: Tokens = field(default_factory=Tokens)
    _known: dict[Skeleton, Template] = field(default_factory=dict)
    _into: dict[int, Template] = field(default_factory=dict)
    _holes: dict[tuple[object, ...], set[Skeleton]] = field(default_factory=dict)
    _made: int = 0

    def take(self, line: str) -> Template:
        """The template of ``line``; ``current`` follows it when templates are merged later."""
        skeleton = self.tokens.skeleton(line)
        template = self._known.get(skeleton)
        if template is None:
            template = self._learn(skeleton)
        elif template.id in self._into:
            template = self._known[skeleton] = self.current(template)
        template.count += 1
        return template

    def current(self, template: Template) -> Template:
        """What ``template`` has become."""
        while (heir := self._into.get(template.id)) is not None:
            template = heir
        return template

    def heir(self, template_id: int) -> int | None:
        """The id under which a merged template lives on, None for one that was never merged."""
        heir = self._into.get(template_id)
        return self.current(heir).id if heir is not None else None

    def templates(self) -> list[Template]:
        """All present templates, most frequent first."""
        alive = {id(t): t for t in map(self.current, self._known.values()) if t.count}
        return sorted(alive.values(), key=lambda t: (-t.count, t.id))

    def _learn(self, skeleton: Skeleton) -> Template:
        if len(self._known) >= MOST_SKELETONS:
            skeleton = (*skeleton[:1], ANY)
            if skeleton in self._known:
                return self.current(self._known[skeleton])
        return self._place(skeleton)

    def _place(self, skeleton: Skeleton) -> Template:
        template = self._known[skeleton] = Template(self._made, skeleton)
        self._made += 1
        if len(skeleton) <= _LONGEST_MERGED:
            for hole, general in _holes(skeleton):
                self._fill(hole, skeleton, general)
        return self.current(template)

    def _fill(self, hole: tuple[object, ...], skeleton: Skeleton, general: Skeleton) -> None:
        """Note that ``skeleton`` fits a hole; merge all that fit once there are enough."""
        fitting = self._holes.get(hole)
        if fitting is None:
            if len(self._holes) >= _MOST_HOLES:
                return
            fitting = self._holes[hole] = set()
        fitting.add(skeleton)
        kinds = {self.current(self._known[member]).id for member in fitting}
        if len(kinds) < MERGE_AT and general not in self._known:
            return
        if general not in self._known:
            self._place(general)
        for member in fitting:
            self._merge(member, general)
        fitting.clear()
        fitting.add(general)

    def _merge(self, special: Skeleton, general: Skeleton) -> None:
        """One template from here on: the older id, the more general skeleton."""
        old, new = self.current(self._known[special]), self.current(self._known[general])
        if old is new:
            return
        keeper, other = (old, new) if old.id < new.id else (new, old)
        keeper.count += other.count
        keeper.skeleton = max(keeper.skeleton, other.skeleton, general, key=lambda s: (s.count(ANY), -len(s)))
        self._into[other.id] = keeper


def _holes(skeleton: Skeleton) -> Iterator[tuple[tuple[object, ...], Skeleton]]:
    """Each way to leave out one place: a key that equal skeletons share, and the skeleton with the place holder."""
    words = sum(1 for token in skeleton if token != ANY and _wordy(token))
    for place, token in enumerate(skeleton):
        if token == ANY or not _wordy(token):
            continue
        before, after = skeleton[:place], skeleton[place + 1 :]
        if token >= _HAN and len(token) > 3:
            yield from _han_holes(before, token, after)
        elif words > 1 and token.lower() not in CONTRASTS:
            yield (place, before, after), _joined(before, (ANY,), after)


def _han_holes(before: Skeleton, token: str, after: Skeleton) -> Iterator[tuple[tuple[object, ...], Skeleton]]:
    """Holes inside a run of Han characters, at most four wide, the narrowest first: names of people and units."""
    for width in range(1, min(4, len(token) - 3) + 1):
        for start in range(len(token) - width + 1):
            if _tells_apart(token, start, width):
                continue
            parts = tuple(part for part in (token[:start], ANY, token[start + width :]) if part)
            yield ("han", before, token[:start], token[start + width :], after), _joined(before, parts, after)


def _tells_apart(token: str, start: int, width: int) -> bool:
    """Whether the place holder would swallow a part of a word that tells outcomes apart."""
    around = token[max(start - 1, 0) : start + width + 1]
    return any(around[i : i + 2] in CONTRASTS for i in range(len(around) - 1))


def _joined(before: Skeleton, middle: Skeleton, after: Skeleton) -> Skeleton:
    """Put together, place holders side by side made one."""
    whole = (*before, *middle, *after)
    return tuple(token for i, token in enumerate(whole) if not (token == ANY and i and whole[i - 1] == ANY))


def _wordy(token: str) -> bool:
    return token[0].isalnum() or token[0] in "-_/.*"
