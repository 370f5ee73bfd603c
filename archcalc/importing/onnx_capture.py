"""Reads an ONNX file as a capture: its nodes as the corresponding PyTorch calls.

Only the shapes of weights are used, so that a file works without its external data. Arithmetic on
shapes (`Shape`, `Gather`, `Concat`, … before a `Reshape`) is computed here and adds no layer.
Module paths come from the scopes in node names (`/layer1/layer1.0/conv1/Conv`) or from the names of
weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from archcalc.importing.errors import ImportFailed
from archcalc.importing.graph import Call, Capture, Scope, Value, Weight
from archcalc.importing.onnx_operations import CALLS, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHAPE_OPERATORS = (
    "Shape", "Gather", "Concat", "Unsqueeze", "Squeeze", "Cast", "Slice", "Add", "Sub", "Mul",
    "Div", "Floor", "Ceil", "Constant", "ConstantOfShape", "Range", "Reshape", "Identity", "Min",
    "Max", "Equal", "Where", "Expand", "ReduceProd", "Size", "Transpose",
)  # fmt: skip
"""Operators that are computed if the values of all their inputs are known."""

MOST_NUMBERS = 4096
"""Arrays with more elements are weights, whose values are not read."""


def capture(path: str, inputs: Any = None) -> Capture:
    """The calls of an ONNX file's graph. `inputs` replaces the shapes of its inputs (without the
    batch), by name if there are several.

    Raises `ImportFailed` for a file that is not ONNX, is truncated, or has an unknown shape.
    """
    return _Reader(_read(path), inputs).capture(Path(path).stem)


def _read(path: str) -> onnx.ModelProto:
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise ImportFailed(f"cannot read {path}: {error.strerror}", usage=True) from error
    except Exception as error:  # protobuf has errors of its own for a file that it cannot parse
        raise ImportFailed(f"{path} is not a complete ONNX file") from error
    if not model.graph.node:
        raise ImportFailed(f"{path} is not a complete ONNX file: it has no nodes")
    return model


class _Reader:
    """Walks the nodes of a graph in order."""

    def __init__(self, model: onnx.ModelProto, inputs: Any) -> None:
        self.model = model
        self.graph = model.graph
        self.opset = next((o.version for o in model.opset_import if not o.domain), 1)
        self.weights = {array.name: tuple(array.dims) for array in self.graph.initializer}
        self.numbers = dict(_small(self.graph.initializer))
        self.inputs = self._inputs(inputs)
        self.shapes = _inferred(model, self.inputs)
        self.values: dict[str, Value] = {}
        self.scopes: dict[str, Scope] = {}
        self.root = Scope("", "graph", is_library=False)
        self.taken: dict[str, Weight] = {}
        self.paths: set[str] = set()
        folders = {name.partition("/")[0] for name in self.inputs if "/" in name}
        self.prefix = f"{folders.pop()}/" if len(folders) == 1 else ""

    def _inputs(self, given: Any) -> dict[str, tuple[int, ...]]:
        """The shapes of the inputs that are not weights, without the batch."""
        found: dict[str, tuple[int, ...]] = {}
        for one in self.graph.input:
            dims = [d.dim_value for d in one.type.tensor_type.shape.dim]
            if one.name not in self.weights and len(dims) > 1:
                found[one.name] = tuple(dims[1:])
        if isinstance(given, dict):
            unknown = [name for name in given if name not in found]
            if unknown:
                names = ", ".join(found)
                raise ImportFailed(f"unknown input {unknown[0]}; inputs: {names}", usage=True)
            found |= given
        elif given is not None:
            found = dict.fromkeys(found, tuple(given))
        for name, shape in found.items():
            if 0 in shape:
                raise ImportFailed(
                    f"the size of the input {name} is dynamic",
                    help="add it without the batch, as in --input 3x224x224",
                    usage=True,
                )
        if not found:
            raise ImportFailed("the graph has no input with a batch and channels")
        return found

    # -- the graph ------------------------------------------------------------------------------

    def capture(self, name: str) -> Capture:
        for given, shape in self.inputs.items():
            self.values[given] = Value(shape)
        for node in self.graph.node:
            self._node(node)
        outputs = {one.name: self._flowing(one.name) for one in self.graph.output}
        read = {id(value): 1 for value in outputs.values()}
        for value in _read_by(self.root):
            read[id(value)] = read.get(id(value), 0) + 1
        for scope in self.root.children:
            if isinstance(scope, Scope):
                _close(scope, read)
        named = {_plain(given): self.values[given] for given in self.inputs}
        alone = len(outputs) == 1
        return Capture(
            name,
            self.root,
            {"input": next(iter(named.values()))} if len(named) == 1 else named,
            {"output" if alone else _plain(k): v for k, v in outputs.items()},
            {weight.key: weight.shape for weight in self.taken.values()},
            frozenset(w.key for w in self.taken.values() if "running_" not in w.key),
        )

    def _flowing(self, name: str) -> Value:
        if name not in self.values:
            raise ImportFailed(f"the output {name} does not depend on an input")
        return self.values[name]

    def _node(self, node: onnx.NodeProto) -> None:
        if self._folded(node):
            return
        flowing = [name for name in node.input if name in self.values]
        if not flowing:
            self._weight_made(node)
            return
        where = node.name or node.output[0]
        maker = CALLS.get(node.op_type)
        if maker is None or node.domain not in ("", "ai.onnx"):
            raise ImportFailed(f"{where}: the operator {node.op_type} has no counterpart")
        outputs = tuple(self._made(name, where) for name in node.output[:1])
        if node.op_type == "Split":
            outputs = tuple(self._made(name, where) for name in node.output)
        path = self._path(node)
        try:
            function, arguments = maker(_Node(self, node, path))
        except Unreadable as reason:
            raise ImportFailed(f"{where}: {reason}") from reason
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as reason:
            # A file can omit or repeat anything that ONNX's own checks let pass.
            problem = f"{node.op_type} has unexpected inputs or attributes"
            raise ImportFailed(f"{where}: {problem}") from reason
        if function == "":  # the identity
            self.values[node.output[0]] = self.values[flowing[0]]
            return
        self._scope(path).children.append(Call(function, arguments, outputs, path))

    def _made(self, name: str, where: str) -> Value:
        shape = self.shapes.get(name) or self._inferred_again().get(name)
        if shape is None:
            raise ImportFailed(f"{where}: the shape of its output is unknown")
        self.values[name] = Value(shape[1:])
        return self.values[name]

    def _inferred_again(self) -> dict[str, tuple[int, ...]]:
        """Infers shapes again with values that ONNX's own inference does not compute."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        known = [node for node in model.graph.node if node.output[0] in self.numbers]
        for node in known:
            model.graph.node.remove(node)
            array = numpy_helper.from_array(self.numbers[node.output[0]], node.output[0])
            model.graph.initializer.append(array)
        self.shapes |= _inferred(model, self.inputs)
        return self.shapes

    # -- numbers and weights --------------------------------------------------------------------

    def _folded(self, node: onnx.NodeProto) -> bool:
        """Computes a node that only depends on shapes and constants."""
        if node.op_type == "Shape" and node.input[0] in self.shapes:
            start, end = _attribute(node, "start", 0), _attribute(node, "end", None)
            self.numbers[node.output[0]] = np.array(self.shapes[node.input[0]])[start:end]
            return True
        if node.op_type not in SHAPE_OPERATORS:
            return False
        if not all(name in self.numbers for name in node.input if name):
            return False
        if node.op_type == "ConstantOfShape" and self.numbers[node.input[0]].prod() > MOST_NUMBERS:
            return False
        given = [self.numbers[name] for name in node.input if name]
        made = _computed(node, given, self.opset)
        self.numbers[node.output[0]] = made
        self.weights[node.output[0]] = tuple(made.shape)
        return True

    def _weight_made(self, node: onnx.NodeProto) -> None:
        """A weight that a node outputs: one without values, or with an axis inserted."""
        shape = self.shapes.get(node.output[0])
        if shape is None and node.op_type == "ConstantOfShape":
            shape = tuple(int(n) for n in self.numbers[node.input[0]])
        if shape is not None:
            self.weights[node.output[0]] = shape

    # -- module paths ---------------------------------------------------------------------------

    def _path(self, node: onnx.NodeProto) -> str:
        """The module of a node, by the scopes in its name; else "" for the whole net."""
        found: list[str] = []
        for part in [part for part in node.name.split("/") if part][:-1]:
            # PyTorch repeats the name of a sequence in its members: /layer1/layer1.0/conv1
            if found and part.startswith(found[-1] + "."):
                found.pop()
            found.append(part)
        path = ".".join(found)
        return path if re.fullmatch(r"[\w.-]*", path) else ""

    def _scope(self, path: str) -> Scope:
        """The current scope of a path: a new call of it if another module ran since."""
        around = self.root
        for number in range(len(path.split(".")) if path else 0):
            own = ".".join(path.split(".")[: number + 1])
            last = around.children[-1] if around.children else None
            if not (isinstance(last, Scope) and last.path == own):
                last = Scope(own, _kind(own), is_library=False)
                around.children.append(last)
            around = last
        return around


