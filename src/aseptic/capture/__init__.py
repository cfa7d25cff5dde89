"""What a run is recorded from: one file per thing captured."""
