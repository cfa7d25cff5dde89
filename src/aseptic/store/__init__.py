"""The run store: where runs are kept, and the only part that knows a database."""
