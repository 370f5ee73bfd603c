"""Runs a PyTorch model once, on tensors without data, and records its calls.

Functions are recorded as the model's code calls them (`F.conv2d`, `torch.cat`, `x.view`), with the
module that called them, so that one call in the code stays one operation. The meta device has
shapes and no data: a model of any size needs no memory, and control flow that depends on values
raises an error.
"""

from __future__ import annotations

import copy
import inspect
from contextlib import ExitStack
from typing import Any

import torch
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.overrides import TorchFunctionMode

from archcalc.importing.errors import ImportFailed
from archcalc.importing.graph import Call, Capture, Scope, Value, Weight

IGNORED = {
    "__get__",
    "size",
    "dim",
    "numel",
    "__len__",
    "is_floating_point",
    "is_complex",
    "stride",
}
"""Functions of a tensor that do not return a tensor."""

SAME = {"contiguous", "clone", "detach", "to", "type", "float", "requires_grad_", "type_as"}
"""Functions that return their input tensor."""


def capture(model: Any, inputs: dict[str, tuple[int, ...]], *, training: bool = False) -> Capture:
    """The calls of one forward pass. `inputs` are shapes without the batch, by the argument names
    of the forward method.

    Raises `ImportFailed`, with the module in which it happened, if the model cannot run on these
    inputs or its control flow depends on values.
    """
    model = _on_meta(model).train(training)
    # A batch of 2: normalization in training does not allow a batch of 1.
    given = {name: torch.empty(2, *shape, device="meta") for name, shape in inputs.items()}
    if any(isinstance(p, UninitializedParameter) for p in model.parameters()):
        with torch.no_grad():
            model(*given.values())  # lazy modules get their shapes from the first tensor
    tracer = _Tracer(model)
    values = {name: tracer.enter(tensor) for name, tensor in given.items()}
    with ExitStack() as stack:
        tracer.watch(model, stack)
        stack.enter_context(torch.no_grad())
        stack.enter_context(tracer)
        try:
            result = model(*given.values())
        except ImportFailed:
            raise
        except Exception as error:
            raise _explained(error, tracer) from error
    outputs = {name: tracer.value(tensor) for name, tensor in _named(result).items()}
    parameters = frozenset(name for name, _ in model.named_parameters(remove_duplicate=False))
    weights = {key: tuple(array.shape) for key, array in model.state_dict().items()}
    return Capture(
        type(model).__name__, tracer.root, values, outputs, weights, parameters,
        used=frozenset(tracer.used),
    )  # fmt: skip


def _on_meta(model: Any) -> Any:
    """A copy of a model without data; the model itself is not changed."""
    memo: dict[int, Any] = {}
    for p in model.parameters():
        if isinstance(p, UninitializedParameter):
            lazy: Any = UninitializedParameter  # its arguments have no type annotations
            memo[id(p)] = lazy(device="meta")
        else:
            memo[id(p)] = torch.nn.Parameter(p.detach().to("meta"), requires_grad=p.requires_grad)
    for b in model.buffers():
        is_lazy = isinstance(b, UninitializedBuffer)
        empty: Any = UninitializedBuffer
        memo[id(b)] = empty(device="meta") if is_lazy else b.to("meta")
    return copy.deepcopy(model, memo)


def forward_arguments(model: Any) -> list[str]:
    """The names of the forward method's required arguments."""
    found: list[str] = []
    for name, parameter in inspect.signature(model.forward).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return found or ["input"]
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            found.append(name)
    return found


