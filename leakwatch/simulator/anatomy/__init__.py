"""What is in the beam before any cement, as volumes of voxels from formulas."""
