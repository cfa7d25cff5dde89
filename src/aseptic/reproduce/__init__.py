"""Whether a run can be repeated: state, and later slices and verdicts."""
