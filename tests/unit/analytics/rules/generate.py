"""Events made to meet a rule, or to miss it by one thing, from its expression alone.

A branch is chosen for every ``or``; what must hold of one location is put into one value; what must not hold is kept
out by choosing other branches where it interferes.
"""

from __future__ import annotations

import ipaddress
import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analytics.rules.lens import ALTERNATIVE
from analytics.rules.regextree import codes, parse_regex
from analytics.rules.rule import KEYWORD, Atom, Expression, RuleSet
from infra.events import table
from infra.events.table import FieldType

Literal = tuple[Atom, bool]
TRIES = 60


def choices(expression: Expression, ruleset: RuleSet, seed: int, *, wanted: bool = True) -> list[Literal]:
    """Atoms that must (or must not) hold so that the expression is ``wanted``; ``seed`` varies the branches."""
    return _choose(expression, ruleset, random.Random(seed), seed, wanted=wanted)


def _choose(expression: Expression, ruleset: RuleSet, dice: random.Random, seed: int, *, wanted: bool) -> list[Literal]:
    if isinstance(expression, bool):
        return []
    if isinstance(expression, int):
        return [(ruleset.atoms[expression], wanted)]
    word, *items = expression
    if word == "not":
        return _choose(items[0], ruleset, dice, seed, wanted=not wanted)
    if (word == "and") == wanted:
        return [one for item in items for one in _choose(item, ruleset, dice, seed, wanted=wanted)]
    chosen = items[0] if seed == 0 else dice.choice(items)
    return _choose(chosen, ruleset, dice, seed, wanted=wanted)


def value_of(atoms: list[Atom], avoid: list[Atom], dice: random.Random) -> Any:
    """A value that meets all of ``atoms``; None where it must be absent."""
    if any(atom.op in ("null", "absent") for atom in atoms):
        return None
    for atom in atoms:
        if atom.op == "eq":
            return atom.value
    for atom in atoms:
        if atom.op == "cidr":
            network = ipaddress.ip_network(atom.value, strict=False)
            return str(network[min(1, network.num_addresses - 1)])
        if atom.op in ("lt", "lte", "gt", "gte"):
            return str(int(float(atom.value)) + {"lt": -1, "lte": 0, "gt": 1, "gte": 0}[atom.op])
        if atom.op in ("minute", "hour", "day", "week", "month", "year"):
            raise NotImplementedError(atom.op)
    return _text(atoms, dice) if atoms else _other(avoid)


def _text(atoms: list[Atom], dice: random.Random) -> str:
    start = max((atom.value for atom in atoms if atom.op == "startswith"), key=len, default="")
    end = max((atom.value for atom in atoms if atom.op == "endswith"), key=len, default="")
    middle = [atom.value for atom in atoms if atom.op == "contains" and atom.value]
    middle += [_wild(atom.value) for atom in atoms if atom.op == "wildcard"]
    middle += [sample(atom.value) for atom in atoms if atom.op == "re"]
    dice.shuffle(middle)
    wild = [atom.value for atom in atoms if atom.op == "wildcard"]
    if wild and not start and not end and len(middle) == 1:
        return middle[0]
    regexes = [atom for atom in atoms if atom.op == "re"]
    if regexes and len(middle) == 1 and not start and not end:
        return middle[0]
    if end and not start and dice.random() < 0.3:
        start = "x"
    lowered = f"{start} {end}".lower()
    middle = [part for part in middle if part.lower() not in lowered]
    glue = dice.choice([" ", "", " x "])
    return start + glue.join(["", *middle, ""] if middle else ["x" if start and end else ""]) + end or "x"


def _wild(pattern: str) -> str:
    made, position = [], 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\" and pattern[position + 1 : position + 2] in ("*", "?", "\\"):
            position += 1
            made.append(pattern[position])
        elif char == "?":
            made.append("q")
        elif char != "*":
            made.append(char)
        position += 1
    return "".join(made)


def _other(avoid: list[Atom]) -> Any:
    return None if any(atom.op in ("exists", "contains") and not atom.value for atom in avoid) else "zq"


def sample(value: str) -> str:
    """A text a regular expression finds a match in."""
    flags, _, pattern = value.partition("/")
    tree = parse_regex(pattern, sum(int(getattr(re, flag.upper())) for flag in flags))
    return "".join(_sample(tree, {}))


