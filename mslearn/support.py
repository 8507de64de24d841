"""`support`: which of MindSpore's names work here, name by name, and on what evidence.

Nothing is claimed by hand: a name is supported when it stands in MindSpore's own list of names
(``support_names.json``) and a test uses it (``support_tested.json``, written by running the
tests: tools/make_support_table.py). Only the deliberate differences are written down below, and
why some names make no sense here.
"""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mslearn.core.errors import did_you_mean

_ROC = "with class_num each class stands against the rest; MindSpore takes rows for classes"
DIFFERS = {
    "mindspore.Cifar10ToMR": "reads the binary files; MindSpore takes the pickled ones, which "
    "are never opened here",
    "mindspore.Cifar100ToMR": "as Cifar10ToMR",
    "mindspore.Model": "rows are never sent ahead (sink mode)",
    "mindspore.build_train_network": "as amp.build_train_network",
    "amp.auto_mixed_precision": "O1 and auto look at Cells only: functions that construct calls "
    "keep their dtype",
    "amp.build_train_network": "O2's dynamic loss scale works on a CPU, where MindSpore refuses it",
    "amp.custom_mixed_precision": "as amp.auto_mixed_precision",
    "nn.ConfusionMatrixMetric": "nothing collected is an error, where MindSpore gives NaN",
    "mindspore.ConfusionMatrixMetric": "as nn.ConfusionMatrixMetric",
    "mindspore.ROC": _ROC,
    "nn.ROC": _ROC,
    "mindspore.Tensor": "is indexed by, filled with and combined with NumPy arrays too, which "
    "MindSpore refuses; tensors over text are refused here",
    "mindspore.bfloat16": "needs the library ml_dtypes; printing shows fewer zeros",
    "ops.ctc_loss": "the true gradient by the input; MindSpore's assumes a log_softmax in front",
    "nn.CTCLoss": "as ops.ctc_loss",
    "mindspore.Parameter": "set_data with another shape is an error, where MindSpore takes it",
    "Tensor.add_": "works in place, as documented; on the CPU MindSpore leaves the tensor alone",
    "Tensor.view": "another dtype gives a copy, where MindSpore's result shares its bytes",
    "ops.inplace_update": "its gradient by x leaves out the rows that were replaced",
    "ops.LSTM": "the last two results, memory for MindSpore's gradient, are empty",
    "mindspore.jit": "a number that depends on a tensor and is returned becomes a tensor of int64 "
    "or float32; branches of different shapes run eagerly, with a warning",
    "mindspore.grad": "a tensor at two positions counts once for each; a non-tensor argument to "
    "differentiate by, and a function that returns a plain number, are a TypeError, where "
    "MindSpore leaves the gradient out, or gives zeros",
    "mindspore.value_and_grad": "as grad",
    "mindspore.vmap": "decisions about one example's numbers run example by example, where "
    "MindSpore fails",
    "nn.thor": "refused with the reason: MindSpore has it for Ascend and GPU only",
    "nn.Momentum": "use_nesterov works, which MindSpore's CPU kernel ignores",
    "runtime.Event": "elapsed_time measures, where MindSpore's CPU gives 0",
    "runtime.memory_replay": "refused with the reason: MindSpore has it for Ascend only",
    "runtime.use_mem_pool": "as memory_replay",
    "ops.full": "a float value gives float32, where MindSpore's CPU gives int64",
    "ops.Morph": "works outside of graphs, too",
    "ops.GradOperation": "get_by_list needs weights or a Cell; MindSpore also collects them from "
    "a plain function",
}
# Names (patterns of fnmatch) that are not to come, by reason. A name that a test uses is not asked.
NOT_HERE = {
    "MindSpore 2.10 itself has no CPU kernel for it (recorded in tests/goldens/refused.json)": """
        ops.ApplyRotaryPosEmb ops.BasicLSTMCell ops.BatchToSpaceNDV2 ops.ComputeAccidentalHits
        ops.DepthwiseConv2dNative ops.Dilation2D ops.DropoutDoMask ops.DropoutGenMask
        ops.DynamicGRUV2 ops.DynamicShape ops.ExtractImagePatches ops.FusedWeightScaleApplyMomentum
        ops.GetNext ops.GroupTopk ops.PagedAttention* ops.RNNTLoss ops.ReshapeAndCache
        ops.ScatterNonAliasingAdd ops.SparseApplyAdadelta ops.SparseApplyFtrlV2
        ops.*_flash_attention ops.fused_infer_attention_score ops.lightning_indexer ops.moe_*
        ops.nsa_*
        ops.multi_scale_deformable_attn_function ops.ring_attention_update ops.rotated_iou
        ops.speed_fusion_attention ops.stop_gradient_ mint.batch_norm_* Tensor.delete_
        Tensor.pin_memory Tensor.to_
    """,
    "sends between the processes of a cluster, or shares work among them": """
        ops.AllGatherV ops.AlltoAllV* ops.Barrier ops.BatchISendIRecv ops.Collective*
        ops.NeighborExchange* ops.P2POp ops.Pull ops.Push ops.Receive ops.ReduceScatterV
        ops.Reshard ops.reshard ops.Send ops.TCPStore ops.all_* ops.barrier ops.batch_isend_irecv
        ops.broadcast ops.broadcast_object_list ops.destroy_process_group ops.gather_into_tensor
        ops.gather_object ops.get_backend ops.get_global_rank ops.get_group_rank
        ops.get_process_group_ranks ops.get_rank ops.get_world_size ops.init_process_group
        ops.irecv ops.is_available ops.is_initialized ops.isend ops.matmul_reduce_scatter
        ops.new_group ops.recv* ops.reduce ops.reduce_scatter* ops.scatter_object_list
        ops.scatter_tensor ops.send* ops.set_comm_ops_inplace ops.MapCacheIdx ops.MapUniform
        ops.SubAndFilter
        mindspore.Layout mindspore.shard mindspore.reshard
        mindspore.build_searched_strategy mindspore.comm_exec_order_check
        mindspore.runtime_execution_order_check mindspore.RSCPluginHandle mindspore.TFT*
        mindspore.TrainFaultTolerance mindspore.ExitByRequest
        mindspore.get_ckpt_path_with_strategy mindspore.load_distributed_checkpoint
        mindspore.load_segmented_checkpoints mindspore.merge_sliced_parameter
        mindspore.parameter_broadcast mindspore.rank_list_for_transform
        mindspore.restore_group_info_list mindspore.sync_pipeline_shared_parameters
        mindspore.transform_checkpoint_by_rank mindspore.unified_safetensors nn.AdaSum*
        nn.OptTFTWrapper nn.PipelineGradReducer nn.VirtualDatasetCellTriple
    """,
    "belongs to the inside of MindSpore's compiler and runtime": """
        ops.DtypeToEnum ops.GeSwitch ops.J ops.Merge ops.PyExecute ops.Reusing ops.SliceGetItem
        ops.UpdateState ops.distribute ops.add_flags ops.array_reduce ops.array_to_scalar
        ops.augassign_* ops.bool_and ops.bool_eq ops.bool_not ops.bool_or
        ops.broadcast_gradient_args ops.dict_*
        ops.embed ops.env_get ops.environ_* ops.geswitch ops.get_vm_impl_fn ops.hastype
        ops.hyper_add ops.in_dict ops.not_in_dict ops.is_ ops.is_not ops.is_*_unknown
        ops.is_tensor_bool_cond ops.isconstant ops.iter_converter ops.list_* ops.make_dict
        ops.make_list ops.make_map_parameter ops.make_row_tensor_inner ops.make_slice
        ops.make_tuple ops.merge ops.ms_* ops.prim_arg_register ops.recompute_block
        ops.reduced_shape ops.ref_to_embed ops.shape_mul ops.string_* ops.switch ops.switch_layer
        ops.tail ops.tensor_operator_registry ops.tuple_* ops.typeof ops.vm_impl_registry
        ops.zip_operation Tensor.*_index_info Tensor.hooks Tensor.index_of_parent_
        Tensor.*param_info Tensor.parent_tensor_ Tensor.remove_hook Tensor.virtual_flag
        Tensor.*init_flag Tensor.is_init Tensor.wait_pipeline Tensor.assign_value_cpp
        Tensor.set_cast_dtype
        mindspore.MsDispatchMode mindspore.Node mindspore.NodeType mindspore.ScopedValue
        mindspore.SymbolTree mindspore.Symbol mindspore.get_obj_module_and_name_info
        mindspore.is_*jit_forbidden_m* mindspore.QuantDtype
    """,
    "handles storages or device memory, which NumPy's arrays have not": """
        Tensor.flush_from_cache Tensor.offload* Tensor.set_ Tensor.set_device_address
        Tensor.*storage
        mindspore.UntypedStorage
    """,
    "packs what the tape keeps; values are kept as they are here, and mindspore.recompute is what "
    "saves memory": """
        mindspore.saved_tensors_hooks mindspore.register_saved_tensors_hooks
    """,
    "drives or measures Ascend hardware": """
        mindspore.ConvertModelUtils mindspore.ConvertNetUtils mindspore.EnvProfiler
        mindspore.FlopsUtilizationCollector mindspore.flops_collection mindspore.qint4x2
        mindspore.float8_* mindspore.hifloat8 mindspore.export_split_mindir
        mindspore.get_sdc_detect_result mindspore.sdc_detect_* mindspore.stress_detect
        mindspore.mindio_preload
        mindspore.set_mindio_server_info nn.*Thor nn.GetNextSingleOp
    """,
    "old files of messages, which ms.load and ms.export replace; MindRecord is written open": """
        mindspore.load_mindir mindspore.save_mindir mindspore.set_*_mode mindspore.set_enc_key
    """,
    "draws loss landscapes for MindInsight's page, in processes of their own": """
        mindspore.SummaryLandscape
    """,
    "hides weights from who runs the model; save_checkpoint(..., enc_key=...) protects a file": """
        mindspore.load_obf_params_into_net
    """,
    "compiles C++ against MindSpore's own headers": "ops.CustomOpBuilder",
}
SPACES = (
    "mindspore", "ops", "nn", "Tensor", "amp", "mint", "mint.nn", "mint.nn.functional",
    "mint.optim", "mint.linalg", "mint.special", "experimental.optim",
    "experimental.optim.lr_scheduler", "runtime", "hal", "device_context.cpu",
    "device_context.gpu", "device_context.ascend",
)  # fmt: skip
_HERE = Path(__file__).parent


