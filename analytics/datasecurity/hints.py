"""What the name of a column lets one expect of its values; never proof by itself."""

from __future__ import annotations

import re

from analytics.datasecurity.kinds import Kind

_HINTS = {
    Kind.IDENTITY: r"身份证|证件号|id_?card|id_?no|identity|idnum|sfz",
    Kind.CREDIT_CODE: r"信用代码|uscc|credit_?code|social_?code|tyshxy",
    Kind.BANK_CARD: r"银行卡|卡号|账号|card_?no|bank|account_?no",
    Kind.PHONE: r"手机|电话|联系方式|mobile|phone|tel|sjh",
    Kind.EMAIL: r"邮箱|邮件|e?mail",
    Kind.LICENCE: r"证照|许可证|licen[cs]e|permit|zzbs",
    Kind.TRACE_CODE: r"追溯码|监管码|trace_?code|drug_?code",
    Kind.NAME: r"姓名|联系人|负责人|法人|经办人|^name$|xingming|(?<![a-z])xm(?![a-z])"
    r"|(?<![a-z])(?:real|full|person|user|contact|patient|legal)_?name",
    Kind.ADDRESS: r"地址|住址|住所|addr|dizhi",
}  # fmt: skip
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _HINTS.items()}


def hinted(column: str, kind: Kind) -> bool:
    """Whether the name of the column speaks of the kind."""
    return bool(_PATTERNS[kind].search(column))
