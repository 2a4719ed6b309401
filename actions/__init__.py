"""Rasa custom actions: each takes the interview from the tracker, asks the core, and answers."""
