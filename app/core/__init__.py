"""Standard library only: data that crosses rooms, geometry, errors, ports, naming and link templates."""
