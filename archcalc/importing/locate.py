"""Finds a model by its name: `MODULE:CALLABLE`, or an ONNX file.

This is the only place where code is imported because a user asked for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcalc.importing.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

_REFERENCE = re.compile(r"(?P<module>[\w./\\-]+\.py|[A-Za-z_][\w.]*):(?P<name>[A-Za-z_][\w.]*)")


def is_reference(source: str) -> bool:
    """Whether a source has the form of a model: `package.module:name`, `path/to/file.py:name` or
    `file.onnx`."""
    if source.endswith(".onnx"):
        return "\n" not in source
    return _REFERENCE.fullmatch(source) is not None and not Path(source).exists()


def spec_of(reference: str, arguments: Mapping[str, Any], inputs: Any) -> str:
    """The spec of a named model, as text.

    `arguments` are passed to the callable; `inputs` is a shape, or shapes by the argument names of
    the forward method. Raises `ImportFailed`.
    """
    if reference.endswith(".onnx"):
        return _spec_of_file(reference, arguments, inputs)
    try:
        import torch  # noqa: F401  # only whether it is there: its absence has a message of its own
    except ImportError as error:
        raise ImportFailed(
            "a PyTorch model needs PyTorch", help="pip install 'archcalc[torch]'", usage=True
        ) from error
    from archcalc.importing import spec_of_model

    model = _built(reference, arguments)
    # Without the folder of a file: a spec is no place for the paths of a machine.
    origin = Path(reference).name if ".py:" in reference else reference
    return spec_of_model(model, named_shapes(model, inputs), origin=origin)


def _spec_of_file(path: str, arguments: Mapping[str, Any], inputs: Any) -> str:
    """The spec of an ONNX file. Raises `ImportFailed`."""
    try:
        import onnx  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise ImportFailed(
            "an ONNX file needs the onnx package", help="pip install 'archcalc[onnx]'", usage=True
        ) from error
    from archcalc.importing import written
    from archcalc.importing.onnx_capture import capture

    if arguments:
        raise ImportFailed(
            "--set cannot be used with an ONNX file",
            help="it has no arguments: its sizes are fixed",
            usage=True,
        )
    return written(capture(path, inputs), Path(path).name)


def named_shapes(model: Any, inputs: Any) -> dict[str, tuple[int, ...]]:
    """The shapes by the arguments of the forward method. Raises `ImportFailed` for a missing or
    unknown one."""
    from archcalc.importing.torch_capture import forward_arguments

    names = forward_arguments(model)
    if inputs is None:
        example = "3x224x224" if len(names) == 1 else f"{names[0]}=3x224x224"
        raise ImportFailed(
            f"a model needs the shape of its {'input' if len(names) == 1 else 'inputs'}",
            help=f"add it without the batch, as in --input {example}",
            usage=True,
        )
    if not isinstance(inputs, dict):
        inputs = {names[0]: inputs}
    missing = [name for name in names if name not in inputs]
    unknown = [name for name in inputs if name not in names]
    if missing or unknown:
        wrong = f"no argument {unknown[0]}" if unknown else f"an argument {missing[0]} without one"
        raise ImportFailed(
            f"the forward method has {wrong}",
            help=" ".join(f"--input {name}=SHAPE" for name in names),
            usage=True,
        )
    return {name: tuple(inputs[name]) for name in names}


def _built(reference: str, arguments: Mapping[str, Any]) -> Any:
    import torch

    match = _REFERENCE.fullmatch(reference)
    assert match is not None
    found: Any = _module(match["module"])
    for part in match["name"].split("."):
        if not hasattr(found, part):
            raise ImportFailed(f"{match['module']} has no {match['name']}", usage=True)
        found = getattr(found, part)
    if isinstance(found, torch.nn.Module):
        return found
    if not callable(found):
        raise ImportFailed(f"{reference} is not a model and cannot be called", usage=True)
    model = _called(found, reference, arguments)
    if not isinstance(model, torch.nn.Module):
        raise ImportFailed(f"{reference} returns a {type(model).__name__}, not a torch.nn.Module")
    return model


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        if not name.endswith(".py"):
            return importlib.import_module(name)
        path = Path(name)
        if not path.is_file():
            raise ImportFailed(f"no file {name}", usage=True)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    except ImportFailed:
        raise
    except Exception as error:  # the user's code may raise anything when it is imported
        if isinstance(error, ModuleNotFoundError) and name.startswith(error.name or "?"):
            raise ImportFailed(f"no module {error.name}", usage=True) from error
        raise ImportFailed(f"importing {name} fails: {_told(error)}") from error
    else:
        return module


def _called(function: Any, reference: str, arguments: Mapping[str, Any]) -> Any:
    """The model, without data if its code allows that."""
    import torch

    try:
        with torch.device("meta"):
            return function(**arguments)
    except TypeError as error:
        raise ImportFailed(
            f"{reference} cannot be called: {error}",
            help="add its arguments with --set NAME=VALUE",
            usage=True,
        ) from error
    except Exception:  # noqa: BLE001  # the user's code: what it cannot do without numbers
        try:
            return function(**arguments)
        except Exception as error:  # as above: any error of the user's code
            raise ImportFailed(f"creating {reference} fails: {_told(error)}") from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}".rstrip(": ")
