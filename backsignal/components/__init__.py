"""Rasa glue inside the Rasa process: NLU component, policy, responses, action endpoint, stores."""
