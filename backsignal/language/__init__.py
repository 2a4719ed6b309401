"""The language layer: a person's own words in, findings with assertion, duration and side out."""