class _Node:
    """The access to a node for the functions that convert it."""

    def __init__(self, reader: _Reader, node: onnx.NodeProto, path: str) -> None:
        self._reader = reader
        self._node = node
        self.path = path
        self.operator = node.op_type
        self.opset = reader.opset
        self.count = len([name for name in node.input if name])

    def attribute(self, name: str, default: Any = None) -> Any:
        return _attribute(self._node, name, default)

    def has(self, position: int) -> bool:
        return position < len(self._node.input) and self._node.input[position] != ""

    def flows(self, position: int) -> bool:
        return self.has(position) and self._node.input[position] in self._reader.values

    def value(self, position: int) -> Value:
        """A tensor of the forward pass."""
        if not self.flows(position):
            raise Unreadable(f"input {position + 1} of {self.operator} is a constant")
        return self._reader.values[self._node.input[position]]

    def numbers(self, position: int) -> Any:
        """An input as plain numbers, None if it is omitted."""
        if not self.has(position):
            return None
        found = self._reader.numbers.get(self._node.input[position])
        if found is None:
            raise Unreadable(f"input {position + 1} of {self.operator} is computed")
        return found.tolist()

    def shape(self, position: int) -> tuple[int, ...]:
        """The shape of a weight."""
        name = self._node.input[position]
        if name not in self._reader.weights:
            raise Unreadable(f"the weight of {self.operator} is computed")
        return self._reader.weights[name]

    def weights(self, roles: dict[str, int]) -> dict[str, Weight | None]:
        """The weights of a node by role ("weight", "bias", …) and position: all belong to one
        module."""
        first = self._node.input[min(roles.values())]
        path = self._module(first)
        found: dict[str, Weight | None] = {}
        for role, position in roles.items():
            if not self.has(position):
                found[role] = None
                continue
            self.shape(position)
            name = self._node.input[position]
            self._reader.taken[name] = Weight(f"{path}.{role}", self._reader.weights[name])
            found[role] = self._reader.taken[name]
        return found

    def replace(self, position: int, weight: Weight) -> None:
        """A weight in the shape that PyTorch uses."""
        self._reader.taken[self._node.input[position]] = weight

    def _named(self, weight: str) -> str:
        """A path from the name of a weight in Caffe2's style (`gpu_0/conv1_w_0`)."""
        name = weight.removeprefix(self._reader.prefix)
        return re.sub(r"\W+", "_", re.sub(r"_(w|s|scale)_0$", "", name)).strip("_") or "layer"

    def _module(self, weight: str) -> str:
        """A unique path for the module that has a weight."""
        own, dot, role = weight.rpartition(".")
        if dot and role == "weight" and re.fullmatch(r"[\w.-]+", own):
            path = own
        else:
            path = self.path or self._named(weight)
        if path and path[0].isdigit():
            path = f"{self.operator.lower()}_{path}"
        base, count = path, 1
        while path in self._reader.paths:
            count += 1
            path = f"{base}_{count}"
        self._reader.paths.add(path)
        return path


