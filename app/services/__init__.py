"""Use cases, without Qt: capture workflow, upload queue, history, account."""
