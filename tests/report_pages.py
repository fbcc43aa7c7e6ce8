"""What every report page must be, whatever it tells."""

from __future__ import annotations

import re


def own_part(page: str) -> str:
    """The page without the plotting library."""
    start = page.index("<script>")
    return page[:start] + page[page.index("</script>", start) :]


def needs_no_network(page: str) -> None:
    assert "default-src 'none'" in page
    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)\s*=""", page)
    assert "http" not in own_part(page).replace("http-equiv", "")
