"""`Model`: train, evaluate and predict without writing the loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mslearn.nn.cell import Cell
from mslearn.train.callback.base import Callbacks, RunArgs, RunContext
from mslearn.train.metrics import Loss, get_metrics
from mslearn.train.steps import TrainOneStepCell, WithEvalCell, WithLossCell

_MANAGER = "loss_scale_manager"
_OPTIONS = (_MANAGER, "keep_batchnorm_fp32", "boost_config_dict", "acc_level")


class Model:
    """A network with what it needs to be trained and judged.

    Args:
        network: the Cell. Without `loss_fn` it must return the loss itself.
        loss_fn: loss of (outputs, label).
        optimizer: made with ``network.trainable_params()``. Without one the network must make
            its own step.
        metrics: names such as ``{"accuracy", "loss"}``, or a dict from a name to a Metric.
        eval_network: evaluates instead of `network`; returns (loss, outputs, label).
        eval_indexes: where in these three loss, outputs and label stand.
        amp_level: ``"O0"``: train in the network's own types; ``"O1"`` to ``"O3"``: in float16 as
            far as `amp.auto_mixed_precision` says. O2 scales the loss dynamically.
        boost_level: accepted; nothing is accelerated that way here.
        kwargs: `loss_scale_manager`, a `LossScaleManager`; `keep_batchnorm_fp32`, whether
            normalization stays in float32 at O2 and O3.

    >>> import mslearn as ms
    >>> net = ms.nn.Dense(2, 3)
    >>> optimizer = ms.nn.SGD(net.trainable_params(), 0.1)
    >>> model = ms.Model(net, ms.nn.CrossEntropyLoss(), optimizer, {"accuracy"})
    """

    def __init__(
        self,
        network: Cell,
        loss_fn: Any = None,
        optimizer: Any = None,
        metrics: Any = None,
        eval_network: Cell | None = None,
        eval_indexes: list[int] | None = None,
        amp_level: str = "O0",
        boost_level: str = "O0",
        **kwargs: Any,
    ) -> None:
        for name, cell in (("network", network), ("eval_network", eval_network)):
            if not isinstance(cell, Cell) and not (name == "eval_network" and cell is None):
                raise TypeError(
                    f"The type of '{name}' should be 'Cell', but got type '{type(cell).__name__}'."
                )
        for name in kwargs:
            if name not in _OPTIONS:
                raise ValueError(
                    f"The argument in 'kwargs' should be 'loss_scale_manager' or "
                    f"'keep_batchnorm_fp32' or 'boost_config_dict' or 'acc_level', but got "
                    f"'{name}'."
                )
        if loss_fn is not None and not callable(loss_fn):
            raise TypeError(
                f"For 'Model', loss_fn must be a Cell or a function, but got "
                f"'{type(loss_fn).__name__}'. Pass the made loss: nn.CrossEntropyLoss()."
            )
        if optimizer is not None and not hasattr(optimizer, "parameters"):
            raise TypeError(
                f"The type of 'optimizer' should be one of '['Optimizer']', but got type "
                f"'{type(optimizer).__name__}'. Make one: nn.SGD(network.trainable_params(), 0.1)."
            )
        if amp_level not in ("O0", "O1", "O2", "O3", "auto"):
            raise ValueError(
                f"For 'Model', amp_level must be 'O0', 'O1', 'O2', 'O3' or 'auto', but got "
                f"{amp_level!r}."
            )
        if boost_level not in ("O0", "O1", "O2"):
            raise ValueError(
                f"For 'Model', boost_level must be 'O0', 'O1' or 'O2', but got {boost_level!r}."
            )
        self._network, self._loss_fn, self._optimizer = network, loss_fn, optimizer
        chosen = {n: v for n, v in kwargs.items() if n in ("keep_batchnorm_fp32", _MANAGER)}
        self._lowered, self._manager = network, kwargs.get(_MANAGER)
        if amp_level != "O0" or chosen.get("keep_batchnorm_fp32") is not None:
            from mslearn.amp.precision import prepare

            self._lowered, self._manager = prepare(network, amp_level, chosen)
        self._metrics = get_metrics(metrics)
        self._train_network = self._step()
        if eval_network is None and loss_fn is not None:
            eval_network = WithEvalCell(self._lowered, loss_fn)
        self._eval_network = eval_network or self._lowered
        self._places = self._eval_places(eval_indexes)

    def _step(self) -> Cell:
        network: Cell = self._lowered
        if self._loss_fn is not None:
            network = WithLossCell(network, self._loss_fn)
        if self._optimizer is None:
            return network
        return TrainOneStepCell(network, self._optimizer, self._manager)

    @staticmethod
    def _eval_places(indexes: list[int] | None) -> list[int]:
        if indexes is None:
            return [0, 1, 2]
        if not isinstance(indexes, list) or len(indexes) != 3:
            raise ValueError(
                f"For 'Model', eval_indexes must be a list of three numbers, the places of loss, "
                f"outputs and label, but got {indexes!r}."
            )
        return indexes

    @property
    def train_network(self) -> Cell:
        """The Cell that makes one step."""
        return self._train_network

    @property
    def eval_network(self) -> Cell:
        """The Cell that evaluates one batch."""
        return self._eval_network

    @property
    def predict_network(self) -> Cell:
        """The Cell that predicts."""
        return self._lowered

    # -- training -------------------------------------------------------------------------------

    def train(
        self,
        epoch: int,
        train_dataset: Any,
        callbacks: Any = None,
        dataset_sink_mode: bool = False,
        sink_size: int = -1,
        initial_epoch: int = 0,
    ) -> None:
        """Go through the data set `epoch` times, a step for each row (after `batch`: a batch).

        Args:
            epoch: the number of the last epoch.
            train_dataset: rows of data and label; of whatever the network takes without a loss.
            callbacks: a Callback or a list of them.
            dataset_sink_mode: accepted; rows are never sent ahead here.
            sink_size: with `dataset_sink_mode`, so many steps count as an epoch; -1: all.
            initial_epoch: begin after this epoch.

        Raises:
            ValueError: a number makes no sense. TypeError: something that is no Callback.
        """
        size = sink_size if dataset_sink_mode else -1
        self._run(epoch, train_dataset, callbacks, size, initial_epoch, None)

    def fit(
        self,
        epoch: int,
        train_dataset: Any,
        valid_dataset: Any = None,
        valid_frequency: int | list[int] = 1,
        callbacks: Any = None,
        dataset_sink_mode: bool = False,
        valid_dataset_sink_mode: bool = False,
        sink_size: int = -1,
        initial_epoch: int = 0,
    ) -> None:
        """As `train`, and evaluate on `valid_dataset` every `valid_frequency` epochs.

        `valid_frequency` may also be the list of the epochs after which to evaluate.
        """
        if valid_dataset is not None and not self._metrics:
            raise ValueError(
                "For Model.fit, the model argument 'metrics' can not be None or empty when there "
                "is a valid_dataset. Set it: Model(…, metrics={'accuracy'})."
            )
        if not isinstance(valid_frequency, list):
            _positive("valid_frequency", valid_frequency)
        size = sink_size if dataset_sink_mode else -1
        after = None if valid_dataset is None else (valid_dataset, valid_frequency)
        self._run(epoch, train_dataset, callbacks, size, initial_epoch, after)

    def _run(
        self,
        epoch: int,
        dataset: Any,
        callbacks: Any,
        sink_size: int,
        initial_epoch: int,
        valid: tuple[Any, Any] | None,
    ) -> None:
        _positive("epoch", epoch)
        if initial_epoch < 0 or initial_epoch >= epoch:
            raise ValueError(
                f"For 'Model.train', initial_epoch must lie from 0 to epoch - 1 = {epoch - 1}, but "
                f"got {initial_epoch}."
            )
        if sink_size != -1:
            _positive("sink_size", sink_size)
        notify = Callbacks(callbacks)
        args = self._args(dataset, notify, "train")
        steps = args.batch_num if sink_size == -1 else sink_size
        args.update(
            train_network=self._train_network, loss_fn=self._loss_fn, optimizer=self._optimizer,
            epoch_num=epoch - initial_epoch, batch_num=steps, train_dataset=dataset,
            train_dataset_element=None, initial_step=0, last_save_ckpt_step=None,
            latest_ckpt_file=None, device_number=1, parallel_mode="stand_alone",
            loss_scale_mananger=self._manager,
        )  # fmt: skip
        with notify:
            self._epochs(args, notify, range(initial_epoch + 1, epoch + 1), sink_size, valid)

    def _epochs(
        self,
        args: RunArgs,
        notify: Callbacks,
        epochs: range,
        sink_size: int,
        valid: tuple[Any, Any] | None,
    ) -> None:
        context = RunContext(args)
        # One iterator for all epochs: each shuffles anew, and worker processes stay.
        rows = args.train_dataset.create_tuple_iterator(
            num_epochs=len(epochs) if sink_size == -1 else -1
        )
        steps = None if sink_size == -1 else _endless(rows)
        notify("on_train_begin", context)
        for number in epochs:
            args.cur_epoch_num = number
            self._train_network.set_train(True)
            notify("on_train_epoch_begin", context)
            one = rows if steps is None else (next(steps) for _ in range(sink_size))
            for row in one:
                args.cur_step_num += 1
                args.train_dataset_element = row
                notify("on_train_step_begin", context)
                args.net_outputs = self._train_network(*row)
                notify("on_train_step_end", context)
                if context.get_stop_requested():
                    break
            if valid is not None and _due(number, valid[1]):
                self._evaluate_between(args, valid[0], notify)
            notify("on_train_epoch_end", context)
            for found in ("metrics", "eval_results"):  # they belong to this epoch alone
                args.pop(found, None)
            if context.get_stop_requested():
                break
        notify("on_train_end", context)

    def _args(self, dataset: Any, notify: Callbacks, mode: str) -> RunArgs:
        if not hasattr(dataset, "get_dataset_size"):
            raise TypeError(
                f"For 'Model', a data set of mslearn.dataset is wanted, but got "
                f"'{type(dataset).__name__}'. Lists become one with GeneratorDataset."
            )
        batches = dataset.get_dataset_size()
        if not batches:
            raise ValueError("For 'Model', the data set has no rows.")
        return RunArgs(
            network=self._network, mode=mode, batch_num=batches, cur_step_num=0,
            list_callback=notify.all, dataset_sink_mode=False,
        )  # fmt: skip

    # -- evaluation -----------------------------------------------------------------------------

    def eval(
        self, valid_dataset: Any, callbacks: Any = None, dataset_sink_mode: bool = False
    ) -> dict[str, Any]:
        """The metrics over a data set, by name.

        Raises:
            ValueError: the model has no metrics.
        """
        if not self._metrics:
            raise ValueError(
                "For Model.eval, the model argument 'metrics' can not be None or empty, you should "
                "set the argument 'metrics' for model."
            )
        with Callbacks(callbacks) as notify:
            args = self._args(valid_dataset, notify, "eval")
            self._evaluate(args, valid_dataset, notify)
        results: dict[str, Any] = args.metrics
        return results

    def _evaluate_between(self, args: RunArgs, dataset: Any, notify: Callbacks) -> None:
        """Evaluate between two epochs; the metrics are known until the epoch's end."""
        before = {n: args[n] for n in ("mode", "batch_num", "cur_step_num", "net_outputs")}
        args.update(mode="eval", batch_num=dataset.get_dataset_size(), cur_step_num=0)
        self._evaluate(args, dataset, Callbacks(notify.custom()), Loss())
        args.update(before)
        self._train_network.set_train(True)

    def _evaluate(
        self, args: RunArgs, dataset: Any, notify: Callbacks, loss: Loss | None = None
    ) -> None:
        args.update(eval_network=self._eval_network, valid_dataset=dataset)
        context = RunContext(args)
        for metric in self._metrics.values():
            metric.clear()
        self._eval_network.set_train(False)
        notify("on_eval_begin", context)
        notify("on_eval_epoch_begin", context)
        for row in _rows(dataset):
            args.cur_step_num += 1
            args.eval_dataset_element = row
            notify("on_eval_step_begin", context)
            outputs = self._eval_network(*row)
            args.net_outputs = outputs
            notify("on_eval_step_end", context)
            self._update(outputs, loss)
            if context.get_stop_requested():
                break
        notify("on_eval_epoch_end", context)
        args.metrics = {name: metric.eval() for name, metric in self._metrics.items()}
        if loss is not None:
            args.eval_results = {**args.metrics, "eval_loss": loss.eval()}
        notify("on_eval_end", context)

    def _update(self, outputs: Any, loss: Loss | None) -> None:
        values = outputs if isinstance(outputs, tuple | list) else (outputs,)
        if loss is not None:
            loss.update(values[self._places[0]])
        for name, metric in self._metrics.items():
            if metric.indexes is not None:
                metric.update(*values)
                continue
            places = self._places[:1] if isinstance(metric, Loss) else self._places[1:]
            if max(places) >= len(values):
                raise ValueError(
                    f"For 'Model.eval', metric '{name}' needs the outputs {places} of the "
                    f"evaluation network, which gave {len(values)}. Pass loss_fn, or an "
                    f"eval_network that returns (loss, outputs, label)."
                )
            metric.update(*(values[i] for i in places))

    # -- prediction -----------------------------------------------------------------------------

    def predict(self, *predict_data: Any, backend: Any = None, config: Any = None) -> Any:
        """What the network answers to these inputs.

        Raises:
            ValueError: `backend` asks for another program.
        """
        if backend is not None:
            raise ValueError(
                f"For 'Model.predict', only backend=None is here, but got {backend!r}: MindSpore "
                f"Lite is another program."
            )
        self._lowered.set_train(False)
        return self._lowered(*predict_data)

    def build(
        self,
        train_dataset: Any = None,
        valid_dataset: Any = None,
        sink_size: int = -1,
        epoch: int = 1,
        sink_mode: bool = True,
    ) -> None:
        """Kept for MindSpore: networks need no building here; the arguments are checked."""
        for dataset in (train_dataset, valid_dataset):
            if dataset is not None:
                self._args(dataset, Callbacks(None), "train")


def _rows(dataset: Any) -> Iterator[Any]:
    return iter(dataset.create_tuple_iterator(num_epochs=1))


def _endless(rows: Any) -> Iterator[Any]:
    while True:
        yield from rows


def _due(epoch: int, frequency: int | list[int]) -> bool:
    return epoch in frequency if isinstance(frequency, list) else epoch % frequency == 0


def _positive(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"For 'Model', {name} must be an int, but got '{type(value).__name__}'.")
    if value < 1:
        raise ValueError(
            f"The input value must be int and must > 0, but got '{value}' with type "
            f"'{type(value).__name__}'. (For 'Model', {name}.)"
        )
