"""The clinical core: findings, red-flag checker, interview, advice and note. Imports no Rasa, spaCy or Sanic."""
