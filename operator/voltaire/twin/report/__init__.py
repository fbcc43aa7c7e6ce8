"""The twin's pages for people: one result, or many weeks compared."""

from voltaire.twin.report.page import render, render_comparison

__all__ = ["render", "render_comparison"]
