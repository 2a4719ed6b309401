"""How messages come in: HTTP channels and pages."""
