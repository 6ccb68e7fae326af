"""Whether a text could be the name of a Chinese person. Only a whole column of them is proof."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_SHAPE = re.compile(r"[\u4e00-\u9fff]{2,4}(?:·[\u4e00-\u9fff]{1,8})?")
_NO_LAST = frozenset(
    "省市区县州镇乡村路街局处科部厅院所室组队司店厂行校馆站库片丸散膏丹汤液剂素酸钠钾钙醇酮胺唑霉药科苷钉铂酯"
)
"""Characters that end the names of places, offices and drugs, and hardly ever those of people."""


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(files("analytics.datasecurity").joinpath(name).read_text(encoding="utf-8").split())


def surnames() -> frozenset[str]:
    """The surnames most people in China have."""
    return _words("surnames.txt")


def could_be_name(text: str) -> bool:
    """Shape, surname, and no word that is known to be something else."""
    if not _SHAPE.fullmatch(text) or text in _words("not_names.txt"):
        return False
    if "·" in text:
        return True
    known = surnames()
    return text[-1] not in _NO_LAST and (text[0] in known if len(text) <= 3 else text[:2] in known or text[0] in known)
