"""The demonstration's files: invented projects in real places, made through the services at their dates.

``stage`` gives the means; each other module tells stories, a function each. Nothing here runs unless DEBUG is on.
"""
