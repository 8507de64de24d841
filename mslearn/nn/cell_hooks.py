"""Hooks around a Cell's state dict, and compiling a Cell by hand. `Cell` inherits this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mslearn.gradtools.hooks import HookHandle, check_hook


class CellHooks:
    """What is called before and after `state_dict` and `load_state_dict`; `compile`."""

    cells_and_names: Any

    def _hooks(self, kind: str) -> dict[int, Callable[..., Any]]:
        tables: dict[str, dict[int, Any]] = self.__dict__.setdefault("_state_hooks", {})
        return tables.setdefault(kind, {})

    def _all_hooks(self, kind: str, prefix: str = "") -> Iterator[tuple[Any, str, Any]]:
        """(Cell, the prefix of its names, hook) of this Cell and all below."""
        for path, cell in list(self.cells_and_names()):
            for hook in list(cell._hooks(kind).values() if "_state_hooks" in vars(cell) else ()):
                yield cell, f"{prefix}{path}." if path else prefix, hook

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(cell, prefix, keep_vars)`` before `state_dict` collects.

        Returns:
            A handle whose `remove()` takes the hook away, as for the other hooks.
        """
        check_hook("register_state_dict_pre_hook", hook)
        return HookHandle(self._hooks("before state"), hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(cell, state_dict, prefix, local_metadata)``, which may change the dict.

        >>> import mslearn as ms
        >>> net = ms.nn.Dense(2, 1)
        >>> handle = net.register_state_dict_post_hook(lambda cell, found, *_: found.pop("bias"))
        >>> list(net.state_dict())
        ['weight']
        """
        check_hook("register_state_dict_post_hook", hook)
        return HookHandle(self._hooks("after state"), hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call a hook before `load_state_dict` compares; it may change the dict and the lists.

        Its arguments: ``(cell, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)``.
        """
        check_hook("register_load_state_dict_pre_hook", hook)
        return HookHandle(self._hooks("before load"), hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(cell, incompatible_keys)``; keys taken from its lists are no error."""
        check_hook("register_load_state_dict_post_hook", hook)
        return HookHandle(self._hooks("after load"), hook)

    # -- graphs -------------------------------------------------------------------------------

    def set_jit_config(self, jit_config: Any) -> None:
        """Remember a `JitConfig`; here all passes run at every level."""
        if not isinstance(getattr(jit_config, "jit_config_dict", None), dict):
            raise TypeError(
                f"For 'set_jit_config', the argument must be a mslearn.JitConfig, but got "
                f"'{type(jit_config).__name__}'."
            )
        self.__dict__["jit_config_dict"] = dict(jit_config.jit_config_dict)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Make the graph of this Cell for inputs like these, without running it.

        Raises:
            NeedsNumbers: the Cell looks at the numbers of a tensor, which a graph does not have.
        """
        from mslearn.graph.jit import jitted_cell

        jitted_cell(self).compile(args, kwargs)

    def compile_and_run(self, *args: Any, **kwargs: Any) -> Any:
        """Run this Cell as a graph, whatever the mode is; compile it first where need be."""
        from mslearn.graph.jit import call_cell

        return call_cell(self, args, kwargs)
