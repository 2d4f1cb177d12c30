"""The page of a record in the product itself, so that the links in cards lead somewhere."""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.vendor import Vendor

_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    "<body><h1>{title}</h1><table>{rows}</table></body></html>"
)


def detail_page(vendor: Vendor, request: Request) -> Response:
    """`index.php?module=…&action=DetailView&record=…`: the record's fields with a value."""
    found = vendor.record(request.query_params.get("module", ""), request.query_params.get("record", ""))
    if found is None:
        return HTMLResponse("<!doctype html><title>No such record</title><h1>No such record</h1>", 404)
    values = found.get("attributes", found)
    rows = "".join(
        f"<tr><th>{escape(name)}<td>{escape(str(value))}" for name, value in values.items() if value not in ("", None)
    )
    title = escape(f"{vendor.label}: {values.get('name') or values.get('document_name') or found['id']}")
    return HTMLResponse(_PAGE.format(title=title, rows=rows))
