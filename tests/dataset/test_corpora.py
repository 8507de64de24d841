"""Text corpora: rows as real MindSpore 2.10 reads them from the same small files."""

import pytest
from dataset.trees import write

import mslearn.dataset as ds

THREE = '"3","Title, one","Text ""quoted"" here"\n"4","T2","Body\\n2"\n'
ROWS = [["3", "Title, one", 'Text "quoted" here'], ["4", "T2", "Body\\n2"]]
TAGS = "He\tPRON\tPRP\nruns\tVERB\tVBZ\n\nEnd\tNOUN\tNN\n\n"
TAGGED = [[["He", "runs"], ["PRON", "VERB"], ["PRP", "VBZ"]], [["End"], ["NOUN"], ["NN"]]]

# class, files, usage, columns, rows
CASES = [
    (ds.AGNewsDataset, {"train.csv": THREE}, "train", ["index", "title", "description"], ROWS),
    (
        ds.AGNewsDataset, {"train.csv": THREE, "test.csv": '"1","t","d"\n'}, None,
        ["index", "title", "description"], [["1", "t", "d"], *ROWS],
    ),
    (ds.AmazonReviewDataset, {"train.csv": THREE}, "train", ["label", "title", "content"], ROWS),
    (ds.DBpediaDataset, {"test.csv": THREE}, "test", ["class", "title", "content"], ROWS),
    (
        ds.SogouNewsDataset, {"train.csv": THREE, "test.csv": '"1","t","d"\n'}, None,
        ["index", "title", "content"], [*ROWS, ["1", "t", "d"]],
    ),
    (
        ds.YelpReviewDataset, {"train.csv": '"1","good, food"\n'}, "train", ["label", "text"],
        [["1", "good, food"]],
    ),
    (
        ds.YahooAnswersDataset, {"test.csv": '"6","a","b","c"\n'}, "test",
        ["class", "title", "content", "answer"], [["6", "a", "b", "c"]],
    ),
    (
        ds.PennTreebankDataset, {"ptb.valid.txt": " one \n two <unk> \n\n"}, "valid", ["text"],
        [[" one "], [" two <unk> "]],
    ),
    (
        ds.WikiTextDataset, {"wiki.train.tokens": " \n = a = \n text \n"}, "train", ["text"],
        [[" "], [" = a = "], [" text "]],
    ),
    (
        ds.SST2Dataset, {"train.tsv": "sentence\tlabel\na good one\t1\nbad \t0\n"}, None,
        ["sentence", "label"], [["a good one", "1"], ["bad ", "0"]],
    ),
    (ds.SST2Dataset, {"test.tsv": "index\tsentence\n0\tunk\n"}, "test", ["sentence"], [["unk"]]),
    (
        ds.UDPOSDataset, {"en-ud-tag.v2.train.txt": TAGS}, "train",
        ["word", "universal", "stanford"], TAGGED,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("made", "files", "usage", "columns", "rows"), CASES)
def test_rows(tmp_path, made, files, usage, columns, rows):
    for name, text in files.items():
        write(tmp_path / name, text)
    data = made(str(tmp_path), usage, shuffle=False)
    assert data.get_col_names() == columns and data.get_dataset_size() == len(rows)
    found = data.create_tuple_iterator(num_epochs=1, output_numpy=True)
    assert [[value.tolist() for value in row] for row in found] == rows


def test_mistakes(tmp_path):
    with pytest.raises(ValueError, match=r"AGNewsDataset.*lacks \['train.csv'\]"):
        ds.AGNewsDataset(str(tmp_path), "train")
    with pytest.raises(ValueError, match=r"usage.*'valid'"):
        ds.AGNewsDataset(str(tmp_path), "valid")
    with pytest.raises(ValueError, match="usage must be one of"):
        ds.SST2Dataset(str(tmp_path), "all")
    write(tmp_path / "train.csv", '"1","two"\n')
    with pytest.raises(RuntimeError, match=r"line 1 of.*train.csv' has 2 parts.*3 are wanted"):
        list(ds.AGNewsDataset(str(tmp_path), "train"))
