"""Pixels to PNG, WebP and JPEG bytes, and files without their metadata."""
