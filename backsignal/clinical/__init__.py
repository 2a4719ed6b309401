"""The clinical core: findings, red-flag checker, interview, advice, note. No Rasa, spaCy or Sanic."""