def _plain(name: str) -> str:
    """A valid name for a path."""
    plain = re.sub(r"\W+", "_", name).strip("_") or "layer"
    return f"layer_{plain}" if plain[0].isdigit() else plain


def _kind(path: str) -> str:
    """The assumed common class name of similar names: `inception3a`, `layer1.0`. Whether they are
    instances of one class is decided by their layers."""
    last = path.rpartition(".")[2]
    return re.sub(r"[-_.]?\d+[a-z]?$", "", last) or "block"


def _close(scope: Scope, read: dict[int, int]) -> None:
    """Sets the inputs and outputs of a module and those inside it. `read` counts the readers of
    each tensor: one with readers outside is an output."""
    made: dict[int, Value] = {}
    for child in scope.children:
        if isinstance(child, Scope):
            _close(child, read)
        made |= {id(value): value for value in child.outputs}
    given: dict[int, Value] = {}
    for child in scope.children:
        for value in child.inputs:
            if id(value) not in made:
                given.setdefault(id(value), value)
    scope.inputs = tuple(given.values())
    scope.outputs = tuple(
        value for key, value in made.items() if read.get(key, 0) > _readers(scope, key)
    )


def _read_by(scope: Scope) -> Iterable[Value]:
    for child in scope.children:
        if isinstance(child, Scope):
            yield from _read_by(child)
        else:
            yield from child.inputs


