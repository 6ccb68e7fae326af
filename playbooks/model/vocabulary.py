"""The words of CACAO 2.0: closed sets are enforced, open ones are known but may grow. Source: CACAO 2.0 CS01."""

from __future__ import annotations

import re
from enum import StrEnum

SPEC_VERSION = "cacao-2.0"
IDENTIFIER = re.compile(
    r"[a-z][a-z0-9-]*[a-z0-9]--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
VARIABLE = re.compile(r"__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__")
REFERENCE = re.compile(r"(__[a-zA-Z][a-zA-Z0-9_-]*?__):value")
FOREIGN_VARIABLE = "__soarca_"
"""SOARCA fills variables of this prefix by itself; on import they are declared."""


class StepType(StrEnum):
    """The eight workflow steps (a closed set)."""

    START = "start"
    END = "end"
    ACTION = "action"
    PLAYBOOK_ACTION = "playbook-action"
    PARALLEL = "parallel"
    IF = "if-condition"
    WHILE = "while-condition"
    SWITCH = "switch-condition"


class CommandType(StrEnum):
    """The twelve command types of the standard and our own action (the set is open)."""

    MANUAL = "manual"
    BASH = "bash"
    POWERSHELL = "powershell"
    SSH = "ssh"
    HTTP_API = "http-api"
    OPENC2_HTTP = "openc2-http"
    CALDERA = "caldera-cmd"
    ELASTIC = "elastic"
    JUPYTER = "jupyter"
    KESTREL = "kestrel"
    SIGMA = "sigma"
    YARA = "yara"
    YAODUN = "yaodun-action"


COMMANDS = frozenset(CommandType)
STANDARD_COMMANDS = COMMANDS - {CommandType.YAODUN}
ENCODED_ONLY = frozenset(
    {CommandType.ELASTIC, CommandType.JUPYTER, CommandType.KESTREL, CommandType.SIGMA, CommandType.YARA}
)
REQUESTS = frozenset({CommandType.HTTP_API, CommandType.OPENC2_HTTP})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

PEOPLE = frozenset({"group", "individual", "organization", "location", "sector"})
MACHINES = frozenset({"http-api", "linux", "net-address", "ssh"})
PARTIES = PEOPLE | MACHINES | {"security-category"}
SECRETS = frozenset({"http-basic", "oauth2", "user-auth"})
INLINE_SECRETS = ("password", "token")
VARIABLE_TYPES = frozenset(
    (
        "bool", "dictionary", "float", "hexstring", "integer", "ipv4-addr", "ipv6-addr", "long", "mac-addr", "hash",
        "md5-hash", "sha256-hash", "string", "uri", "uuid",
    )
)  # fmt: skip
PLAYBOOK_TYPES = (
    "attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation",
)  # fmt: skip
SUMMARY = (
    "manual_playbook", "external_playbooks", "parallel_processing", "if_logic", "while_logic", "switch_logic",
    "temporal_logic", "data_markings", "digital_signatures", "countersigned_signatures", "extensions",
)  # fmt: skip
TLP_LEVELS = ("TLP:RED", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:GREEN", "TLP:CLEAR")
COMMON_MARKINGS = frozenset(
    (
        "marking-tlp--94868c89-83c2-464b-929b-a1a8aa3c8487", "marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "marking-tlp--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "marking-tlp--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "marking-tlp--e828b379-4e03-4974-9ac4-e53a884c97c1",
    )
)  # fmt: skip
"""The TLP markings the committee publishes; they need not be defined in a playbook."""
REGIONS = (
    "africa", "eastern-africa", "middle-africa", "northern-africa", "southern-africa", "western-africa", "americas",
    "caribbean", "central-america", "latin-america-caribbean", "northern-america", "south-america", "asia",
    "central-asia", "eastern-asia", "southern-asia", "south-eastern-asia", "western-asia", "europe", "eastern-europe",
    "northern-europe", "southern-europe", "western-europe", "oceania", "antarctica", "australia-new-zealand",
    "melanesia", "micronesia", "polynesia",
)  # fmt: skip
HASHES = ("sha-256", "sha-384", "sha-512", "sm3")
"""Hash algorithms of signatures; sm3 is ours."""
NEXT = ("on_completion", "on_success", "on_failure")
GUARD = "extension-definition--5f0a1c86-2d0b-4c39-9c8a-6a4b7d1f3e20"
"""Our one extension: guard rails (docs/playbooks.md)."""
LAYOUT = "extension-definition--418ee24c-9cb1-46d9-afa5-309e01aabc7f"
