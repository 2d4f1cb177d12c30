"""The report of a departure, for whoever asks later: one HTML file that needs nothing else, and the ledger as CSV.

Pure: values in, text out. The same departure gives the same report until something happens to it.
"""

from handlers.report.case import Case
from handlers.report.ledger import ledger_csv, owner_names
from handlers.report.page import report_html

__all__ = ["Case", "ledger_csv", "owner_names", "report_html"]
