"""Figures and papers that sit above all the apps. Nothing here writes below itself, or computes a figure: each app
declares its own in its ``figures.py`` and this one collects them.

Today: the public page of statistics and the figures of the home page, computed at each reading. Snapshots, open data,
committee papers and the annual report have their place here and are not written.
"""
