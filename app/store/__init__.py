"""SQLite: database, numbered migrations, outbox and history."""
