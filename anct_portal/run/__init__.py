"""``make run``: the whole portal in one terminal. ``__main__`` is the story, ``services`` keeps the processes alive."""
