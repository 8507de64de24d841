"""What `mslearn.dataset` and its modules say about a name that they do not have."""

from __future__ import annotations

from collections.abc import Iterable

from mslearn.core.errors import did_you_mean

_COLLECTIONS = (
    "CMUArctic", "Caltech101", "Caltech256", "Cityscapes", "DIV2K", "EnWik9", "FakeImage",
    "Flowers102", "Food101", "GTZAN", "IWSLT2016", "IWSLT2017", "KITTI", "LFW", "LJSpeech", "LSUN",
    "LibriTTS", "Multi30k", "Omniglot", "PhotoTour", "Places365", "RenderedSST2", "SB", "SBU",
    "SQuAD", "STL10", "SUN397", "SVHN", "Semeion", "SpeechCommands", "Tedlium", "USPS", "WIDERFace",
    "YesNo",
)  # fmt: skip
_GRAPHS = (
    "MindSpore 2.10 does not have it any more; write a class with __getitem__ that gives a "
    "graph's arrays, and read it with GeneratorDataset"
)
_VIDEO = (
    "it decodes videos, which needs FFmpeg; take the frames out with a program of yours and read "
    "them with ImageFolderDataset or GeneratorDataset"
)

REASONS: dict[str, str] = {
    **{
        f"{name}Dataset": "it reads one published collection; images in a folder for each class "
        "are read by ImageFolderDataset, everything else by GeneratorDataset and a class of yours"
        for name in _COLLECTIONS
    },
    **dict.fromkeys(("InMemoryGraphDataset", "ArgoverseDataset", "GraphData", "Graph"), _GRAPHS),
    **dict.fromkeys(("DecodeVideo", "VideoDecoder", "read_video", "read_video_timestamps"), _VIDEO),
    "OBSMindDataset": "it reads from Huawei Cloud's object storage; copy the files and use "
    "MindDataset",
    "sync_wait_for_dataset": "it lines up many devices, and mslearn computes on one",
}


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for `module.name`: a reason, or the name that may be meant."""
    if name in REASONS:
        return AttributeError(f"{module} has no '{name}': {REASONS[name]}.")
    public = [n for n in known if not n.startswith("_")]
    return AttributeError(
        f"module '{module}' has no attribute '{name}'.{did_you_mean(name, public)}"
    )
