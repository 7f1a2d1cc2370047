"""The figures of the pack and of the notebooks, one family a file.

Every function returns a matplotlib ``Figure`` that belongs to nobody (no ``pyplot``), in
the workbook's style, with a title that states the message and a subtitle that says what
is drawn, in which unit.
"""
