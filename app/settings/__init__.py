"""One typed schema of settings and the atomic file that holds them."""
