"""Values into commands, each kind of command by its own rule, so that a value never becomes code.

Shell: a value is assigned, quoted, before the script, and the script refers to it inside double quotes. Only constants
of the playbook itself, which are signed with it, stand in the text as they are.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from infra.errors import AppError, ErrorKind
from playbooks.model.shape import decode
from playbooks.model.vocabulary import REFERENCE, CommandType

_NESTED = re.compile(
    r"(?:^|[\s;|&(`])(?:eval|source|\.|(?:ba|da|z|k)?sh\s+(?:-\w+\s+)*-\w*c|su\s.*-c|xargs|python3?\s+-c|perl\s+-e)\s"
)
MAX_VALUE = 1 << 20


@dataclass(frozen=True, slots=True)
class Visible:
    """The variables a step sees: their values, and which of them are constants of the playbook."""

    values: Mapping[str, str | None]
    constants: frozenset[str] = frozenset()

    def get(self, name: str) -> str:
        """The value; ``AppError(INVALID)`` where it has none or holds what no command can carry."""
        value = self.values.get(name)
        if value is None:
            raise AppError(ErrorKind.INVALID, "playbooks.run.no_value", place=name)
        if "\x00" in value or len(value) > MAX_VALUE:
            raise AppError(ErrorKind.INVALID, "playbooks.run.unfit_value", place=name)
        return value

    def inline(self, text: str, put: Callable[[str, str], str]) -> str:
        """``text`` with each reference replaced by what ``put`` makes of name and value."""
        return REFERENCE.sub(lambda match: put(match[1], self.get(match[1])), text)


def plain(text: str, seen: Visible) -> str:
    """For people and for what is no language: values as they are."""
    return seen.inline(text, lambda _, value: value)


def constants_only(text: str, seen: Visible) -> str:
    """``text`` with the playbook's constants put in; other references stay."""
    return REFERENCE.sub(lambda match: seen.get(match[1]) if match[1] in seen.constants else match[0], text)


def shell(text: str, seen: Visible) -> str:
    """A POSIX shell script. References in a text that another interpreter would read again are refused."""
    text = constants_only(text, seen)
    names = list(dict.fromkeys(REFERENCE.findall(text)))
    if names and _NESTED.search(text):
        raise AppError(ErrorKind.INVALID, "playbooks.run.nested_shell", place=names[0])
    setting = "".join(f"{_own(name)}={shlex.quote(seen.get(name))}\n" for name in names)
    return setting + _by_quotes(text, {"": '"${%s}"', '"': "${%s}", "'": "'\"${%s}\"'"})


def power_shell(text: str, seen: Visible) -> str:
    """A PowerShell script; inside single quotes no reference can stand."""
    text = constants_only(text, seen)
    names = list(dict.fromkeys(REFERENCE.findall(text)))
    if names and re.search(r"(?i)\b(?:iex|invoke-expression)\b|\[scriptblock\]", text):
        raise AppError(ErrorKind.INVALID, "playbooks.run.nested_shell", place=names[0])
    setting = "".join(f"${_own(name)} = {_single(seen.get(name))}\n" for name in names)
    return setting + _by_quotes(text, {"": "${%s}", '"': "${%s}", "'": ""}, escape="`")


def _single(value: str) -> str:
    """A PowerShell literal; the four typographic single quotes end one, too."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _own(name: str) -> str:
    return "YD" + name.strip("_").replace("-", "_")


def _by_quotes(text: str, forms: Mapping[str, str], escape: str = "\\") -> str:
    """References replaced by the form that fits the innermost quotes they stand in (``$(`` begins anew)."""
    parts, stack, place = list[str](), [""], 0
    while place < len(text):
        match, inside = REFERENCE.match(text, place), stack[-1]
        if match:
            form = forms["" if inside == "(" else inside]
            if not form:
                raise AppError(ErrorKind.INVALID, "playbooks.run.in_quotes", place=match[1])
            parts.append(form % _own(match[1]))
            place = match.end()
            continue
        size = 2 if text[place] == escape and inside != "'" else 1
        if size == 1:
            _enter_or_leave(stack, text, place)
        parts.append(text[place : place + size])
        place += size
    return "".join(parts)


def _enter_or_leave(stack: list[str], text: str, place: int) -> None:
    char, inside = text[place], stack[-1]
    if inside in ("'", '"') and char == inside:
        stack.pop()
    elif inside == "'":
        return
    elif char == "(" and (inside != '"' or text[place - 1 : place] == "$"):
        stack.append("(")
    elif char == ")" and inside == "(":
        stack.pop()
    elif char in "\"'" and inside != '"':
        stack.append(char)


def request_target(text: str, seen: Visible) -> str:
    """The target of a request: values are percent-encoded, a leading one must be a whole http(s) address."""
    match = REFERENCE.match(text)
    head = ""
    if match and match[1] not in seen.constants:
        head, text = seen.get(match[1]), text[match.end() :]
        if urlsplit(head).scheme not in ("http", "https") or re.search(r"\s", head):
            raise AppError(ErrorKind.INVALID, "playbooks.run.no_address", place=match[1])
    return head + seen.inline(text, lambda name, value: value if name in seen.constants else quote(value, safe=""))


def header(text: str, seen: Visible) -> str:
    """A header's value: one line."""
    value = plain(text, seen)
    if re.search(r"[\r\n]", value):
        raise AppError(ErrorKind.INVALID, "playbooks.run.unfit_value", place="headers")
    return value


def json_text(text: str, seen: Visible) -> str:
    """JSON with references inside its strings; other text has its values as they are."""
    try:
        json.loads(REFERENCE.sub("0", text))
    except ValueError:
        return plain(text, seen)
    return seen.inline(text, lambda _, value: json.dumps(value, ensure_ascii=False)[1:-1])


def words(text: str, seen: Visible) -> tuple[str, ...]:
    """The words of one of our own actions: split first, values put in after, so that a value stays one word."""
    try:
        split = shlex.split(text, comments=False)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "playbooks.run.bad_words", place=text[:80]) from None
    return tuple(plain(word, seen) for word in split)


TEXTS: dict[str, Callable[[str, Visible], str]] = {
    CommandType.MANUAL: plain, CommandType.BASH: shell, CommandType.SSH: shell, CommandType.POWERSHELL: power_shell,
    CommandType.ELASTIC: json_text, CommandType.KESTREL: constants_only, CommandType.JUPYTER: constants_only,
    CommandType.SIGMA: constants_only, CommandType.YARA: constants_only, CommandType.CALDERA: plain,
}  # fmt: skip
__all__ = ["TEXTS", "Visible", "decode", "header", "json_text", "plain", "request_target", "shell", "words"]
