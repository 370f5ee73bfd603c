"""Which texts are valid names of layers and labels."""

from __future__ import annotations

from archcalc.spec.limits import MAX_NAME

MODULE_NAMES = frozenset(
    # `add_module` rejects names that the module already has. These are the attributes of
    # torch.nn.Sequential (PyTorch 2.13), which has all of torch.nn.Module's and a few more; names
    # with a leading underscore are rejected by rule.
    {
        "T_destination",
        "add_module",
        "append",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extend",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "insert",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "pop",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    }
)


def check_label(text: str) -> str | None:
    """Why a text is not a valid label, or None if it is."""
    if not text:
        return "a name cannot be empty"
    if len(text) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters"
    if "." in text:
        return "a name has no dot: dots separate the levels of a path"
    if not text.isprintable() or text != text.strip():
        return "a name has no control characters and no blanks at its ends"
    return None


def check_name(text: str) -> str | None:
    """Why a text is not a valid layer name, or None if it is; for names after substitution too."""
    reason = check_label(text)
    if reason is None and text in MODULE_NAMES:
        return f"PyTorch's modules have a {text} of their own, so no layer can be called that"
    if reason is None and text.startswith("_"):
        return "names with a leading underscore belong to PyTorch's modules"
    return reason
