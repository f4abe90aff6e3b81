"""The use cases: read, decide, plan, deliver."""
