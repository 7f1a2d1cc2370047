"""The workbook behind the `mmm` command."""