def _data(file: str) -> Any:
    return json.loads((_HERE / file).read_text(encoding="utf-8"))


def reason(path: str) -> str:
    """Why a name such as ``"ops.all_reduce"`` is not to come, or ""."""
    for why, names in NOT_HERE.items():
        if any(fnmatchcase(path, pattern) for pattern in names.split()):
            return why
    return ""


class Support:
    """The table. `rows` holds (name, status, note).

    The status is supported, differs (the note says how), not here (it says why) or not yet.

    >>> import mslearn as ms
    >>> ms.support()["ops.matmul"][0]
    'supported'
    """

    def __init__(self) -> None:
        recorded = _data("support_names.json")
        tested = _data("support_tested.json")
        self.version: str = recorded["mindspore"]
        self.rows: list[tuple[str, str, str]] = []
        for space in SPACES:
            for name in recorded["names"][space]:
                evidence = tested.get(space, {}).get(name)
                path = f"{space}.{name}"
                if evidence is None:
                    why = reason(path)
                    self.rows.append((path, "not here" if why else "not yet", why))
                elif path in DIFFERS:
                    self.rows.append((path, "differs", DIFFERS[path]))
                else:
                    note = "equal to MindSpore's recorded results" if evidence == "golden" else ""
                    self.rows.append((path, "supported", note))

    def counts(self, space: str) -> Counter[str]:
        """How many names of `mindspore`, `ops`, `nn`, `mint.nn` … have each status."""
        return Counter(s for path, s, _ in self.rows if path.rpartition(".")[0] == space)

    def __getitem__(self, path: str) -> tuple[str, str]:
        """(status, note) of a name such as ``"ops.matmul"``; ``"grad"`` means mindspore.grad."""
        wanted = path if path.rpartition(".")[0] in SPACES else f"mindspore.{path}"
        known = {p: (status, note) for p, status, note in self.rows}
        if wanted not in known:
            raise KeyError(
                f"MindSpore {self.version} has no name '{path}'.{did_you_mean(wanted, known)}"
            )
        return known[wanted]

    def __repr__(self) -> str:
        lines = [f"MindSpore {self.version}: names that work here, each used by a test"]
        for space in SPACES:
            n = self.counts(space)
            lines.append(
                f"  {space:<32}{n['supported']:>5} supported {n['differs']:>3} differ "
                f"{n['not here']:>4} not here {n['not yet']:>4} not yet"
            )
        lines.append("One name: mslearn.support('ops.matmul'). All of them: docs/support.md.")
        return "\n".join(lines)


