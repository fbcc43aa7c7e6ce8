"""The picture of the fleet in memory, and the frozen snapshot that decisions are made on."""
