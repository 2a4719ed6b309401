"""Labelled messages and the measure of understanding (`make evaluate`).

`development/` is for working; `sealed/` was written by the same hands, put away before the rules were
made, and is reported apart. `fresh/` was written later by somebody else, and first measured when all rules
were done.
"""
