"""`aseptic.comparison` under its first name, until what imports it from here has moved.

A module named like the public function would take its place: importing `aseptic.compare` sets
that attribute of the package.
"""

from aseptic.comparison import delta as delta
from aseptic.comparison import diff as diff
from aseptic.comparison import differing as differing
from aseptic.comparison import main_metric as main_metric
from aseptic.comparison import metric_direction as metric_direction
from aseptic.comparison import what_changed as what_changed
