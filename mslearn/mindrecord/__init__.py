"""MindRecord: MindSpore's file format for data sets, read and written.

>>> import mslearn.mindrecord as mr
>>> mr.SUCCESS
'SUCCESS'
"""

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
