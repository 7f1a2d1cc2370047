"""What if the budget changed?

The subject of a finding is the workbook, a model, or a scenario's name.
"""
