"""The command line: parameters in, use case, report and exit code out."""
