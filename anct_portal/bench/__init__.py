"""``make bench``: the speed of the portal, told beside its goals (DESIGN 8).

``__main__`` is the story: a database of volume a size, the measures that the apps declare (``manage.py bench``), then a
whole portal in its processes (``manage.py bench --live``: ``portal``, ``load``, ``live``, ``year``). Each goal is one
JSON line; ``page`` writes docs/bench.md from these lines.
"""
