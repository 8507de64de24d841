"""Vocabularies, word vectors, jieba and SentencePiece; bad arguments say what is wrong."""

import sys

import jieba
import numpy as np
import pytest
import regex

import mslearn as ms
import mslearn.dataset as ds
from mslearn.dataset import text
from mslearn.dataset.text.scripts import script


def words(*rows):
    return ds.GeneratorDataset([(np.array(r),) for r in rows], ["t"], shuffle=False)


# What real MindSpore 2.10 gave for the same calls.
def test_vocab_from_everything(tmp_path):
    vocab = text.Vocab.from_list(["a", "b", "c"], ["<pad>", "<unk>"], True)
    assert vocab.vocab() == {"<pad>": 0, "<unk>": 1, "a": 2, "b": 3, "c": 4}
    assert vocab.tokens_to_ids("a") == 2
    assert vocab.tokens_to_ids(["a", "zz"]) == [2, -1]
    assert vocab.ids_to_tokens(1) == "<unk>"
    assert vocab.ids_to_tokens([0, 9]) == ["<pad>", ""]
    assert text.Vocab.from_dict({"a": 1, "b": 1}).vocab() == {"a": 1, "b": 1}
    path = tmp_path / "vocab.txt"
    path.write_text("x,1\ny,2\nz\nz2\n\n", encoding="utf-8")
    assert text.Vocab.from_file(str(path)).vocab() == {"x,1": 0, "y,2": 1, "z": 2, "z2": 3, "": 4}
    found = text.Vocab.from_file(str(path), ",").vocab()
    assert found == {"x": 0, "y": 1, "z": 2, "z2": 3, "": 4}
    assert text.Vocab.from_file(str(path), vocab_size=2).vocab() == {"x,1": 0, "y,2": 1}
    found = text.Vocab.from_file(str(path), special_tokens=["<p>"], special_first=False)
    assert found.tokens_to_ids("<p>") == 5


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, "a b e c d"),
        ({"freq_range": (2, 3)}, "a b e"),
        ({"freq_range": (None, 1)}, "c d"),
        ({"top_k": 2}, "a b"),
        ({"special_tokens": ["<p>"]}, "<p> a b e c d"),
        ({"special_tokens": ["<p>"], "special_first": False}, "a b e c d <p>"),
    ],
)
def test_vocab_from_dataset(options, wanted):
    data = words(["a", "b", "a"], ["c", "a", "b"], ["d", "e", "e"])
    vocab = text.Vocab.from_dataset(data, ["t"], **options).vocab()
    assert vocab == {word: i for i, word in enumerate(wanted.split())}


def test_sentence_to_numbers_in_a_pipeline():
    data = ds.NumpySlicesDataset(["Deep learning", "deep sea"], ["t"], shuffle=False)
    data = data.map([text.CaseFold(), text.WhitespaceTokenizer()], "t")
    vocab = text.Vocab.from_dataset(data, "t", special_tokens=["<pad>", "<unk>"])
    data = data.map([text.Lookup(vocab, "<unk>"), text.Truncate(1)], "t").batch(2)
    ((found,),) = data.create_tuple_iterator(output_numpy=True, num_epochs=1)
    assert found.tolist() == [[2], [2]] and found.dtype == np.int32


@pytest.mark.parametrize(
    ("kind", "name"),
    [(text.Vectors, "v.txt"), (text.GloVe, "glove.6B.3d.txt"), (text.FastText, "wiki.vec")],
)
def test_vectors(tmp_path, kind, name):
    path = tmp_path / name
    path.write_text("2 3\nthe 1 2 3\nof 4 5 6\n", encoding="utf-8")
    op = text.ToVectors(kind.from_file(str(path)), [9.0, 9.0, 9.0], True)
    assert op(["The", "of", "zz"]).tolist() == [[1, 2, 3], [4, 5, 6], [9, 9, 9]]
    assert kind.from_file(str(path), 1).lookup("of") is None
    (tmp_path / f"bad-{name}").write_text("a 1 2\nb 1\n")
    with pytest.raises(RuntimeError, match=r"line 2|need a file named"):
        kind.from_file(str(tmp_path / f"bad-{name}"))
    with pytest.raises(RuntimeError, match=r"cannot read|need a file named"):
        kind.from_file(str(tmp_path / f"none-{name}"))


