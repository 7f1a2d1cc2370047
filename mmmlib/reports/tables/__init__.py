"""The tables of notebooks, pack and spreadsheet: one builder for each subject.

A builder makes every column that anyone shows; who shows the table takes what is wanted
with :meth:`mmmlib.reports.table.Table.only`.
"""
