"""The 25 days of the camp: the one list that the sidebar, the progress file and the lessons share.

A day is *available* when its notebook is there in both languages, so the list never promises more
than the reader can open. Nothing here imports the engine: the server extension reads this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Day:
    """One day: number, file-name stem, a title per language, and how many exercises it has."""

    number: int
    slug: str
    en: str
    zh: str
    exercises: int = 0

    @property
    def id(self) -> str:
        return f"day{self.number:02d}"

    @property
    def exercise_ids(self) -> tuple[str, ...]:
        return tuple(f"d{self.number:02d}.e{k}" for k in range(1, self.exercises + 1))

    def path(self, language: str) -> str:
        """Notebook path below the lessons folder, with forward slashes on every system."""
        return f"{language}/{self.id}_{self.slug}.ipynb"


DAYS: tuple[Day, ...] = (
    Day(1, "quick_start", "Quick start", "快速入门", exercises=4),
    Day(2, "tensors", "Tensors", "张量", exercises=4),
    Day(3, "datasets", "Data sets", "数据集", exercises=4),
    Day(4, "transforms", "Transforms", "数据变换", exercises=4),
    Day(5, "networks", "Building networks", "网络构建", exercises=4),
    Day(6, "autodiff", "Functional autodiff", "函数式自动微分", exercises=4),
    Day(7, "training", "Training a model", "模型训练", exercises=4),
    Day(8, "save_load", "Save, load, MindIR and ONNX", "保存、加载与导出", exercises=4),
    Day(9, "static_graphs", "Faster with static graphs", "静态图加速", exercises=4),
    Day(10, "from_pytorch", "Coming from PyTorch", "从 PyTorch 迁移"),
    Day(11, "losses_optimizers", "Your own losses and optimizers", "自定义损失与优化器"),
    Day(12, "visual_debugging", "Debugging by eye", "可视化调试"),
    Day(13, "knn", "Wine and its nearest neighbours", "KNN 红酒分类"),
    Day(14, "lenet", "LeNet reads digits", "LeNet 手写数字识别"),
    Day(15, "resnet", "ResNet and residuals", "ResNet 图像分类"),
    Day(16, "transfer", "Transfer learning", "迁移学习"),
    Day(17, "fcn", "FCN: a label for every pixel", "FCN 语义分割"),
    Day(18, "ssd", "SSD: find and box", "SSD 目标检测"),
    Day(19, "vit", "Vision Transformer", "ViT 图像分类"),
    Day(20, "rnn_sentiment", "Sentiment with an RNN", "RNN 情感分类"),
    Day(21, "lstm_crf", "LSTM + CRF sequence labelling", "LSTM+CRF 序列标注"),
    Day(22, "gpt", "A small GPT", "小型 GPT"),
    Day(23, "dcgan", "DCGAN: two networks at play", "DCGAN 图像生成"),
    Day(24, "diffusion", "Diffusion from noise", "扩散模型"),
    Day(25, "distributed_deployment", "Many processes, and out the door", "分布式训练与部署"),
)


def day(number: int | str) -> Day:
    """The day with this number (``1``) or id (``"day01"``).

    Raises:
        KeyError: there is no such day; the message says which there are.

    Example:
        >>> day("day01").slug
        'quick_start'
    """
    for entry in DAYS:
        if number == entry.number or number == entry.id:
            return entry
    raise KeyError(f"there is no camp day {number!r}; days run from 1 to {len(DAYS)} (day01…)")


def lessons_root() -> Path:
    """Where the notebooks are: ``MSLEARN_LESSONS``, the wheel's copy, or the checkout's."""
    chosen = os.environ.get("MSLEARN_LESSONS")
    if chosen:
        return Path(chosen)
    package = Path(__file__).resolve().parents[1]
    in_wheel = package / "_lessons"
    return in_wheel if in_wheel.is_dir() else package.parent / "lessons"


def days(root: Path | None = None) -> list[dict[str, Any]]:
    """The 25 days as plain JSON-able dicts, in order.

    Args:
        root: folder that holds ``en/`` and ``zh/``; default :func:`lessons_root`.

    Example:
        >>> days()[0]["title"]["en"]
        'Quick start'
    """
    root = lessons_root() if root is None else Path(root)
    return [
        {
            "day": entry.number,
            "id": entry.id,
            "title": {"en": entry.en, "zh": entry.zh},
            "available": all((root / entry.path(lang)).is_file() for lang in LANGUAGES),
            "path": {lang: entry.path(lang) for lang in LANGUAGES},
            "exercises": list(entry.exercise_ids),
        }
        for entry in DAYS
    ]
