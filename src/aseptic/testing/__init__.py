"""Public test kit: the promises that every store must keep, and runs to test with."""
