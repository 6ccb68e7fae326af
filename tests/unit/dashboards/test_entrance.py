"""The entrance: pages that stand alone, speak both languages, and hold no secret."""

import re

import httpx
from dash import Dash
from fastapi import FastAPI

from dashboards.entrance import sign_in_page, welcome_page
from infra.text import Language, use_language


def test_pages_speak_both_languages_and_load_only_our_files() -> None:
    for page in (sign_in_page, welcome_page):
        for language, title in ((Language.ZH, "药盾"), (Language.EN, "Yaodun")):
            with use_language(language):
                text = page("/ui")
            assert f'lang="{language}"' in text
            assert title in text
            assert "dashboards." not in text
            assert all(url.startswith(("/ui/", "?lang=")) for url in re.findall(r'(?:src|href)="([^"]+)"', text))
            assert "<script>" not in text
            assert " style=" not in text


async def test_who_is_signed_in_is_led_on(built: tuple[FastAPI, Dash]) -> None:
    from infra.web.seams import ANONYMOUS, Actor, current_actor

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=built[0]), base_url="http://site") as client:
        token = current_actor.set(ANONYMOUS)
        assert (await client.get("/ui/sign-in")).status_code == 200
        current_actor.reset(token)
        token = current_actor.set(Actor(id="u", name="u"))
        assert (await client.get("/ui/sign-in")).headers["location"] == "/ui/"
        current_actor.reset(token)
