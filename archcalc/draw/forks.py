"""Where an arrow enters a frame and branches inside it.

Several arrows from one box into one frame become one arrow to a point in the frame, and arrows from
there: branches fan out below the frame's title, and a skip stays within its block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.draw.model import Arrow, Box

if TYPE_CHECKING:
    from archcalc.draw.model import Frame

Route = tuple["Frame", ...]
"""The frames around a box, outermost first."""


def with_forks(children: list[Box | Frame], arrows: list[Arrow]) -> list[Arrow]:
    """The arrows through forks. Each fork becomes the first child of its frame."""
    routes: dict[str, Route] = {}
    _collect(children, (), routes)
    entering: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in arrows:
        frame = _entered(routes[arrow.source], routes[arrow.target])
        if frame is not None:
            entering.setdefault((arrow.source, frame.id), []).append(arrow)
    forks: dict[Arrow, Box] = {}
    for group in entering.values():
        if len(group) > 1:
            frame = _innermost([routes[arrow.target] for arrow in group])
            fork = Box("fork", f"{frame.id} from {group[0].source}", "")
            frame.children.insert(0, fork)
            forks.update(dict.fromkeys(group, fork))
    return _through(arrows, forks)


def _collect(children: list[Box | Frame], around: Route, routes: dict[str, Route]) -> None:
    for child in children:
        if isinstance(child, Box):
            routes[child.id] = around
        else:
            _collect(child.children, (*around, child), routes)


def _entered(source: Route, target: Route) -> Frame | None:
    """The outermost frame that contains the target and not the source."""
    shared = 0
    while shared < len(source) and shared < len(target) and source[shared] is target[shared]:
        shared += 1
    return target[shared] if shared < len(target) else None


def _innermost(routes: list[Route]) -> Frame:
    """The innermost frame around all of them."""
    depth = 0
    while all(len(r) > depth and r[depth] is routes[0][depth] for r in routes):
        depth += 1
    return routes[0][depth - 1]


def _through(arrows: list[Arrow], forks: dict[Arrow, Box]) -> list[Arrow]:
    found: list[Arrow] = []
    entered: set[str] = set()
    for arrow in arrows:
        fork = forks.get(arrow)
        if fork is None:
            found.append(arrow)
            continue
        if fork.id not in entered:
            entered.add(fork.id)
            found.append(Arrow(arrow.source, fork.id, training_only=arrow.training_only))
        found.append(arrow._replace(source=fork.id))
    return found
