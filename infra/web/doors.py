"""Which paths a stranger may ask for; everything else needs a sign-in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doors:
    """``exact`` paths and path ``prefixes`` open to strangers, and where their browsers are sent otherwise.

    ``pages`` is the prefix of the pages; ``live`` are the paths by which pages talk to their server: open to strangers
    only while ``strangers_live`` says so, because the sign-in page is such a page and every page guards itself.
    """

    exact: frozenset[str] = frozenset(
        {
            "/",
            "/healthz",
            "/favicon.ico",
            "/robots.txt",
            "/api/v1/session",
            "/api/v1/session/challenge",
            "/api/v1/session/certificate",
            "/api/v1/session/proxy",
            "/api/v1/link/inspect",
            "/api/v1/link/redeem",
        }
    )
    prefixes: tuple[str, ...] = ("/ui/assets/", "/ui/_dash-component-suites/", "/ui/_favicon.ico", "/pki/")
    entrances: frozenset[str] = frozenset({"/ui/sign-in", "/ui/welcome"})
    live: tuple[str, ...] = ("/ui/_dash-",)
    strangers_live: bool = True
    pages: str = "/ui"
    sign_in: str = "/ui/sign-in"

    def is_open(self, path: str) -> bool:
        """May a stranger ask for it?"""
        return (
            path in self.exact
            or path in self.entrances
            or path.startswith(self.prefixes)
            or (self.strangers_live and path.startswith(self.live))
        )

    def is_page(self, path: str) -> bool:
        """Is it something a person looks at, so that a redirection to the sign-in page helps?"""
        return (path == self.pages or path.startswith(self.pages + "/")) and not path.startswith(self.live)
