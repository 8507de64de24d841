"""Transforms for text (`mslearn.dataset.text`): vocabularies, tokenizers, n-grams, vectors.

Everything but three classes needs NumPy only: JiebaTokenizer needs jieba, SentencePieceTokenizer
and SentencePieceVocab need sentencepiece: ``pip install 'mslearn[data]'``.
"""

from mslearn.dataset.missing import missing as _missing
from mslearn.dataset.text.chinese import JiebaMode as JiebaMode
from mslearn.dataset.text.chinese import JiebaTokenizer as JiebaTokenizer
from mslearn.dataset.text.sentencepiece import SentencePieceModel as SentencePieceModel
from mslearn.dataset.text.sentencepiece import SentencePieceTokenizer as SentencePieceTokenizer
from mslearn.dataset.text.sentencepiece import SentencePieceVocab as SentencePieceVocab
from mslearn.dataset.text.sentencepiece import SPieceTokenizerLoadType as SPieceTokenizerLoadType
from mslearn.dataset.text.sentencepiece import SPieceTokenizerOutType as SPieceTokenizerOutType
from mslearn.dataset.text.sequences import AddToken as AddToken
from mslearn.dataset.text.sequences import Ngram as Ngram
from mslearn.dataset.text.sequences import SlidingWindow as SlidingWindow
from mslearn.dataset.text.sequences import Truncate as Truncate
from mslearn.dataset.text.sequences import TruncateSequencePair as TruncateSequencePair
from mslearn.dataset.text.strings import CaseFold as CaseFold
from mslearn.dataset.text.strings import FilterWikipediaXML as FilterWikipediaXML
from mslearn.dataset.text.strings import NormalizeForm as NormalizeForm
from mslearn.dataset.text.strings import NormalizeUTF8 as NormalizeUTF8
from mslearn.dataset.text.strings import PythonTokenizer as PythonTokenizer
from mslearn.dataset.text.strings import RegexReplace as RegexReplace
from mslearn.dataset.text.strings import ToNumber as ToNumber
from mslearn.dataset.text.strings import to_bytes as to_bytes
from mslearn.dataset.text.strings import to_str as to_str
from mslearn.dataset.text.tokenizers import BasicTokenizer as BasicTokenizer
from mslearn.dataset.text.tokenizers import RegexTokenizer as RegexTokenizer
from mslearn.dataset.text.tokenizers import UnicodeCharTokenizer as UnicodeCharTokenizer
from mslearn.dataset.text.tokenizers import UnicodeScriptTokenizer as UnicodeScriptTokenizer
from mslearn.dataset.text.tokenizers import WhitespaceTokenizer as WhitespaceTokenizer
from mslearn.dataset.text.vectors import CharNGram as CharNGram
from mslearn.dataset.text.vectors import FastText as FastText
from mslearn.dataset.text.vectors import GloVe as GloVe
from mslearn.dataset.text.vectors import ToVectors as ToVectors
from mslearn.dataset.text.vectors import Vectors as Vectors
from mslearn.dataset.text.vocab import BertTokenizer as BertTokenizer
from mslearn.dataset.text.vocab import Lookup as Lookup
from mslearn.dataset.text.vocab import Vocab as Vocab
from mslearn.dataset.text.vocab import WordpieceTokenizer as WordpieceTokenizer


def __getattr__(name: str) -> object:
    raise _missing(__name__, name, globals())
