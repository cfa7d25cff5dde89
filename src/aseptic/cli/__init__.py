"""The shell command `aseptic`: parse, call, print."""
