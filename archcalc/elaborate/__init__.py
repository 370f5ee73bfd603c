"""From syntax to graph: expands blocks, loops and conditions and infers shapes, in one walk.

It is one walk because `when` can use `in_channels`. `walk.py` goes over the layers; `nodes.py`
makes one node; `calls.py` has blocks, `apply` and `reuse`; `joins.py` the joins; `naming.py` the
path rules; `scope.py` the context of a layer.
"""

from archcalc.elaborate.walk import elaborate

__all__ = ["elaborate"]
