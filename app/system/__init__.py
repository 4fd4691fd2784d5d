"""The operating system: paths, session detection, D-Bus, notifications, resources."""