def _readers(scope: Scope, key: int) -> int:
    """The number of times that calls inside a scope read a tensor."""
    count = 0
    for child in scope.children:
        if isinstance(child, Scope):
            count += _readers(child, key)
        else:
            count += sum(id(value) == key for value in child.inputs)
    return count


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    for one in node.attribute:
        if one.name == name:
            value = onnx.helper.get_attribute_value(one)
            return value.decode() if isinstance(value, bytes) else value
    return default


def _small(arrays: Iterable[onnx.TensorProto]) -> Iterable[tuple[str, Any]]:
    """The small arrays in the file: shapes, axes, scales."""
    for array in arrays:
        size = int(np.prod(array.dims)) if array.dims else 1
        external = array.data_location == onnx.TensorProto.EXTERNAL
        if size <= MOST_NUMBERS and not external:
            try:
                yield array.name, numpy_helper.to_array(array)
            except ValueError:
                continue  # not stored in the file


def _inferred(
    model: onnx.ModelProto, inputs: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors with a batch of 1, by ONNX's own inference."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for one in fixed.graph.input:
        if one.name in inputs:
            dims = one.type.tensor_type.shape.dim
            for dim, size in zip(dims, (1, *inputs[one.name]), strict=False):
                dim.ClearField("dim_param")
                dim.dim_value = size
    listed = {one.name for one in fixed.graph.input}
    for array in fixed.graph.initializer:  # in old files, inference only uses inputs
        if array.name not in listed:
            info = onnx.helper.make_tensor_value_info(array.name, array.data_type, array.dims)
            fixed.graph.input.append(info)
    for one in (*fixed.graph.value_info, *fixed.graph.output):
        one.type.tensor_type.ClearField("shape")
    try:
        made = shape_inference.infer_shapes(fixed, data_prop=True)
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        raise ImportFailed(f"ONNX cannot infer the shapes: {text}") from error
    found = {name: (1, *shape) for name, shape in inputs.items()}
    for one in (*made.graph.value_info, *made.graph.output):
        dims = one.type.tensor_type.shape.dim
        if one.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            found[one.name] = tuple(d.dim_value for d in dims)
    return found


def _computed(node: onnx.NodeProto, given: list[Any], version: int) -> Any:
    """One operator of an opset on numbers, by ONNX's reference implementation."""
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.input if name]
    kinds = [onnx.helper.np_dtype_to_tensor_dtype(array.dtype) for array in given]
    inputs = [
        onnx.helper.make_tensor_value_info(name, kind, array.shape)
        for name, kind, array in zip(names, kinds, given, strict=True)
    ]
    output = onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.UNDEFINED, None)
    graph = onnx.helper.make_graph([node], "one", inputs, [output])
    opset = onnx.helper.make_opsetid("", version)
    model = onnx.helper.make_model(graph, opset_imports=[opset])
    feeds = dict(zip(names, given, strict=True))
    run: Callable[..., Any] = ReferenceEvaluator(model).run
    return np.asarray(run(None, feeds)[0])
