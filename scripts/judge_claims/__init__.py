"""The parts of scripts/judge-claims."""
