"""Notebooks and scripts as jobs: executed, watched, judged and reported, with an exit code."""
