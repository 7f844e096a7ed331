"""The parts of scripts/compare-generators."""
