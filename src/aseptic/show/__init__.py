"""How results read: blocks of text and tables, drawn as plain text and as static HTML."""
