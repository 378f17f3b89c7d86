"""Pure functions of positions and boxes."""
