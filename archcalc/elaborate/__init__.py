"""From syntax to graph: blocks, loops and conditions expanded, shapes worked out, in one walk.

One walk, because `when` may ask for `in_channels`. `walk.py` goes over the layers; `nodes.py` makes
one node; `calls.py` has blocks, `apply` and `reuse`; `joins.py` the joins; `naming.py` the path
rules; `place.py` what is known where a layer stands.
"""

from archcalc.elaborate.walk import elaborate

__all__ = ["elaborate"]
