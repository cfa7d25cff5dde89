"""One file per framework, named like the package that it is about; found by place."""
