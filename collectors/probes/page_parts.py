# ruff: noqa: E501 - patterns and pages stay on their lines
"""A page taken apart into what can be compared: texts, links, forms, scripts, frames, each under the path it stands at.

What changes at every view whatever the site does (times, tokens, counters, cache-busting parameters) is masked here by
its shape; what changes on one site only is learnt by ``PageBaseline``.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import msgspec

MAX_PAGE = 2 << 20
MAX_PARTS = 20_000
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_URLS = {"href", "src", "action", "data", "poster", "formaction", "background"}
_KEPT = {"type", "name", "content", "alt", "title", "placeholder", "value", "http-equiv", "property", "method", "rel"}
_PRIVATE = re.compile(
    r"csrf|xsrf|token|nonce|viewstate|eventvalidation|session|authenticity|captcha|_ts$|timestamp|request-?id", re.I
)
_COUNTED = (
    r"访问量|访问次数|浏览量|浏览次数|浏览|阅读量|阅读|点击量|点击|下载次数|下载量|在线人数|在线|人次|当前人数|今日|累计|总访问|次浏览|"
    r"visits?|visitors?|views?|viewed|hits?|clicks?|online|downloads?|reads?|users"
)
_COUNTED_AFTER = r"万?次(?:浏览|访问|阅读|下载|点击|查看)|人次|人(?:在线|浏览|访问|阅读|查看)|visits?|visitors?|views?|hits?|clicks?|online|downloads?|reads?"
_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I), "<uuid>"),
    (re.compile(r"\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}日?(?:[T\s]*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"\d{1,2}[-/]\d{1,2}[-/]\d{4}"), "<date>"),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+(?=\d|[A-Z]|<)"), ""),
    (re.compile(r"(?:星期|周)[一二三四五六日天]"), "<day>"),
    (re.compile(r"\b\d{1,2}\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\s+\d{4}"), "<date>"),
    (re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\s+\d{1,2},?\s+\d{4}"), "<date>"),
    (re.compile(r"\b\d{1,2}月\d{1,2}日"), "<date>"),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:\s?(?:AM|PM|GMT|UTC|CST)\b)?", re.I), "<time>"),
    (re.compile(r"\d{1,2}[时点]\d{1,2}分(?:\d{1,2}秒)?"), "<time>"),
    (re.compile(rf"((?:{_COUNTED})\D{{0,12}}?)\d[\d,，.]*", re.I), r"\1<n>"),
    (re.compile(rf"\d[\d,，.]*(\s?(?:{_COUNTED_AFTER}))", re.I), r"<n>\1"),
    (re.compile(r"\d[\d.]*(\s?(?:ms|毫秒|seconds?|秒)\b)", re.I), r"<n>\1"),
    (re.compile(r"\d[\d.]*(\s?(?:seconds? ago|minutes? ago|hours? ago|秒前|分钟前|小时前|天前|days? ago))"), r"<n>\1"),
    (re.compile(r"-?\d+(?:\.\d+)?\s?(?:°C|℃|°F)"), "<degrees>"),
    (re.compile(r"\b1[5-9]\d{8}(?:\d{3})?\b(?=[^\d]|$)(?<!\d{14})"), "<epoch>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}\b", re.I), "<hex>"),
    (re.compile(r"(?<![\w/+-])(?=[\w+/-]*\d)(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])[\w+/-]{20,}={0,2}"), "<token>"),
)  # fmt: skip
_SPACE = re.compile(r"\s+")
_SCRIPT_SPACE = re.compile(r"\s+")
_HASHED = re.compile(r"([._-])(?=[0-9a-f]*\d)[0-9a-f]{6,}(?=[._-]|$)", re.I)
_SESSION_PATH = re.compile(r";(?:jsessionid|sid|phpsessid)=[^/?#]*", re.I)
_BUSTER = re.compile(
    r"^(?:_|v|ver|version|t|ts|time|timestamp|rnd|rand|random|r|cb|cache|nocache|sid|s_id|h|hash|build|utm_.*)$", re.I
)


_LONG = re.compile(r"\S{200,}")
"""Words no person writes: kept as their digest, so that no pattern looks far ahead in them."""


def _digest(found: re.Match[str]) -> str:
    return f"<long {hashlib.sha256(found[0].encode()).hexdigest()[:16]}>"


class Part(msgspec.Struct, frozen=True):
    """One thing on a page: what it is (text, link, script ...), the path it stands at, and its masked value."""

    kind: str
    path: str
    value: str


def mask(text: str) -> str:
    """``text`` with what always changes replaced by its kind."""
    text = _LONG.sub(_digest, _SPACE.sub(" ", text).strip())
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    return text


def mask_url(url: str) -> str:
    """Scheme, host and path of ``url``, and those parameters that choose what is shown."""
    url = _SESSION_PATH.sub("", url.strip())
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return f"broken:{url[:200]}"
    if parts.scheme in ("javascript", "data", "vbscript"):
        return f"{parts.scheme}:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    kept = [f"{name}={mask(value)}" for name, value in pairs if not (_BUSTER.match(name) or _PRIVATE.search(name))]
    host = f"{parts.scheme}://{parts.netloc.lower()}" if parts.netloc else ""
    path = _HASHED.sub(r"\1<hex>", parts.path)
    return f"{host}{path}?{'&'.join(sorted(kept))}" if kept else f"{host}{path}"


def host_of(url: str) -> str:
    """The host a masked URL leads to; '' for the site's own."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "?"


