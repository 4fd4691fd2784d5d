"""The composition root: the only place where concrete parts are built and joined."""
