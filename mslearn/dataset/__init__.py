"""MindSpore's data pipeline: files and Python objects in, batches of tensors out.

>>> import mslearn.dataset as ds
>>> train = ds.MnistDataset(ds.prepare("mnist") / "train")
>>> train.get_dataset_size()
2000
"""

from mslearn.dataset import audio as audio
from mslearn.dataset import config as config
from mslearn.dataset import debug as debug
from mslearn.dataset import text as text
from mslearn.dataset import transforms as transforms
from mslearn.dataset import vision as vision
from mslearn.dataset.base import Dataset as Dataset
from mslearn.dataset.batching import BatchDataset as BatchDataset
from mslearn.dataset.batching import BatchInfo as BatchInfo
from mslearn.dataset.bundled import prepare as prepare
from mslearn.dataset.caching import DatasetCache as DatasetCache
from mslearn.dataset.callbacks import DSCallback as DSCallback
from mslearn.dataset.celeba import CelebADataset as CelebADataset
from mslearn.dataset.cifar import Cifar10Dataset as Cifar10Dataset
from mslearn.dataset.cifar import Cifar100Dataset as Cifar100Dataset
from mslearn.dataset.coco import CocoDataset as CocoDataset
from mslearn.dataset.combining import ConcatDataset as ConcatDataset
from mslearn.dataset.combining import ProjectDataset as ProjectDataset
from mslearn.dataset.combining import RenameDataset as RenameDataset
from mslearn.dataset.combining import ZipDataset as ZipDataset
from mslearn.dataset.combining import zip_datasets as zip  # noqa: F401 - MindSpore's name
from mslearn.dataset.config import ErrorSamplesMode as ErrorSamplesMode
from mslearn.dataset.config import set_seed as set_seed
from mslearn.dataset.corpora import AGNewsDataset as AGNewsDataset
from mslearn.dataset.corpora import AmazonReviewDataset as AmazonReviewDataset
from mslearn.dataset.corpora import DBpediaDataset as DBpediaDataset
from mslearn.dataset.corpora import PennTreebankDataset as PennTreebankDataset
from mslearn.dataset.corpora import SogouNewsDataset as SogouNewsDataset
from mslearn.dataset.corpora import SST2Dataset as SST2Dataset
from mslearn.dataset.corpora import UDPOSDataset as UDPOSDataset
from mslearn.dataset.corpora import WikiTextDataset as WikiTextDataset
from mslearn.dataset.corpora import YahooAnswersDataset as YahooAnswersDataset
from mslearn.dataset.corpora import YelpReviewDataset as YelpReviewDataset
from mslearn.dataset.folders import ImageFolderDataset as ImageFolderDataset
from mslearn.dataset.generator import GeneratorDataset as GeneratorDataset
from mslearn.dataset.generator import NumpySlicesDataset as NumpySlicesDataset
from mslearn.dataset.iterators import DictIterator as DictIterator
from mslearn.dataset.iterators import TupleIterator as TupleIterator
from mslearn.dataset.listed import FlickrDataset as FlickrDataset
from mslearn.dataset.listed import IMDBDataset as IMDBDataset
from mslearn.dataset.listed import ManifestDataset as ManifestDataset
from mslearn.dataset.mapping import FilterDataset as FilterDataset
from mslearn.dataset.mapping import MapDataset as MapDataset
from mslearn.dataset.memory import PaddedDataset as PaddedDataset
from mslearn.dataset.memory import RandomDataset as RandomDataset
from mslearn.dataset.mind import MindDataset as MindDataset
from mslearn.dataset.missing import missing as _missing
from mslearn.dataset.mnist import EMnistDataset as EMnistDataset
from mslearn.dataset.mnist import FashionMnistDataset as FashionMnistDataset
from mslearn.dataset.mnist import KMnistDataset as KMnistDataset
from mslearn.dataset.mnist import MnistDataset as MnistDataset
from mslearn.dataset.mnist import QMnistDataset as QMnistDataset
from mslearn.dataset.ordering import RepeatDataset as RepeatDataset
from mslearn.dataset.ordering import ShuffleDataset as ShuffleDataset
from mslearn.dataset.ordering import SkipDataset as SkipDataset
from mslearn.dataset.ordering import TakeDataset as TakeDataset
from mslearn.dataset.padding import BucketBatchByLengthDataset as BucketBatchByLengthDataset
from mslearn.dataset.padding import PaddedBatchDataset as PaddedBatchDataset
from mslearn.dataset.sampled import MappableDataset as MappableDataset
from mslearn.dataset.sampler_choice import IterSampler as IterSampler
from mslearn.dataset.sampler_choice import Sampler as Sampler
from mslearn.dataset.samplers import BuiltinSampler as BuiltinSampler
from mslearn.dataset.samplers import DistributedSampler as DistributedSampler
from mslearn.dataset.samplers import PKSampler as PKSampler
from mslearn.dataset.samplers import RandomSampler as RandomSampler
from mslearn.dataset.samplers import SequentialSampler as SequentialSampler
from mslearn.dataset.samplers import Shuffle as Shuffle
from mslearn.dataset.samplers import SubsetRandomSampler as SubsetRandomSampler
from mslearn.dataset.samplers import SubsetSampler as SubsetSampler
from mslearn.dataset.samplers import WeightedRandomSampler as WeightedRandomSampler
from mslearn.dataset.schema import Schema as Schema
from mslearn.dataset.serializing import compare as compare
from mslearn.dataset.serializing import deserialize as deserialize
from mslearn.dataset.serializing import serialize as serialize
from mslearn.dataset.serializing import show as show
from mslearn.dataset.syncing import SyncWaitDataset as SyncWaitDataset
from mslearn.dataset.syncing import TransferDataset as TransferDataset
from mslearn.dataset.textfiles import CLUEDataset as CLUEDataset
from mslearn.dataset.textfiles import CoNLL2000Dataset as CoNLL2000Dataset
from mslearn.dataset.textfiles import CSVDataset as CSVDataset
from mslearn.dataset.textfiles import TextFileDataset as TextFileDataset
from mslearn.dataset.tfformat import TFRecordWriter as TFRecordWriter
from mslearn.dataset.tfrecord import TFRecordDataset as TFRecordDataset
from mslearn.dataset.voc import VOCDataset as VOCDataset
from mslearn.dataset.waiting import WaitedDSCallback as WaitedDSCallback


def __getattr__(name: str) -> object:
    raise _missing(__name__, name, globals())
