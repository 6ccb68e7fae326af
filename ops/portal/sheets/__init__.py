"""Sheets: how do owners work on many systems at once, with the spreadsheet they have?

In: CSV or xlsx of records, findings, gradings or verdicts.  Out: the same as workbooks, and a report of an import:
every row's errors, and nothing taken in while there is one.
"""
