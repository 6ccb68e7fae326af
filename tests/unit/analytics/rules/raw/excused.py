"""The rules of SigmaHQ that no real record can fire, each with its own reason; everything else has to.

A reason names what the rule asks and why no source says it. A missing parser is none.
"""

from __future__ import annotations

EXCUSED: dict[str, str] = {
    "COM Object Execution via Xwizard.EXE": "asks a command line to equal one word and to hold a GUID besides",
    "Azure Device or Configuration Modified or Deleted": (
        "asks the activity log for operations that only the Entra audit log has; no activity record names them"
    ),
    "End User Consent": (
        "asks a member ConsentContext.IsAdminConsent; records say it as a pair of displayName and newValue in a list"
    ),
    "Use of Legacy Authentication Protocols": "asks a user name that is the placeholder 'UPN'",
    "Multifactor Authentication Denied": (
        "asks the wording of a portal column as the status of a sign-in; records hold the error code 500121"
    ),
    "Potential CVE-2024-3400 Exploitation - Palo Alto GlobalProtect OS Command Injection - File Creation": (
        "asks file events of the appliance's own disk, which the appliance does not log"
    ),
    "Remote Thread Creation Via PowerShell": "asks SourceParentImage, which Sysmon event 8 does not have",
    "WDAC Policy File Creation In CodeIntegrity Folder": "asks IntegrityLevel, which no event of file creation has",
    "Uncommon GrantedAccess Flags On LSASS": "asks SourceCommandLine, which Sysmon event 10 does not have",
    "Password Reset By User Account": "asks an initiator that is the placeholder 'UPN'",
    "User State Changed From Guest To Member": (
        "asks a message that is the JSON of a changed property; the message of a record is the name of the activity"
    ),
    "GCP Break-glass Container Workload Deployed": (
        "asks the name of the log without its project; records write projects/NAME/logs/ before it"
    ),
}
"""Title of a rule that loads, and why it cannot fire."""
REFUSED: dict[str, str] = {
    "c4a1f389-2e6b-4d9a-8f0c-b73e5a12d947": "waits for a list of the site's own certification authorities (known_cdcs)",
    "8b7e2c54-1f93-4a6d-b8e0-3c9d7f25a168": "waits for a list of the site's own certification authorities (known_cdcs)",
}
"""Id of a rule that is refused until the site fills its placeholder, and why."""
