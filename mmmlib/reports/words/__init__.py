"""The sentences of the pack, each whole in one place.

:mod:`mmmlib.reports.words.returns` says what a channel returned, and which returned most;
:mod:`mmmlib.reports.words.statements` the statements that open the documents;
:mod:`mmmlib.reports.words.figures` what stands in and under a figure. Short sentences that only
announce what follows stand in their section.

They are functions and no templates: which sentence is true depends on the run (clear or not, one
channel or several, money or a count), and a template would be filled with pieces of sentences that
stand elsewhere. A function has its variants one below the other.
"""
