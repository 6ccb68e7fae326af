"""The web service lets through what its rooms say they take."""

from ops.filing import api as filings
from ops.portal.sheets import api as sheets
from yaodun.services.web import BODY_LIMITS


def test_uploads_pass_up_to_the_limit_of_their_room() -> None:
    assert BODY_LIMITS["/api/v1/filings"] >= filings.LARGEST_UPLOAD
    assert BODY_LIMITS["/api/v1/sheets"] >= sheets.LARGEST_UPLOAD
