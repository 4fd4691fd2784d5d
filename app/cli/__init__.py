"""The command line: calls services, prints."""
