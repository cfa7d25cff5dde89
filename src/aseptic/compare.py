"""`aseptic.comparison` under its first name, until what imports it from here has moved.

A module named like the public function would take its place: importing `aseptic.compare` sets
that attribute of the package.
"""

from aseptic.comparison import (
    delta,
    diff,
    differing,
    main_metric,
    metric_direction,
    what_changed,
)

__all__ = ["delta", "diff", "differing", "main_metric", "metric_direction", "what_changed"]
