"""Figures over many rows. Read-only.

A report is a plain value (`values`), made by one module for each, from set-based queries that count in whole kopecks;
`catalogue` lists them. A page, a sheet and a PDF are made of any of them by one renderer each.
"""

from reconciliation.reports.unresolved import KindFigures, sum_unresolved_by_kind

__all__ = ["KindFigures", "sum_unresolved_by_kind"]
