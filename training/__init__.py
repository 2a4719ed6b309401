"""What the learned parts were trained on, and how; nothing here is needed at run time."""
