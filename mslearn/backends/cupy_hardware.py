"""What CuPy knows of the GPUs: their properties, and the memory that its pool holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mslearn.backends.hardware import Hardware

# MindSpore's names of a GPU's properties, and CUDA's.
PROPERTIES = {
    "major": "major",
    "minor": "minor",
    "is_multi_gpu_board": "isMultiGpuBoard",
    "is_integrated": "integrated",
    "multi_processor_count": "multiProcessorCount",
    "total_memory": "totalGlobalMem",
    "warp_size": "warpSize",
}
_peaks: dict[str, int] = {}
_watching: list[Any] = []


class CupyHardware(Hardware):
    """The GPUs as CuPy sees them.

    Peaks of memory are known from the first question on, for the thread that asks: CuPy keeps
    none, so a hook looks at the pool whenever an array is made.
    """

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy
        self.pool = cupy.get_default_memory_pool()

    def count(self) -> int | None:
        return int(self.cupy.cuda.runtime.getDeviceCount())

    def name(self, number: int) -> str | None:
        return str(self.cupy.cuda.runtime.getDeviceProperties(number)["name"].decode())

    def capability(self, number: int) -> tuple[int, int] | None:
        found = self.properties(number)
        return found.major, found.minor

    def properties(self, number: int) -> Any:
        told = self.cupy.cuda.runtime.getDeviceProperties(number)
        facts = {name: int(told[key]) for name, key in PROPERTIES.items()}
        return SimpleNamespace(name=self.name(number), **facts)

    def memory(self) -> dict[str, int] | None:
        self._watch()
        self._look()
        sizes = self._sizes()
        return {**sizes, "idle": self.pool.free_bytes(), **_peaks}

    def reset_peak(self, *names: str) -> None:
        self._watch()
        sizes = self._sizes()
        _peaks.update({name: sizes[name.removeprefix("max_")] for name in names})

    def empty_cache(self) -> None:
        self.pool.free_all_blocks()

    def limit_memory(self, size: int) -> None:
        self.pool.set_limit(size=size)

    def synchronize(self) -> None:
        self.cupy.cuda.runtime.deviceSynchronize()

    def _sizes(self) -> dict[str, int]:
        return {"reserved": self.pool.total_bytes(), "allocated": self.pool.used_bytes()}

    def _look(self) -> None:
        for name, size in self._sizes().items():
            _peaks[f"max_{name}"] = max(size, _peaks.get(f"max_{name}", 0))

    def _watch(self) -> None:
        if _watching:
            return
        look = self._look

        class Peaks(self.cupy.cuda.MemoryHook):  # type: ignore[misc, name-defined]
            name = "mslearn's peaks"

            def malloc_postprocess(self, **_: Any) -> None:
                look()

        hook = Peaks()
        hook.__enter__()
        _watching.append(hook)
