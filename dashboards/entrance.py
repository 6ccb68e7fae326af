"""The entrance: sign-in and one-time links, plain pages outside Dash so that they are there at once.

Their script asks ``/api/v1/session`` and ``/api/v1/link``; the secret of a link stays behind ``#`` and never enters a
request line.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.manner import current_theme
from dashboards.words import t
from infra.text import language
from infra.web.seams import current_actor

ASSETS = Path(__file__).parent / "assets"
STYLES = ("10-tokens.css", "20-ground.css", "30-parts.css", "40-icons.css", "50-pages.css")
SCRIPT = "entrance/entrance.js"


def entrance_router(home: str) -> APIRouter:
    """``GET <home>/sign-in`` and ``GET <home>/welcome``."""
    router = APIRouter()

    @router.get(f"{home}/sign-in", include_in_schema=False)
    async def sign_in() -> Response:
        if current_actor.get().id:
            return RedirectResponse(f"{home}/", status_code=303)
        return HTMLResponse(sign_in_page(home))

    @router.get(f"{home}/welcome", include_in_schema=False)
    async def welcome() -> Response:
        return HTMLResponse(welcome_page(home))

    return router


def sign_in_page(home: str) -> str:
    """Name, password, and where one is set up the code of the second factor."""
    fields = [
        _field("name", t("entrance.name"), autocomplete="username", autofocus=True),
        _field("password", t("entrance.password"), kind="password", autocomplete="current-password"),
        _field("code", t("entrance.code"), autocomplete="one-time-code", hint=t("entrance.code_hint"), hidden=True),
    ]
    first = f'<p class="quiet" id="first-start" hidden>{escape(t("entrance.first_start"))}</p>'
    return _document(
        home, t("entrance.sign_in"), _form("sign-in", fields, t("entrance.sign_in")) + first + _by_certificate()
    )


def _by_certificate() -> str:
    """Signing in with a certificate: the one of this connection, or an answer to a challenge, signed elsewhere."""
    said = {name: escape(t(f"entrance.{name}")) for name in _CERTIFICATE_WORDS}
    text = _area(said["challenge"], 'id="challenge" rows="4" readonly')
    areas = "".join(_area(said[name], f'name="{name}" rows="3" required') for name in ("signature", "certificate"))
    return (
        f'<details id="by-certificate"><summary>{said["by_certificate"]}</summary>'
        f'<p class="quiet">{said["by_certificate_why"]}</p>'
        f'<button class="button" type="button" id="of-connection">{said["of_connection"]}</button>'
        f'<form class="form" id="answer" novalidate>{text}{areas}<p class="critical" role="alert" hidden></p>'
        f'<button class="button main-act" type="submit">{said["answer"]}</button></form></details>'
    )


def _area(words: str, attributes: str) -> str:
    return f'<label class="line">{words}<textarea class="field raw" {attributes}></textarea></label>'


_CERTIFICATE_WORDS = (
    "by_certificate", "by_certificate_why", "of_connection", "challenge", "signature", "certificate", "answer",
)  # fmt: skip


def welcome_page(home: str) -> str:
    """What a one-time link is for, and its use."""
    fields = [
        _field("name", t("entrance.name"), autocomplete="username", hint=t("users.name_hint")),
        _field("display", t("users.display"), autocomplete="name", required=False),
        _field("password", t("entrance.new_password"), kind="password", autocomplete="new-password",
               hint=t("entrance.password_hint")),
        _field("again", t("entrance.again"), kind="password", autocomplete="new-password"),
    ]  # fmt: skip
    about = '<p class="soft" id="about"></p>'
    go_on = f'<a class="button main-act" href="{home}/sign-in">{escape(t("entrance.to_sign_in"))}</a>'
    links = (
        f'<div id="links" hidden><h2>{escape(t("entrance.links"))}</h2>'
        f'<p class="soft">{escape(t("entrance.links_why"))}</p><ol></ol>{go_on}</div>'
    )
    return _document(home, t("entrance.welcome"), about + _form("welcome", fields, t("entrance.begin")) + links)


def _field(
    name: str, words: str, *, kind: str = "text", autocomplete: str, hint: str = "", required: bool = True,
    hidden: bool = False, autofocus: bool = False,
) -> str:  # fmt: skip
    flags = f"{' required' if required and not hidden else ''}{' autofocus' if autofocus else ''}"
    said = f'<span class="quiet">{escape(hint)}</span>' if hint else ""
    attributes = f'name="{name}" type="{kind}" autocomplete="{autocomplete}" maxlength="256"{flags}'
    shut = " hidden" if hidden else ""
    return f'<label class="line"{shut}>{escape(words)}<input class="field" {attributes}>{said}</label>'


def _form(name: str, fields: Sequence[str], submit: str) -> str:
    alert = '<p class="critical" role="alert" hidden></p>'
    button = f'<button class="button main-act" type="submit">{escape(submit)}</button>'
    return f'<form class="form" id="{name}" novalidate>{"".join(fields)}{alert}{button}</form>'


def _document(home: str, title: str, inside: str) -> str:
    styles = "".join(f'<link rel="stylesheet" href="{_asset(home, name)}">' for name in STYLES)
    brand = escape(t("brand"))
    return (
        f'<!DOCTYPE html><html lang="{language()}" data-theme="{current_theme.get()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · {brand}</title>{styles}<link rel="icon" href="{home}/_favicon.ico"></head>'
        f'<body class="entrance"><main class="card" data-home="{home}/"{_script_words()}>'
        f'<header><b class="brand">{brand}</b><span class="soft cut">{escape(t("entrance.product"))}</span>'
        f'<span class="seg">{_languages()}</span></header><h1>{escape(title)}</h1>{inside}</main>'
        f'<script src="{_asset(home, SCRIPT)}"></script></body></html>'
    )


SCRIPT_WORDS = (
    "differ", "failed", "need_name", "need_password", "link_missing", "for_first", "for_invite", "for_reset", "copy",
    "valid_until", "role_security_admin", "role_audit_admin",
)  # fmt: skip


def _script_words() -> str:
    said = {name.replace("_", "-"): t(f"entrance.{name}", time="{time}") for name in SCRIPT_WORDS}
    return "".join(f' data-{name}="{escape(words)}"' for name, words in said.items())


def _languages() -> str:
    choices = (("zh", "zh-CN"), ("en", "en"))
    return "".join(
        f'<a href="?lang={code}" lang="{tag}"{" class=on" if language() == tag else ""} data-keep-hash>'
        f"{escape(t(f'language.short_{code}'))}</a>"
        for code, tag in choices
    )


def _asset(home: str, name: str) -> str:
    return f"{home}/assets/{name}?m={(ASSETS / name).stat().st_mtime}"
