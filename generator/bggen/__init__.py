"""Blue/green releases for GitOps."""

__version__ = "0.1.0"
