"""MindSpore's data pipeline: files and Python objects in, batches of tensors out.

>>> import mslearn.dataset as ds
>>> train = ds.MnistDataset(ds.prepare("mnist") / "train")
>>> train.get_dataset_size()
2000
"""

from mslearn.dataset import audio as audio
from mslearn.dataset import config as config
from mslearn.dataset import text as text
from mslearn.dataset import transforms as transforms
from mslearn.dataset import vision as vision
from mslearn.dataset.base import Dataset as Dataset
from mslearn.dataset.batching import BatchDataset as BatchDataset
from mslearn.dataset.batching import BatchInfo as BatchInfo
from mslearn.dataset.bundled import prepare as prepare
from mslearn.dataset.callbacks import DSCallback as DSCallback
from mslearn.dataset.callbacks import WaitedDSCallback as WaitedDSCallback
from mslearn.dataset.combining import ConcatDataset as ConcatDataset
from mslearn.dataset.combining import ProjectDataset as ProjectDataset
from mslearn.dataset.combining import RenameDataset as RenameDataset
from mslearn.dataset.combining import ZipDataset as ZipDataset
from mslearn.dataset.combining import zip_datasets as zip  # noqa: F401 - MindSpore's name
from mslearn.dataset.config import ErrorSamplesMode as ErrorSamplesMode
from mslearn.dataset.config import set_seed as set_seed
from mslearn.dataset.generator import GeneratorDataset as GeneratorDataset
from mslearn.dataset.generator import NumpySlicesDataset as NumpySlicesDataset
from mslearn.dataset.iterators import DictIterator as DictIterator
from mslearn.dataset.iterators import TupleIterator as TupleIterator
from mslearn.dataset.mapping import FilterDataset as FilterDataset
from mslearn.dataset.mapping import MapDataset as MapDataset
from mslearn.dataset.mnist import FashionMnistDataset as FashionMnistDataset
from mslearn.dataset.mnist import KMnistDataset as KMnistDataset
from mslearn.dataset.mnist import MnistDataset as MnistDataset
from mslearn.dataset.ordering import RepeatDataset as RepeatDataset
from mslearn.dataset.ordering import ShuffleDataset as ShuffleDataset
from mslearn.dataset.ordering import SkipDataset as SkipDataset
from mslearn.dataset.ordering import TakeDataset as TakeDataset
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
