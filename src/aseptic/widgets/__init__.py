"""Widgets: one file each, on anywidget, so that any front end of Jupyter can show them."""
