"""What is to be done after an upload, as JSON; NULL when nothing is left."""

STATEMENTS = (
    "ALTER TABLE uploads ADD COLUMN follow_up TEXT",
    "CREATE INDEX uploads_follow_up ON uploads (seq) WHERE follow_up IS NOT NULL",
)
