"""The writers of the catalogue."""