class _Tracer(TorchFunctionMode):
    """Records functions and module calls while it is active."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.root = Scope("", type(model).__name__, is_library=False)
        self._stack = [self.root]
        self._known: dict[int, Value | Weight] = {}
        self._alive: list[Any] = []  # ids of deleted tensors would be used again
        self.used: set[str] = set()
        for key, array in (
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        ):
            self._keep(array, Weight(key, tuple(array.shape)))

    # -- tensors ------------------------------------------------------------------------------

    def _keep(self, tensor: Any, known: Value | Weight) -> None:
        self._known[id(tensor)] = known
        self._alive.append(tensor)

    def enter(self, tensor: Any) -> Value:
        value = Value(tuple(tensor.shape[1:]))
        self._keep(tensor, value)
        return value

    def value(self, tensor: Any) -> Value:
        """The value of a tensor; one that was never recorded is a constant."""
        known = self._known.get(id(tensor))
        if isinstance(known, Value):
            return known
        if isinstance(known, Weight):
            return Value(known.shape, constant=True)
        value = Value(tuple(tensor.shape), constant=True)
        self._keep(tensor, value)
        return value

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, torch.Tensor):
            known = self._known.get(id(argument))
            return known if known is not None else self.value(argument)
        if isinstance(argument, tuple | list):
            return tuple(self._argument(one) for one in argument)
        return argument

    # -- functions ----------------------------------------------------------------------------

    def __torch_function__(
        self, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        name = getattr(function, "__name__", str(function))
        if name in IGNORED:
            return result
        tensors = [one for one in _flat(result) if isinstance(one, torch.Tensor)]
        if not tensors:
            return result
        given = [self._argument(one) for one in args]
        arguments = _bound(function, given, {k: self._argument(v) for k, v in kwargs.items()})
        flowing = any(isinstance(one, Value) and not one.constant for one in _flat(given)) or any(
            isinstance(one, Value) and not one.constant for one in _flat(list(arguments.values()))
        )
        if name in SAME and flowing:
            self._keep(tensors[0], given[0])
            return result
        if flowing:
            outputs = tuple(Value(tuple(t.shape[1:])) for t in tensors)
            self._stack[-1].children.append(Call(name, arguments, outputs, self._stack[-1].path))
        else:
            outputs = tuple(Value(tuple(t.shape), constant=True) for t in tensors)
            self.used |= {w.key for w in _flat([given, arguments]) if isinstance(w, Weight)}
        for tensor, value in zip(tensors, outputs, strict=True):
            self._keep(tensor, value)
        return result

    # -- modules ------------------------------------------------------------------------------

    def watch(self, model: Any, stack: ExitStack) -> None:
        """Hooks on every module except the root, removed when the stack closes."""
        for path, module in model.named_modules():
            if path:
                before = module.register_forward_pre_hook(self._enter(path), with_kwargs=True)
                after = module.register_forward_hook(self._leave)
                stack.callback(before.remove)
                stack.callback(after.remove)

    def _enter(self, path: str) -> Any:
        def hook(module: Any, args: Any, kwargs: Any) -> None:
            kind = type(module)
            library = kind.__module__.startswith("torch.nn.")
            scope = Scope(path, kind.__name__, library, self._values((args, kwargs)))
            if "<" not in kind.__qualname__:
                scope.origin = f"{kind.__module__}.{kind.__qualname__}"
            scope.settings = {
                name: getattr(module, name)
                for name in ("p", "drop_prob")
                if isinstance(getattr(module, name, None), int | float)
            }
            self._stack[-1].children.append(scope)
            self._stack.append(scope)

        return hook

    def _leave(self, _module: Any, _args: Any, output: Any) -> None:
        self._stack.pop().outputs = self._values(output)

    def _values(self, structure: Any) -> tuple[Value, ...]:
        tensors = [one for one in _flat(structure) if isinstance(one, torch.Tensor)]
        return tuple(self.value(one) for one in tensors)

    @property
    def path(self) -> str:
        """The module that is currently running."""
        return self._stack[-1].path


def _flat(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [leaf for one in structure.values() for leaf in _flat(one)]
    if isinstance(structure, tuple | list):
        return [leaf for one in structure for leaf in _flat(one)]
    return [structure]


def _bound(function: Any, given: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Arguments by name if the function has a signature; else by position, "0", "1", …"""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    found = {
        names[i] if i < len(names) and names[i] not in ("args", "kwargs") else str(i): one
        for i, one in enumerate(given)
    }
    return {**found, **named}


def _named(result: Any) -> dict[str, Any]:
    """The outputs by name: "output" for a single one."""
    if isinstance(result, torch.Tensor):
        return {"output": result}
    if isinstance(result, dict):
        return {str(k): v for k, v in result.items() if isinstance(v, torch.Tensor)}
    if hasattr(result, "_asdict"):
        return {k: v for k, v in result._asdict().items() if isinstance(v, torch.Tensor)}
    tensors = [one for one in _flat(result) if isinstance(one, torch.Tensor)]
    if not tensors:
        raise ImportFailed("the model's output contains no tensor")
    if len(tensors) == 1:
        return {"output": tensors[0]}
    return {f"output{i + 1}" if i else "output": one for i, one in enumerate(tensors)}


def _explained(error: Exception, tracer: _Tracer) -> ImportFailed:
    where = f"in {tracer.path}" if tracer.path else "in the model's own forward"
    text = str(error).strip().partition("\n")[0]
    if "meta" in text and ("item" in text or "data-dependent" in text or "Meta" in text):
        return ImportFailed(
            f"the control flow depends on tensor values ({where}): {text}",
            help="a model can be imported if its graph only depends on the shape of the input",
        )
    return ImportFailed(f"the model fails {where}: {type(error).__name__}: {text}")
