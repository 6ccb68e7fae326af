"""What can be done on the trust page: file, issue, renew, revoke, say yes or no. The signer checks everything again."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.pages.trust_parts import value_of
from dashboards.rooms.pki import Standing
from dashboards.visit import Visit
from dashboards.words import chinese, t

REASONS = (
    "key_compromise",
    "superseded",
    "cessation_of_operation",
    "affiliation_changed",
    "privilege_withdrawn",
    "unspecified",
)


def file_dialog(found: Standing) -> Component:
    """The form of a new request; the requester's file proposes, the form decides."""
    issuing = [row for row in found.authorities if row["state"] == "active"]
    fields = [
        html.Fieldset(
            [
                html.Legend(t("trust.authority")),
                *(choice("authority", row["id"], row["name"], required=True) for row in issuing),
            ],
            className="plain choices",
        ),
        html.Fieldset(
            [
                html.Legend(t("trust.profile")),
                *(
                    choice("profile", row["name"], str(row["title_zh" if chinese() else "title_en"]), required=True)
                    for row in found.profiles
                ),
            ],
            className="plain choices two-up",
        ),
        text_area("csr", t("trust.csr"), rows=6),
        text_field("subject", t("trust.subject"), hint=t("trust.subject_hint"), required=False),
        text_field("names", t("trust.names"), hint=t("trust.names_hint"), required=False),
    ]
    return dialog("file", t("trust.file"), fields, t("trust.file"), "trust.file")


@command("trust.file")
async def file_request(visit: Visit, args: Args) -> Outcome:
    """File a request; it is checked at once."""
    form = {name: value_of(args, name) for name in ("authority", "profile", "csr", "subject", "names")}
    filed = await visit.ask(visit.rooms.pki.submit, visit.actor, form)
    return Outcome(t("trust.filed"), topics=("trust",), go=visit.here(sel=filed["id"]))


@command("trust.issue")
async def issue(visit: Visit, args: Args) -> Outcome:
    """Issue an approved request."""
    done = await visit.ask(visit.rooms.pki.issue, visit.actor, value_of(args, "request"))
    return Outcome(t("trust.issued_done", serial=done["serial"]), topics=("trust",))


@command("trust.renew")
async def renew(visit: Visit, args: Args) -> Outcome:
    """File the request that replaces a certificate."""
    filed = await visit.ask(visit.rooms.pki.renew, visit.actor, value_of(args, "authority"), value_of(args, "serial"))
    return Outcome(t("trust.filed"), topics=("trust",), go=visit.here(sel=filed["id"]))


@command("trust.ask_revoke")
async def ask_revoke(visit: Visit, args: Args) -> Outcome:
    """Ask why before a certificate is taken back: there is no way back."""
    where = {"authority": value_of(args, "authority"), "serial": value_of(args, "serial")}
    fields = [
        html.P(t("trust.revoke_why", serial=where["serial"]), className="soft"),
        *(choice("reason", reason, t(f"trust.reason.{reason}"), required=True) for reason in REASONS),
    ]
    box = dialog("revoke", t("trust.revoke"), fields, t("trust.revoke"), "trust.revoke", where, danger=True)
    box.__setattr__("data-show-dialog", "1")
    return Outcome(shown=box)


@command("trust.revoke")
async def revoke(visit: Visit, args: Args) -> Outcome:
    """Take it back; the list is out at once."""
    where = (value_of(args, "authority"), value_of(args, "serial"), value_of(args, "reason"))
    done = await visit.ask(visit.rooms.pki.revoke, visit.actor, *where)
    return Outcome(t("trust.revoked_done", ended=done.get("ended", 0)), topics=("trust",))


@command("trust.voice")
async def voice(visit: Visit, args: Args) -> Outcome:
    """Say yes or no to a matter."""
    await visit.ask(visit.rooms.pki.voice, visit.actor, value_of(args, "matter"), bool(args.get("approve")))
    return Outcome(t("trust.said"), topics=("trust",))