def support(name: str | None = None) -> Support | str:
    """The support table, or one line about `name`, such as ``"ops.matmul"`` or ``"nn.Dense"``.

    Raises:
        KeyError: MindSpore has no such name; the message suggests a near one.

    >>> import mslearn as ms
    >>> ms.support("ops.matmul")
    "ops.matmul: supported (equal to MindSpore's recorded results)"
    """
    table = Support()
    if name is None:
        return table
    status, note = table[name]
    return f"{name}: {status}" + (f" ({note})" if note else "")


def render() -> str:
    """The table as Markdown."""
    table = Support()
    lines = [
        "# Which of MindSpore's names are supported",
        "",
        f"Made by `tools/make_support_table.py`; do not edit. Names: MindSpore {table.version}.",
        "A name is *supported* only when a test uses it and passes; names in **bold** are used in",
        "cases whose results are compared with those recorded from real MindSpore. A name may",
        "have arguments that no test has tried. *Not here* are names that make no sense on one CPU",
        "or outside MindSpore, each with the reason; *not yet* is what is still missing.",
        "",
        "| | supported | differs | not here | not yet |",
        "|---|---|---|---|---|",
    ]
    for space in SPACES:
        n = table.counts(space)
        counts = " | ".join(str(n[s]) for s in ("supported", "differs", "not here", "not yet"))
        lines.append(f"| `{space}` | {counts} |")
    for space in SPACES:
        rows = [
            (name, s, t)
            for path, s, t in table.rows
            for home, _, name in (path.rpartition("."),)
            if home == space
        ]
        works = [f"**{n}**" if t else n for n, s, t in rows if s == "supported"]
        lines += ["", f"## {space}", "", "Supported: " + ", ".join(works) + "."]
        differs = [f"- {n}: {t}." for n, s, t in rows if s == "differs"]
        if differs:
            lines += ["", "Differs on purpose:", "", *differs]
        away = {why: [n for n, _, t in rows if t == why] for why in NOT_HERE}
        told = [f"- {why}: {', '.join(names)}." for why, names in away.items() if names]
        if told:
            lines += ["", "Not here, and why:", "", *told]
        later = [n for n, s, _ in rows if s == "not yet"]
        lines += ["", "Not yet: " + (", ".join(later) or "none") + "."]
    return "\n".join(lines) + "\n"
