"""Ask real MindSpore which of its names its own CPU build refuses: refused.json, name by name.

    path/to/mindspore-venv/bin/python tests/goldens/record_refused.py

`mslearn.support()` says of these names "MindSpore has no CPU kernel for it"; the test of the
support table demands that each stands in the record. A call whose arguments are wrong would also
fail, so a name is recorded only when MindSpore names the missing kernel or device.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

SMALL = "h(1, 1, 4, 16), h(1, 1, 4, 16), h(1, 1, 4, 16)"
CACHE = "h(1, 1, 4), h(1, 1, 1, 4), h(1, 1, 1, 4)"
CALLS = {
    "ops.ApplyRotaryPosEmb": "()(h(1, 2, 1, 4), h(1, 2, 1, 4), h(1, 2, 1, 4), h(1, 2, 1, 4), i(1))",
    "ops.BasicLSTMCell": "()(h(1, 2), h(1, 2), h(1, 2), h(4, 8), h(8))",
    "ops.BatchToSpaceNDV2": "()(f(4, 2, 2, 2), i(2, 2), z(2, 2))",
    "ops.ComputeAccidentalHits": "()(ms.Tensor([[1], [2]]), ms.Tensor([2, 0, 1]))",
    "ops.DepthwiseConv2dNative": "(1, 2)(f(1, 4, 4, 4), f(1, 4, 2, 2))",
    "ops.Dilation2D": "(1, 1, 'SAME')(f(1, 4, 4, 4), f(4, 2, 2))",
    "ops.DropoutDoMask": "()(f(3, 4), ms.Tensor(np.zeros(16, np.uint8)), ms.Tensor(0.5))",
    "ops.DropoutGenMask": "(1, 2)((8,), ms.Tensor(0.5))",
    "ops.DynamicGRUV2": "()(h(2, 8, 16), h(16, 48), h(16, 48), h(48), h(48), None, h(8, 16))",
    "ops.DynamicShape": "()(f(3, 4))",
    "ops.ExtractImagePatches": "((2, 2), (1, 1), (1, 1))(f(1, 4, 4, 4))",
    "ops.FusedWeightScaleApplyMomentum": "()(f(), f(), p(3), p(3), f(), f(3), f())",
    "ops.GetNext": "([ms.float32], [[2]], 1, 'x')()",
    "ops.GroupTopk": "()(h(2, 4), z(4), 2, 1, 1)",
    "ops.PagedAttention": f"(1, 1.0, 1)({CACHE}, z(1, 1), i(1))",
    "ops.PagedAttentionMask": f"(1, 1.0, 1)({CACHE}, z(1, 1), i(1), h(1, 1, 1))",
    "ops.RNNTLoss": "()(f(1, 3, 3, 4), i(1, 2), i(1), i(1))",
    "ops.ReshapeAndCache": "()(h(1, 1, 4), h(1, 1, 4), h(1, 1, 1, 4), h(1, 1, 1, 4), z(1))",
    "ops.ScatterNonAliasingAdd": "()(p(3, 4), z(2, 1), f(2, 4))",
    "ops.SparseApplyAdadelta": "(1e-6)(p(3), p(3), p(3), f(), f(), f(3), i(3))",
    "ops.SparseApplyFtrlV2": "(0.1, 0.2, 0.3, 0.1, -0.5)(p(3), p(3), p(3), f(2), i(2))",
    "ops.fused_infer_attention_score": "(h(1, 1, 4, 16), [h(1, 1, 4, 16)], [h(1, 1, 4, 16)], "
    "num_heads=1, input_layout='BNSD')",
    "ops.incre_flash_attention": "(h(1, 1, 1, 16), [h(1, 1, 4, 16)], [h(1, 1, 4, 16)], "
    "num_heads=1, input_layout='BNSD')",
    "ops.lightning_indexer": "(f(3, 4), f(3, 4), f(3, 4))",
    "ops.moe_distribute_combine": "(h(3, 4), i(3, 2), i(6), i(1), f(3, 2), 1, 0, 4)",
    "ops.moe_distribute_dispatch": "(h(3, 4), i(3, 2), 1, 0, 4)",
    "ops.moe_init_routing_v2": "(h(2, 4), z(2, 1), 2, 2, 2, 0, 0, False)",
    "ops.moe_token_permute": "(f(3, 4), z(3, 2))",
    "ops.moe_token_unpermute": "(f(2, 4), z(2))",
    "ops.multi_scale_deformable_attn_function": "(f(3), f(3), f(3), f(3), f(3))",
    "ops.nsa_compress": "(h(32, 1, 16), h(16, 1), 16, 16, actual_seq_len=[32])",
    "ops.nsa_compress_attention": "(f(3), f(3), f(3), 1.0, 1, 16, 16, 16, 1)",
    "ops.nsa_select_attention": "(f(3), f(3), f(3), f(3), 1.0, 1, 16, 16)",
    "ops.prompt_flash_attention": f"({SMALL}, num_heads=1, input_layout='BNSD')",
    "ops.ring_attention_update": "(f(2, 2, 8), f(2, 1, 2, 8), f(2, 1, 2, 8), f(2, 2, 8), "
    "f(2, 1, 2, 8), f(2, 1, 2, 8))",
    "ops.rotated_iou": "(f(1, 2, 5), f(1, 2, 5))",
    "ops.sparse_flash_attention": "(f(3), f(3), f(3), f(3), 1.0)",
    "ops.speed_fusion_attention": f"({SMALL}, 1, 'BNSD')",
    "ops.stop_gradient_": "(f(3))",
    "mint.batch_norm_elemt": "(f(1, 4, 4, 4), f(4), f(4), f(4), f(4))",
    "mint.batch_norm_gather_stats_with_counts": "(f(1, 4, 4, 4), f(2, 4), f(2, 4), f(4), f(4), "
    "0.1, 1e-5, f(2))",
    "mint.batch_norm_stats": "(f(1, 4, 4, 4), 1e-5)",
    "Tensor.delete_": "()",
    "Tensor.pin_memory": "()",
    "Tensor.to_": "('CPU')",
}
MISSING = re.compile(
    r"Unsupported op|unregistered|[Ss]upport(s|ed)? (on )?Ascend|only support|on device CPU|"
    r"Not implement exception|has no attr:__infer__|Cast failed|libmindspore_ascend"
)


def main() -> None:
    import mindspore as ms
    from mindspore import mint, ops

    ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")

    def of(dtype, value):
        return lambda *shape: ms.Tensor(np.full(shape, value, dtype))

    scope = {
        "ms": ms, "ops": ops, "mint": mint, "np": np, "h": of(np.float16, 1),
        "f": of(np.float32, 1), "i": of(np.int32, 1), "z": of(np.int32, 0),
        "p": lambda *shape: ms.Parameter(ms.Tensor(np.ones(shape, np.float32))),
    }  # fmt: skip
    refused, f = {}, scope["f"]
    for name, call in CALLS.items():
        code = f"f(3).{name.partition('.')[2]}" if name.startswith("Tensor.") else name
        try:
            str(eval(code + call, scope))
            (f(3) + 1).asnumpy()  # errors of operations that run behind arrive with the next one
        except Exception as error:
            found = MISSING.search(str(error))
            if found is None:
                raise RuntimeError(f"{name}: not about a kernel: {str(error)[:300]}") from error
            refused[name] = found[0]
        else:
            raise RuntimeError(f"{name} works in MindSpore on a CPU")
    target = Path(__file__).parent / "refused.json"
    record = {"mindspore": ms.__version__, "refused": refused}
    target.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")
    print(f"recorded {len(refused)} names in {target.name}")


if __name__ == "__main__":
    main()
