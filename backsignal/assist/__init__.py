"""Agent assist: listens to a call, keeps the checklist, and says what to ask next and why."""
