"""Exceptions of MindRecord's reader and writer, by MindSpore's names."""

from __future__ import annotations


class MindRecordException(RuntimeError):
    """What all of them are; a RuntimeError, as MindSpore 2.10 raises in many of these cases."""


class PathNotExistsError(MindRecordException):
    """A file to be read does not exist."""


class ParamTypeError(MindRecordException):
    """An argument has the wrong type."""


class ParamValueError(MindRecordException):
    """An argument has a value that is not allowed."""


class MRMOpenError(MindRecordException):
    """A file is not MindRecord, or damaged."""


class MRMInvalidSchemaError(MindRecordException):
    """A schema breaks the format's rules."""


class MRMDefineIndexError(MindRecordException):
    """A field cannot be an index."""


class MRMValidateDataError(MindRecordException):
    """A row does not fit the schema."""


class MRMCommitError(MindRecordException):
    """The files could not be finished."""


class MRMFetchDataError(MindRecordException):
    """A row cannot be read."""
