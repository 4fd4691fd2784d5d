"""The rules in tests/conftest.py, seen at work."""
