"""Backsignal: listens to a person whose back hurts and says how urgently to be seen, and why."""
