"""How it is run on many machines, and the same on one: docs/deploying.md."""