def _sample(tree: Any, groups: dict[int, str]) -> Iterator[str]:
    for code, argument in tree:
        if code is codes.LITERAL:
            yield chr(argument)
        elif code is codes.NOT_LITERAL:
            yield "b" if argument == ord("a") else "a"
        elif code is codes.ANY:
            yield "a"
        elif code is codes.IN:
            yield _one_of(argument)
        elif code is codes.BRANCH:
            yield from _sample(argument[1][0], groups)
        elif code is codes.SUBPATTERN:
            text = "".join(_sample(argument[3], groups))
            groups[argument[0]] = text
            yield text
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            for _ in range(argument[0]):
                yield from _sample(argument[2], groups)
        elif code is codes.GROUPREF:
            yield groups[argument]


def _one_of(items: Any) -> str:
    negated = items[0][0] is codes.NEGATE
    pattern = re.compile("[" + "".join(_class(item) for item in items if item[0] is not codes.NEGATE) + "]")
    for char in itertools.chain("aZ0 -_./\\:=,;\"'()", map(chr, range(33, 0x250)), map(chr, range(0x400, 0x3000))):
        if bool(pattern.match(char)) != negated:
            return char
    return "\U00010400"


def _class(item: Any) -> str:
    code, argument = item
    if code is codes.LITERAL:
        return re.escape(chr(argument))
    if code is codes.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return {
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_NOT_WORD: r"\W",
    }[argument]


def fields_of(literals: list[Literal], seed: int) -> dict[str, Any] | None:
    """Values by location (the first of alternatives) that meet the literals; None where they contradict plainly."""
    dice = random.Random(seed)
    must: dict[str, list[Atom]] = defaultdict(list)
    avoid: dict[str, list[Atom]] = defaultdict(list)
    references: list[Literal] = []
    for atom, wanted in literals:
        if atom.op == "fieldref":
            references.append((atom, wanted))
        else:
            (must if wanted else avoid)[atom.field].append(atom)
    fields: dict[str, Any] = {}
    for location in dict.fromkeys((*must, *avoid)):
        held, kept = _absences(must[location], avoid[location])
        fields[location] = value_of(held, kept, dice) if held or location == KEYWORD else _other(kept)
        if not held and any(atom.op == "null" for atom in avoid[location]):
            fields[location] = "zq"
    for atom, wanted in references:
        other = atom.value.partition(":")[2]
        fields[atom.field] = fields.get(atom.field) or fields.get(other) or "same"
        fields[other] = fields[atom.field] if wanted else "another"
    return fields


def _absences(must: list[Atom], avoid: list[Atom]) -> tuple[list[Atom], list[Atom]]:
    turned = [Atom(atom.field, "exists", "") for atom in avoid if atom.op in ("absent", "null")]
    gone = [Atom(atom.field, "absent", "") for atom in avoid if atom.op == "exists"]
    return [*[atom for atom in must if atom.op != "exists"], *gone], [*avoid, *turned]


def put(event: dict[str, Any], location: str, value: Any) -> None:
    """Write a value where the lens of conformed events looks first; None leaves it out."""
    if value is None or location == KEYWORD:
        return
    name = location.split(ALTERNATIVE)[0]
    field, key = table().resolve(name)
    if key:
        event.setdefault(field.name, {})[key] = value
    elif field.array:
        event.setdefault(field.name, [])
        event[field.name].append(value)
    elif field.type is FieldType.LONG and str(value).lstrip("-").isdigit():
        event[field.name] = int(value)
    else:
        event[field.name] = value


def event_of(ruleset: RuleSet, index: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """An event meant to meet a variant, and its values by location; None where this seed contradicts itself."""
    variant = ruleset.variants[index]
    fields = fields_of(choices(variant.when, ruleset, seed), seed)
    if fields is None:
        return None
    event: dict[str, Any] = {}
    for name, atoms in variant.where:
        if fields.get(name, "zq") == "zq":
            atom = ruleset.atoms[atoms[0]]
            put(event, name, None if atom.op == "null" else atom.value or "q")
    routed = {name for name, _ in variant.where}
    for location, value in fields.items():
        if location not in routed or value != "zq":
            put(event, location, value)
    if KEYWORD in fields:
        event["message"] = f"{event.get('message', '')} {fields[KEYWORD]}".strip()
    return event, fields
