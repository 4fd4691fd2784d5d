"""Databases as old versions left them: `v1.db` and so on, made by `make` with the migrations of their time."""
