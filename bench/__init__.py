"""Measures the assistant against the stock bot of the same Rasa, side by side in one run (`make bench`)."""
