"""The IPython side: the extension, its magics and the run card."""
