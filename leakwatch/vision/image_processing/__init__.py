"""What several steps compute with: medians, resampling, connected patches."""
