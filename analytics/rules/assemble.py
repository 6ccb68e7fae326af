"""Puts a rule set together: rules with their expressions, mapped onto the routes of their log sources, atoms shared."""

from __future__ import annotations

from dataclasses import dataclass, field

from analytics.rules.atoms import Op
from analytics.rules.expression import conjunction, disjunction, leaves, rebuild
from analytics.rules.mapping import ROUTING, FieldMap, Mapping, Route
from analytics.rules.rule import KEYWORD, Atom, Expression, Rule, Variant


class UnmappedFieldError(Exception):
    """A field that no route of the log source holds."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Assembly:
    """Grows rule by rule; ``atoms`` are unique."""

    mapping: Mapping
    rules: list[Rule] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    atoms: dict[Atom, int] = field(default_factory=dict)
    maps: list[FieldMap] = field(default_factory=list)

    def add(self, rule: Rule, expression: Expression) -> int:
        """Take a rule whose expression speaks of Sigma fields; raises ``UnmappedFieldError``."""
        routes = self.mapping.routes(rule.logsource)
        mapped = [self._mapped(route, expression) for route in routes]
        number = len(self.rules)
        self.rules.append(rule)
        names = {leaf.field for leaf in leaves(expression)} | set(rule.fields)
        for route, when in zip(routes, mapped, strict=True):
            if when is False:
                continue
            where = tuple(
                (name, tuple(self._number(atom) for atom in atoms)) for name, atoms in route.where if name in ROUTING
            )
            located = {name: place for name in sorted(names) if name and (place := route.map.locate(name))}
            self.variants.append(Variant(number, where, when, tuple(sorted(set(leaves(when)))), located))
            self.maps.append(route.map)
        return number

    def name(self, rule: int, name: str) -> None:
        """Let the variants of a rule know where ``name`` lies, for correlations that group by it."""
        for variant, fields in zip(self.variants, self.maps, strict=True):
            if variant.rule == rule and (place := fields.locate(name)):
                variant.names[name] = place

    def _mapped(self, route: Route, expression: Expression) -> Expression:
        def leaf(atom: Atom) -> Expression:
            return self._place(route, atom)

        also = [disjunction([self._number(atom) for atom in atoms]) for atoms in route.also]
        also += [
            disjunction([self._number(atom) for atom in atoms]) for name, atoms in route.where if name not in ROUTING
        ]
        return conjunction([*also, rebuild(expression, leaf)])

    def _place(self, route: Route, atom: Atom) -> Expression:
        location = route.map.locate(atom.field)
        if location is None:
            raise UnmappedFieldError(atom.field)
        value = atom.value
        if atom.op == Op.FIELDREF:
            mode, _, other = value.partition(":")
            there = route.map.locate(other)
            if there is None:
                raise UnmappedFieldError(other)
            value = f"{mode}:{there}"
        elif atom.op == Op.EQ and atom.field in route.map.values:
            value = route.map.values[atom.field].get(value, value)
        if atom.field == KEYWORD and not value and atom.op == Op.CONTAINS:
            return True
        return self._number(Atom(location, atom.op, value, atom.cased))

    def _number(self, atom: Atom) -> int:
        return self.atoms.setdefault(atom, len(self.atoms))
