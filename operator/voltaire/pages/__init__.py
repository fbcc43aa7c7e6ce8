"""Self-contained HTML pages with plots: style, script and the parts of figures that reports share.

Belongs here: how a page looks. Does not: what it tells; each report keeps its template and its figures.
"""

from voltaire.pages.page import render_page

__all__ = ["render_page"]
