"""Text without a field: which fields it is looked for in. Written once, so that every engine looks in the same."""

from __future__ import annotations

from infra.store.query.names import place
from infra.store.query.tokens import tokens
from infra.store.query.tree import Anywhere, Filter, Or, Phrase, Term, Wildcard

WORDS = ("message", "error.message", "email.subject", "rule.description")
PARTS = ("process.command_line", "url.original", "url.full", "powershell.file.script_block_text")
EXACT = (
    "event.id", "event.action", "event.code", "event.dataset", "host.name", "user.name", "source.ip", "destination.ip",
    "related.ip", "related.user", "related.hash", "process.name", "process.executable", "file.path", "file.name",
    "dns.question.name", "rule.name", "rule.id", "service.name", "source.user.name", "user.target.name",
    "yaodun.system", "yaodun.source", "yaodun.biz.code", "yaodun.biz.document", "yaodun.biz.licence",
)  # fmt: skip


def expand(node: Anywhere) -> Filter:
    """The same search with its fields named: words of texts, parts of command lines and URLs, whole keywords."""
    items: list[Filter] = []
    if tokens(node.text):
        items += [Phrase(name, node.text) for name in WORDS]
    items += [Wildcard(name, f"*{_escape(node.text)}*") for name in PARTS]
    items += [Term(name, node.text) for name in EXACT if _can_hold(name, node.text)]
    return Or(tuple(items))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _can_hold(name: str, text: str) -> bool:
    from infra.events.table import FieldType

    if place(name).type is not FieldType.IP:
        return True
    from infra.store.query.addresses import ip_key

    try:
        ip_key(text)
    except ValueError:
        return False
    return True
