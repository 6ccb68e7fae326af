"""Text without a field: which fields it is looked for in. Written once, so that every engine looks in the same."""

from __future__ import annotations

from infra.store.query.names import place
from infra.store.query.tokens import tokens
from infra.store.query.tree import Anywhere, Filter, Or, Phrase, Term

WORDS = (
    "message", "error.message", "email.subject", "rule.description",
    "process.command_line", "url.original", "url.full", "powershell.file.script_block_text",
)  # fmt: skip
EXACT = (
    "event.id", "event.action", "event.code", "event.dataset", "host.name", "user.name", "source.ip", "destination.ip",
    "related.ip", "related.user", "related.hash", "process.name", "process.executable", "file.path", "file.name",
    "dns.question.name", "rule.name", "rule.id", "service.name", "source.user.name", "user.target.name",
    "yaodun.system", "yaodun.source", "yaodun.biz.code", "yaodun.biz.document", "yaodun.biz.licence",
)  # fmt: skip


def expand(node: Anywhere) -> Filter:
    """The same search with its fields named: words of texts, command lines and URLs, and whole keywords."""
    items: list[Filter] = []
    if tokens(node.text):
        items += [Phrase(name, node.text) for name in WORDS]
    items += [Term(name, node.text) for name in EXACT if _can_hold(name, node.text)]
    return Or(tuple(items))


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
