# ruff: noqa: E501 - patterns stay on their lines
"""Secrets in configurations, masked: equal secrets give equal marks (keyed by the site), so that a change of one shows."""

from __future__ import annotations

import hashlib
import hmac
import re

_WORDS = (
    # Cisco and those who follow it
    r"(?P<a>\b(?:enable|username \S+(?: privilege \d+)?|user \S+)\s+(?:secret|password)(?:\s+(?:\d|sha512|encrypted|cipher|irreversible-cipher|simple|hash))?\s+)(?P<s>\S+)",
    r"(?P<a>\b(?:password|passwd|secret|pre-shared-key|psk|psksecret|shared-secret|auth-key|authentication-key|private-key|passphrase|key-string|wpa-psk(?: ascii| hex)?)(?:\s+(?:\d|ascii|hex|cipher|irreversible-cipher|simple|hash|ascii-text|encrypted|enc|key|local|remote))*\s+)(?P<s>[^\s;]+)",
    r"(?P<a>\bsnmp-(?:server|agent)\s+community(?:\s+(?:read|write|cipher|simple))*\s+)(?P<s>\S+)",
    r"(?P<a>\bcommunity\s+)(?P<s>[^\s;{]+)(?=\s*\{|\s*;|\s+(?:authorization|ro|rw)\b)",
    r"(?P<a>\bsnmp-(?:server|agent)\s+host\s+\S+(?:\s+(?:traps|informs|version\s+\S+))*\s+)(?P<s>\S+)",
    r"(?P<a>\b(?:auth|priv|authentication-mode|privacy-mode)\s+(?:md5|sha\S*|aes\S*(?:\s+\d+)?|des\S*|3des)\s+(?:cipher\s+|simple\s+)?)(?P<s>\S{6,})",
    r"(?P<a>\b(?:tacacs-server|radius-server|radius|tacacs)\s+(?:\S+\s+)*?key(?:\s+\d)?\s+)(?P<s>\S+)",
    r"(?P<a>\b(?:ospf|isis|bgp|eigrp|rip|hsrp|vrrp|ntp)\b.*?\b(?:message-digest-key \d+ md5|authentication-key \d+ md5|md5|key)(?:\s+\d)?\s+)(?P<s>\S+)",
    r"(?P<a>\bkey\s+(?:\d|cipher|simple)\s+)(?P<s>\S{4,})",
    r"(?P<a>\bcrypto\s+(?:isakmp|ikev[12])\s+key(?:\s+\d)?\s+)(?P<s>\S+)",
    # key = value
    r"(?P<a>(?i:\b[\w.-]*(?:password|passwd|secret|token|psk|apikey|api_key|private_key)\w*)\s*[=:]\s*[\"']?)(?P<s>[^\s\"';]+)",
    # password hashes wherever they stand
    r"(?P<a>)(?P<s>\$(?:1|2[aby]?|5|6|8|9|y|sha512)\$[^\s\";]+)",
)  # fmt: skip
_PATTERNS = tuple(re.compile(each, re.I) for each in _WORDS)
_KEY_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.S)
_MARK = re.compile(r"^<masked [0-9a-f]{8}>$")


def mask_secrets(text: str, key: bytes) -> str:
    """``text`` with each secret replaced by ``<masked XXXXXXXX>``; masked text stays as it is."""

    def mark(secret: str) -> str:
        return f"<masked {hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()[:8]}>"

    text = _KEY_BLOCK.sub(lambda found: mark(found[0]), text)
    return "\n".join(_line(line, mark) for line in text.splitlines())


def _line(line: str, mark: object) -> str:
    for pattern in _PATTERNS:
        line = pattern.sub(lambda found: found["a"] + (_kept(found["s"]) or mark(found["s"])), line)  # type: ignore[operator]
    return line


def _kept(secret: str) -> str:
    return secret if secret.startswith("<masked") or _MARK.match(secret) else ""
