"""A rule with all that it is made from, cut out of a set: small enough to be tried by itself."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from analytics.rules.expression import rebuild
from analytics.rules.rule import RuleSet, Variant


class Closures:
    """Cuts rules out of one set; what they give on events is what they give in the whole set."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._numbers = {rule.id: number for number, rule in enumerate(ruleset.rules)}
        self._variants: defaultdict[int, list[Variant]] = defaultdict(list)
        for variant in ruleset.variants:
            self._variants[variant.rule].append(variant)

    def of(self, rule_id: str) -> RuleSet:
        """The rule and those it refers to, with their atoms alone; numbers of rules stay. Nothing for a rule that is
        not in the set."""
        number = self._numbers.get(rule_id)
        if number is None:
            return RuleSet()
        wanted, correlations = {number}, []
        for one in reversed(self._ruleset.correlations):  # a referenced rule comes before, so chains are followed
            if one.rule in wanted:
                wanted |= set(one.rules)
                correlations.append(one)
        variants = [variant for each in sorted(wanted) for variant in self._variants.get(each, ())]
        used = {atom for one in variants for _, atoms in one.where for atom in atoms}
        used.update(atom for one in variants for atom in one.atoms)
        places = {atom: place for place, atom in enumerate(sorted(used))}
        return RuleSet(
            rules=self._ruleset.rules,
            atoms=[self._ruleset.atoms[atom] for atom in places],
            variants=[_moved(variant, places) for variant in variants],
            correlations=correlations[::-1],
        )


def _moved(variant: Variant, places: dict[int, int]) -> Variant:
    """The variant with its atoms renumbered."""
    where = tuple((name, tuple(places[atom] for atom in atoms)) for name, atoms in variant.where)
    atoms = tuple(sorted(places[atom] for atom in variant.atoms))
    return msgspec.structs.replace(variant, where=where, when=rebuild(variant.when, places.__getitem__), atoms=atoms)
