"""aseptic: experiment hygiene for Jupyter. These are its public names."""
