"""Pixels to PNG, WebP and JPEG bytes."""
