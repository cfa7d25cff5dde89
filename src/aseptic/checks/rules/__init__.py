"""The checks themselves, one a file. The name of a file begins with the code of its check."""
