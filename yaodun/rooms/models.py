"""Models as the API and the pages ask for them; their libraries are loaded with the first question."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from yaodun.site import Site

if TYPE_CHECKING:
    from analytics.models.desk import ModelDesk


def model_desk(site: Site) -> Callable[[], ModelDesk]:
    """Gives the desk over the site's registry, always the same one."""

    @cache
    def desk() -> ModelDesk:
        from analytics.models.answers import Answers
        from analytics.models.desk import ModelDesk
        from yaodun.workers.models import registry_of

        return ModelDesk(registry_of(site), site.home.state / "models", Answers(site.records), site.clock)

    return desk
