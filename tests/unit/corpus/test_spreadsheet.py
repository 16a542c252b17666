"""Excel files: cells of every kind as text, and files that are damaged, too large, or ask for entities."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import write_image

from hubel.corpus.formats import spreadsheet
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import HubelError, UnusableCorpus

BOOK = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
<sheet name="Labels &amp; more" sheetId="7" r:id="rId3"/><sheet name="Notes" sheetId="2" r:id="rId1"/></sheets></workbook>"""
LINKS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId3" Target="/xl/worksheets/sheet2.xml"/>
</Relationships>"""
SHARED = """<sst><si><t>path</t></si><si><r><t>la</t></r><r><t>bel</t></r><rPh><t>x</t></rPh></si><si><t>a.jpg</t></si>
<si><t xml:space="preserve">b.jpg</t></si></sst>"""
SHEET = """<worksheet><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"/><c r="C3" t="str"><f>LOWER("CAT")</f><v>cat</v></c></row>
<row r="4"><c r="A4" t="s"><v>3</v></c><c r="C4"><v>1</v></c></row>
<row r="5"><c r="A5" t="inlineStr"><is><t>c.jpg</t></is></c><c r="C5" t="b"><v>1</v></c></row>
<row r="6"><c r="A6" t="inlineStr"><is><t>d.jpg</t></is></c><c r="C6" t="e"><v>#N/A</v></c></row>
<row r="7"><c r="A7" t="inlineStr"><is><t> </t></is></c></row>
</sheetData></worksheet>"""
PARTS = {
    "xl/workbook.xml": BOOK,
    "xl/_rels/workbook.xml.rels": LINKS,
    "xl/sharedStrings.xml": SHARED,
    "xl/worksheets/sheet2.xml": SHEET,
}


def write(folder: Path, **changed: str) -> Path:
    """A file of these parts, with changes by the last word of a part's name."""
    with zipfile.ZipFile(folder / "list.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, changed.get(name.rsplit("/", 1)[-1].split(".")[0], text))
    return folder / "list.xlsx"


def test_cells_of_every_kind_are_text(tmp_path: Path):
    for name in "abcd":
        write_image(tmp_path / f"{name}.jpg", np.zeros((4, 4, 3), np.uint8))
    corpus = read_corpus(write(tmp_path))
    named = {each.path: corpus.class_names[each.label] for each in corpus.examples}
    assert named == {"a.jpg": "cat", "b.jpg": "1", "c.jpg": "True"}
    assert [(row.path, row.code, row.reason[:6]) for row in corpus.left_out] == [
        ("d.jpg", "no-label", "row 6:"),
        ("list.xlsx:7", "blank-row", "row 7:"),
    ]
    assert corpus.notes == ("list.xlsx has 2 sheets: the first, 'Labels & more', is read.",)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
BROKEN = {
    "entities": ({"sharedStrings": BOMB + SHARED.replace("path", "&b;")}, "declares a document type"),
    "other entities": ({"workbook": BOMB + "<workbook/>"}, "declares a document type"),
    "no sheets": ({"workbook": "<workbook/>"}, "it has no sheets"),
    "no such part": ({"workbook": BOOK.replace("rId3", "rId9")}, "sheet1.xml"),
    "no XML": ({"sheet2": "<worksheet><sheetData>"}, "no element found"),
    "no such text": ({"sheet2": SHEET.replace("<v>2</v>", "<v>99</v>")}, "a cell points to text 99, of 4"),
    "no number": ({"sheet2": SHEET.replace("<v>2</v>", "<v>x</v>")}, "invalid literal"),
    "far row": ({"sheet2": SHEET.replace('r="3"', 'r="x"')}, "invalid literal"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_not_as_excel_writes_it_is_refused_by_name_with_a_cure(tmp_path: Path, case: str):
    changed, words = BROKEN[case]
    with pytest.raises(UnusableCorpus, match=words) as caught:
        read_corpus(write(tmp_path, **changed))
    assert "list.xlsx cannot be read as an Excel file" in str(caught.value)
    assert "Save it again as .xlsx without a password, or as CSV." in str(caught.value)


def test_a_part_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spreadsheet, "MOST_BYTES", 1_000_000)
    with pytest.raises(UnusableCorpus, match="sheet2.xml unpacks to more than 1,000,000 bytes"):
        read_corpus(write(tmp_path, sheet2=SHEET.replace("</sheetData>", " " * 2_000_000 + "</sheetData>")))


def test_far_columns_and_many_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UnusableCorpus, match="has the columns 'path'"):
        read_corpus(write(tmp_path, sheet2=SHEET.replace("C1", "ZZZ1")))
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 3)
    with pytest.raises(UnusableCorpus, match="it has more than 3 rows"):
        read_corpus(write(tmp_path))


def test_an_empty_sheet_says_what_to_write(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match="is empty: write path and label into its first row"):
        read_corpus(write(tmp_path, sheet2="<worksheet/>"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_never_anything_but_refused_by_name(tmp_path: Path, data: st.DataObject):
    (tmp_path / "a.jpg").touch()
    damaged = np.frombuffer(write(tmp_path).read_bytes(), np.uint8).copy()
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "list.xlsx"
    path.write_bytes(damaged.tobytes()[: data.draw(st.integers(len(damaged) // 2, len(damaged)))])
    try:
        counts = read_corpus(path).intake_counts
    except HubelError as error:
        assert "list.xlsx" in str(error)
    else:
        assert counts["found"] == counts["read"] + counts["refused"] + counts["ignored"]


def test_a_zip_that_is_no_spreadsheet_is_refused(tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    (tmp_path / "list.xlsx").write_bytes(buffer.getvalue())
    with pytest.raises(UnusableCorpus, match="no item named 'xl/workbook.xml'"):
        read_corpus(tmp_path / "list.xlsx")
