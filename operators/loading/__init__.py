"""The engineering map as a spreadsheet: one literal table of columns, read in both directions, so that what is exported
loads back identically."""
