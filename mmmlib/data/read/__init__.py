"""Files, databases and spreadsheets to one relation."""
