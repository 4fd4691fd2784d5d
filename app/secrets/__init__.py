"""Credentials in the operating system's keyring, or in memory for this session; never in a file of ours."""
