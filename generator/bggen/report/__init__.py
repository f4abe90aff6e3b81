"""Outcomes as people and scripts read them."""
