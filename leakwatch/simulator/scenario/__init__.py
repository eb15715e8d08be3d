"""What a simulated sequence shall be, from TOML: sections, C-arms by name, shutter."""