def test_char_n_gram_is_a_mean(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("2gram-#BEGIN#h 1 1\n2gram-hi 3 5\n4gram-zzzz 9 9\n")
    vectors = text.CharNGram.from_file(str(path))
    assert text.ToVectors(vectors)("hi").tolist() == [2, 3]
    assert text.ToVectors(vectors)("x").tolist() == [0, 0]


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory):
    """A small dictionary in jieba's format."""
    path = tmp_path_factory.mktemp("jieba") / "dict.txt"
    lines = [
        "今天 1000",
        "天气 800",
        "天 300",
        "太好了 500",
        "好 400",
        "我们 900",
        "去 900",
        "公园 300",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_jieba(dictionary):
    op = text.JiebaTokenizer(dictionary, dictionary, text.JiebaMode.MP)
    assert op("今天天气太好了我们去公园").tolist() == [
        "今天",
        "天气",
        "太好了",
        "我们",
        "去",
        "公园",
    ]
    assert op("深度学习").tolist() == ["深", "度", "学", "习"]
    op.add_word("深度学习", 5000)
    op.add_dict({"男默女泪": 10})
    assert op("深度学习男默女泪").tolist() == ["深度学习", "男默女泪"]
    op = text.JiebaTokenizer(dictionary, dictionary, with_offsets=True)
    tokens, starts, stops = op("我们去公园")
    assert tokens.tolist() == ["我们", "去", "公园"]
    assert starts.tolist() == [0, 6, 9] and stops.tolist() == [6, 9, 15]
    hmm = text.JiebaTokenizer(dictionary, dictionary, text.JiebaMode.HMM)
    assert "".join(hmm("今天天气太好了")) == "今天天气太好了"
    assert jieba.__version__


def test_jieba_user_file(dictionary, tmp_path):
    path = tmp_path / "user.txt"
    path.write_text("深度学习 9000\n公园里\n", encoding="utf-8")
    op = text.JiebaTokenizer(dictionary, dictionary, text.JiebaMode.MP)
    op.add_dict(str(path))
    assert op("深度学习").tolist() == ["深度学习"]
    path.write_text("a b c\n")
    with pytest.raises(ValueError, match="line 1"):
        op.add_dict(str(path))


def test_sentence_piece(tmp_path):
    lines = ["the cat sat on the mat", "a dog ran after the cat", "cats and dogs like the mat"] * 20
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    vocab = text.SentencePieceVocab.from_file([str(path)], 40, 1.0, text.SentencePieceModel.BPE, {})
    pieces = text.SentencePieceTokenizer(vocab, text.SPieceTokenizerOutType.STRING)("the cat sat")
    assert "".join(pieces).replace("\u2581", " ").strip() == "the cat sat"
    text.SentencePieceVocab.save_model(vocab, str(tmp_path), "m.model")
    numbers = text.SentencePieceTokenizer(
        str(tmp_path / "m.model"), text.SPieceTokenizerOutType.INT
    )("the cat sat")
    assert numbers.dtype == np.int32 and len(numbers) == len(pieces)
    data = ds.NumpySlicesDataset(lines, ["t"], shuffle=False)
    kind = text.SentencePieceModel.UNIGRAM
    other = text.SentencePieceVocab.from_dataset(data, ["t"], 24, 0.9995, kind, {})
    op = text.SentencePieceTokenizer(other, text.SPieceTokenizerOutType.INT)
    ((first,), *_) = data.map(op, "t").create_tuple_iterator(output_numpy=True, num_epochs=1)
    assert first.tolist() == op(lines[0]).tolist()
    with pytest.raises(RuntimeError, match="training failed"):
        text.SentencePieceVocab.from_file([str(path)], 9000, 1.0, kind, {})
    with pytest.raises(RuntimeError, match="cannot load"):
        text.SentencePieceTokenizer(str(path), text.SPieceTokenizerOutType.INT)("a")


def test_preserved_tokens_come_once():
    op = text.BasicTokenizer(lower_case=True)
    assert op("[CLS] Hello World [SEP]").tolist() == ["[CLS]", "hello", "world", "[SEP]"]


def test_regex_replace_works_on_each_string():
    assert text.RegexReplace("e", "E")(["one", "two", "three"]).tolist() == ["onE", "two", "thrEE"]


LETTERS = {
    "Latin": "41-250",
    "Greek": "386-3e2",
    "Cyrillic": "400-480",
    "Han": "4e00-9fff 3400-4dbf 2e80-2e99",
    "Hiragana": "3041-3096",
    "Katakana": "30a1-30fa",
    "Hangul": "ac00-d7a3",
    "Arabic": "620-63f",
    "Hebrew": "5d0-5ea",
    "Thai": "e01-e3a",
    "Common": "20-40 2000-2040",
}


@pytest.mark.parametrize("name", LETTERS)
def test_scripts_agree_with_unicode_tables(name):
    table = regex.compile(rf"\p{{Script={name}}}")
    spans = [[int(end, 16) for end in span.split("-")] for span in LETTERS[name].split()]
    characters = [chr(c) for span in spans for c in range(*span) if chr(c).isprintable()]
    assert [(script(c) == name.upper()) for c in characters] == [
        bool(table.match(c)) for c in characters
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: text.Vocab.from_list(["a", "a"]), ValueError, "duplicate word: a"),
        (lambda: text.Vocab.from_list(["a"], ["a"]), ValueError, "both contain"),
        (lambda: text.Vocab.from_list("a"), TypeError, "word_list"),
        (lambda: text.Vocab.from_dict({"a": -1}), ValueError, "word_id"),
        (lambda: text.Vocab.from_file("/none/x"), RuntimeError, "cannot read"),
        (lambda: text.Vocab().vocab(), RuntimeError, "not been built"),
        (lambda: text.Lookup("x"), TypeError, "text.Vocab"),
        (lambda: text.Lookup(text.Vocab.from_list(["a"]))("b"), RuntimeError, "unknown_token"),
        (lambda: text.Lookup(text.Vocab.from_list(["a"]), "u")("b"), RuntimeError, "no known"),
        (lambda: text.WhitespaceTokenizer()(["a b", "c"]), RuntimeError, "before batch"),
        (lambda: text.WhitespaceTokenizer()(np.array(3)), RuntimeError, "must be text"),
        (lambda: text.WhitespaceTokenizer(3), TypeError, "with_offsets"),
        (lambda: text.RegexTokenizer("(")("a"), RuntimeError, "no valid regular expression"),
        (lambda: text.Ngram([]), ValueError, "n must be"),
        (lambda: text.Ngram(2, ("", -1)), ValueError, "left_pad"),
        (lambda: text.SlidingWindow(0), ValueError, "width"),
        (lambda: text.Truncate(0), ValueError, "max_seq_len"),
        (lambda: text.ToNumber("int"), TypeError, "data_type"),
        (lambda: text.ToNumber(ms.int8)("300"), RuntimeError, "range of int8"),
        (lambda: text.ToNumber(ms.float32)("x"), RuntimeError, "no float32"),
        (lambda: text.NormalizeUTF8(3), TypeError, "NormalizeForm"),
        (lambda: text.PythonTokenizer(3), TypeError, "callable"),
        (lambda: text.JiebaTokenizer("/x", "/y"), ValueError, "does not exist"),
        (lambda: text.ToVectors(3), TypeError, "text.Vectors"),
        (lambda: text.SentencePieceTokenizer(3, 3), TypeError, "mode"),
        (lambda: text.to_str(3), TypeError, "NumPy array"),
        (lambda: text.to_bytes(3), ValueError, "NumPy array"),
    ],
)
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_bytes_and_strings():
    assert text.to_str(np.array([b"ab", b"c"])).tolist() == ["ab", "c"]
    assert text.to_bytes(np.array(["我"]), "gbk").tolist() == ["我".encode("gbk")]
    assert text.CaseFold()(np.array(b"ABC")) == "abc"


@pytest.mark.parametrize("library", ["jieba", "sentencepiece", "regex"])
def test_missing_library(monkeypatch, library, dictionary):
    monkeypatch.setitem(sys.modules, library, None)
    vocab, kind = text.SentencePieceVocab(), text.SPieceTokenizerOutType.INT
    call = {
        "jieba": lambda: text.JiebaTokenizer(dictionary, dictionary)("x"),
        "sentencepiece": lambda: text.SentencePieceTokenizer(vocab, kind)("x"),
        "regex": lambda: text.RegexTokenizer(r"\p{Greek}")("x"),
    }[library]
    with pytest.raises(ImportError, match=r"mslearn\[data\]"):
        call()
