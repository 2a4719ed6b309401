"""What can be seen of the running assistant: logs, metrics, traces. Nothing in it says who wrote or what."""
