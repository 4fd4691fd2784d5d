"""Global shortcuts on a Mac, by Carbon's hot keys. Nothing here was ever run on one; see README."""
