"""The parts of scripts/peers."""
