"""The matching engine: an offer's criteria against the facts of a territory and a need. Pure, deterministic, versioned.

Nothing here touches the database, the clock or the settings; the same facts and offers always give the same answer.
"""
