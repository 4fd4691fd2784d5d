"""The rules of tests/conftest.py for windows, seen at work."""
