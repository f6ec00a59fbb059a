"""The demonstration's files: invented projects in real places, made through the services at their dates.

``stage`` and ``case`` give the means. ``local``, ``delegated``, ``commissioned`` and ``ends`` tell twenty stories and
this morning's queue, a function each. ``lives`` plans some seven hundred others (of ``quotas``, ``rhythm``, ``steps``
and ``words``) and ``played`` plays them. Nothing here runs unless DEBUG is on.
"""
