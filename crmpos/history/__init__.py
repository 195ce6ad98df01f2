"""An invented history of several shops: the exchange of their registers with a CRM, over weeks or months.

Pure: the standard library and the pure modules of `shops`. Demo, tests and benchmarks feed it through the importer
like any other journal. The same seed gives the same history on every machine, in memory that does not grow with it.

A small part of the bills (about 6 %) is wrong in one of the ways that the program must find. What was planted is said
too, so that an answer can be compared with it: every discrepancy found, none invented, exact to the kopeck.
"""

from crmpos.history.generator import DEFAULT_END, generate_history
from crmpos.history.output import write_log
from crmpos.history.scenario import Planted

__all__ = ["DEFAULT_END", "Planted", "generate_history", "write_log"]
