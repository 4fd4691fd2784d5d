"""Proof of the upload queue by breaking it: kills, failing disks, hostile servers, generated histories."""
