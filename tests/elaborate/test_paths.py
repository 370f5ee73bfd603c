"""The path rules, on specs as small as possible. Expected paths are PyTorch's."""

from __future__ import annotations

import pytest

import archcalc

CASES = {
    "a chain counts the layers present, named or not": (
        """
        input: [3, 8, 8]
        layers:
          - name: features
            group:
              - conv: {out: 4, kernel: 1}
              - {name: act, relu: }
              - {when: 1 > 2, relu: }
              - conv: {out: 4, kernel: 1}
        """,
        ["features.0", "features.act", "features.2"],
    ),
    "loops and do take no position, their contents do": (
        """
        input: [3, 8, 8]
        layers:
          - name: features
            group:
              - repeat: 2
                do: [{conv: {out: 4, kernel: 1}}, relu]
              - do: [{for: n, in: [5, 6], do: [{conv: {out: n, kernel: 1}}]}]
        """,
        ["features.0", "features.1", "features.2", "features.3", "features.4", "features.5"],
    ),
    "a level with a join calls by operation and number": (
        """
        input: [3, 8, 8]
        layers:
          - conv: {out: 3, kernel: 1}
          - add: [[{conv: {out: 3, kernel: 1}}, relu], []]
          - relu
        """,
        ["conv1", "conv2", "relu1", "add1", "relu2"],
    ),
    "a skipped join still makes the level no chain": (
        """
        input: [3, 8, 8]
        layers:
          - conv: {out: 3, kernel: 1}
          - {when: 1 > 2, add: [[relu], []]}
        """,
        ["conv1"],
    ),
    "a named join is a level, its own node has the level's path": (
        """
        input: [3, 8, 8]
        layers:
          - {name: mix, add: {body: [{conv: {out: 3, kernel: 1}}], skip: []}}
        """,
        ["mix.conv1", "mix"],
    ),
    "a block is a level by its position": (
        """
        input: [3, 8, 8]
        blocks: {b: {do: [{name: c, conv: {out: 3, kernel: 1}}, relu]}}
        layers: [{name: stage, group: [b, {repeat: 2, do: [b]}]}]
        """,
        ["stage.0.c", "stage.0.1", "stage.1.c", "stage.1.1", "stage.2.c", "stage.2.1"],
    ),
    "an inline block is no level": (
        """
        input: [3, 8, 8]
        blocks: {b: {inline: true, do: [{conv: {out: 3, kernel: 1}}, relu]}}
        layers: [{name: stage, group: [b, b]}]
        """,
        ["stage.0", "stage.1", "stage.2", "stage.3"],
    ),
    "an unnamed block where no chain is": (
        """
        input: [3, 8, 8]
        blocks: {bottleneck: {do: [{name: c, conv: {out: 3, kernel: 1}}]}}
        layers:
          - bottleneck
          - bottleneck
          - {as: x, relu: }
          - {from: x, relu: }
        """,
        ["bottleneck1.c", "bottleneck2.c", "relu1", "relu2"],
    ),
    "names with an expression": (
        """
        input: [3, 8, 8]
        layers: [{repeat: 2, do: [{name: denselayer$(index + 1), conv: {out: 3, kernel: 1}}]}]
        """,
        ["denselayer1", "denselayer2"],
    ),
    "a layer called again keeps its path": (
        """
        input: [3, 8, 8]
        layers:
          - {name: c, conv: {out: 3, kernel: 1}}
          - relu
          - reuse: c
        """,
        ["c", "relu1", "c"],
    ),
    "an applied operation goes by its own name": (
        """
        input: [3, 8, 8]
        blocks:
          b:
            with: {act: {type: operation, default: relu}}
            do: [add: [[{apply: act}], []]]
        layers: [b, {b: {act: {leaky_relu: 0.1}}}]
        """,
        ["0.relu1", "0.add1", "1.leaky_relu1", "1.add1"],
    ),
}


def dedent(text: str) -> str:
    lines = text.strip("\n").splitlines()
    return "\n".join(line[8:] for line in lines) + "\n"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_paths(case: str) -> None:
    text, expected = CASES[case]
    assert [node.path for node in archcalc.load(dedent(text)).nodes] == expected
