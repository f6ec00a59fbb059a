"""Tables that people open in a spreadsheet: CSV and XLSX in, CSV, XLSX and ODS out.

In: what comes is of bounded size and is values only: no formula is evaluated, nothing hidden or merged is guessed at;
each refusal names the line, the column and the cure. Out: no cell can act in the spreadsheet that opens it.
"""

from common.tabular.cells import Value, folded
from common.tabular.faults import Fault, letter
from common.tabular.reading import Line, Table, open_table
from common.tabular.writing import FORMATS, respond, write

__all__ = ["FORMATS", "Fault", "Line", "Table", "Value", "folded", "letter", "open_table", "respond", "write"]
