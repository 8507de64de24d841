"""MindRecord: MindSpore's file format for data sets, read and written.

>>> import mslearn.mindrecord as mr
>>> mr.SUCCESS
'SUCCESS'
"""

import importlib as _importlib

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.mindrecord.errors import MindRecordException as MindRecordException
from mslearn.mindrecord.errors import MRMCommitError as MRMCommitError
from mslearn.mindrecord.errors import MRMDefineIndexError as MRMDefineIndexError
from mslearn.mindrecord.errors import MRMFetchDataError as MRMFetchDataError
from mslearn.mindrecord.errors import MRMInvalidSchemaError as MRMInvalidSchemaError
from mslearn.mindrecord.errors import MRMOpenError as MRMOpenError
from mslearn.mindrecord.errors import MRMValidateDataError as MRMValidateDataError
from mslearn.mindrecord.errors import ParamTypeError as ParamTypeError
from mslearn.mindrecord.errors import ParamValueError as ParamValueError
from mslearn.mindrecord.errors import PathNotExistsError as PathNotExistsError
from mslearn.mindrecord.reader import FileReader as FileReader
from mslearn.mindrecord.reader import MindPage as MindPage
from mslearn.mindrecord.writer import FileWriter as FileWriter

SUCCESS = "SUCCESS"
FAILED = "FAILED"

_CONVERSIONS = (
    "Cifar10ToMR", "Cifar100ToMR", "CsvToMR", "ImageNetToMR", "MnistToMR", "TFRecordToMR",
)  # fmt: skip
_REFUSED = {
    **dict.fromkeys(
        ("set_enc_key", "set_enc_mode", "set_dec_mode"),
        "files are written open; keep them where only you can read",
    ),
}


def __getattr__(name: str) -> object:
    if name in _CONVERSIONS:
        return getattr(_importlib.import_module("mslearn.dataset.converting"), name)
    if name in _REFUSED:
        raise AttributeError(f"mslearn.mindrecord has no '{name}': {_REFUSED[name]}.")
    known = [*_CONVERSIONS, *(n for n in globals() if not n.startswith("_"))]
    raise AttributeError(
        f"module 'mslearn.mindrecord' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
