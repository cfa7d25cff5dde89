"""One file per framework or other tracker that aseptic works with."""