def parts_of(page: str) -> list[Part]:
    """The parts of a page, in order; at most ``MAX_PARTS``."""
    reader = _Reader()
    reader.feed(page[:MAX_PAGE])
    reader.close()
    return reader.parts[:MAX_PARTS]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self._open: list[str] = []
        self._text: dict[str, list[str]] = defaultdict(list)
        self._skipped = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name.lower(): value or "" for name, value in attrs}
        path = self._path(tag)
        if tag in ("script", "style"):
            self._skipped = tag
        if tag in ("iframe", "frame", "object", "embed", "applet", "base"):
            self._add(
                "frame", path, f"{tag} {mask_url(found.get('src') or found.get('data') or found.get('href', ''))}"
            )
        self._attributes(tag, path, found)
        if tag not in _VOID and len(self._open) < 200:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipped:
            self._skipped = ""
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        path = self._path()
        if self._skipped == "script":
            self._add("script", path, _script(data))
        elif self._skipped == "style":
            self._add("style", path, hashlib.sha256(mask(data).encode()).hexdigest()[:16])
        else:
            self._add("text", path, mask(data))

    def _attributes(self, tag: str, path: str, found: dict[str, str]) -> None:
        secret = any(_PRIVATE.search(found.get(name, "")) for name in ("name", "id", "property"))
        for name, value in found.items():
            if name in _URLS:
                kind = "script" if tag == "script" else "form" if name in ("action", "formaction") else "link"
                if tag not in ("iframe", "frame", "object", "embed", "applet", "base"):
                    self._add(kind, f"{path}@{name}", mask_url(value))
            elif name.startswith("on"):
                self._add("handler", f"{path}@{name}", _script(value))
            elif name == "style" and re.search(
                r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0|left\s*:\s*-\d{3}", value, re.I
            ):
                self._add("hidden", path, tag)
            elif name in _KEPT and not (secret and name in ("value", "content")):
                if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
                    self._add("frame", path, f"refresh {value.strip()}")
                else:
                    self._add("attribute", f"{path}@{name}", mask(value))

    def _path(self, tag: str = "") -> str:
        return "/".join([*self._open[-6:], *([tag] if tag else [])])

    def _add(self, kind: str, path: str, value: str) -> None:
        if value:
            self.parts.append(Part(kind, path, value))


def _script(text: str) -> str:
    """A script with its numbers and tokens masked: data in it change, its code does not."""
    shown = mask(_SCRIPT_SPACE.sub(" ", text))
    shown = re.sub(
        r"(?i)((?:nonce|token|csrf\w*|session\w*|ts|timestamp|time|id|rand\w*|seed)[\"']?\s*[:=]\s*)([\"'][^\"']*[\"']|[\d.]+|<\w+>)",
        r"\1<v>",
        shown,
    )
    return shown if len(shown) <= 400 else f"{shown[:80]} {hashlib.sha256(shown.encode()).hexdigest()}"
