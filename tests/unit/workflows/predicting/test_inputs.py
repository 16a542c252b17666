"""What is named: folders, archives, WebDataset shards, Parquet files and lists on standard input."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubel.workflows.predicting.inputs import Input, Inputs, read_standard_input


def names(*given: Path | str) -> list[str]:
    """Paths of what is to be named; in brackets the kinds of what is passed over."""
    return [
        each.path if not each.passed_over else f"{each.path} ({each.passed_over})" for each in Inputs(given_as(given))
    ]


def given_as(given: tuple[Path | str, ...]) -> list[str | bytes]:
    return [str(each) for each in given]


@pytest.fixture
def shard(photos: Path, tmp_path: Path) -> Path:
    """A WebDataset shard, its members in an order of their own."""
    path = tmp_path / "shards" / "000.tar"
    path.parent.mkdir()
    image = (photos / "000.png").read_bytes()
    members = {
        "b.cls": b"1", "b.png": image, "a.json": b"{}", "a.png": image, "a.embedding": b"1", "c.seg.png": image,
        "lonely.embedding": b"1",
    }  # fmt: skip
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_what_lies_beside_the_images_of_a_shard_is_passed_over(shard: Path):
    assert [each.replace(f"{shard}/", "") for each in names(shard)] == [
        "b.cls (.cls)", "b.png", "a.json (.json)", "a.png", "a.embedding (.embedding)", "c.seg.png", "lonely.embedding",
    ]  # fmt: skip


def write_parquet(path: Path, *images: bytes | None) -> None:
    cells = [None if image is None else {"bytes": image, "path": "x.png"} for image in images]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"image": pa.array(cells, kind), "caption": ["a"] * len(images)}), path, row_group_size=2)


def test_the_images_of_a_parquet_file_come_by_their_rows_and_need_no_label(photos: Path, tmp_path: Path):
    one, two = ((photos / f"{name}.png").read_bytes() for name in ("000", "003"))
    write_parquet(tmp_path / "images.parquet", one, two, None, one, b"broken")
    inputs = list(Inputs([str(tmp_path / "images.parquet")]))
    assert [each.path for each in inputs] == [f"{tmp_path}/images.parquet#{row:07}" for row in range(5)]
    assert [inputs[place].read() for place in (0, 1, 3, 4)] == [one, two, one, b"broken"]
    with pytest.raises(Exception, match="the row holds no image"):
        inputs[2].read()


def test_a_parquet_file_without_images_is_refused(tmp_path: Path):
    pq.write_table(pa.table({"path": ["x.png"]}), tmp_path / "list.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    faults = [
        each.fault.reason for each in Inputs([f"{tmp_path}/list.parquet", f"{tmp_path}/broken.parquet"]) if each.fault
    ]
    assert len(faults) == 2
    assert "It lists images by their paths" in faults[0]
    assert "is damaged" in faults[1]


def test_a_folder_without_images_is_opened_shard_by_shard(shard: Path, photos: Path):
    folder = shard.parent
    write_parquet(folder / "more.parquet", (photos / "000.png").read_bytes())
    (folder / "readme.md").write_text("about")
    found = [each.replace(f"{folder}/", "") for each in names(folder)]
    assert found[-2:] == ["more.parquet#0000000", "readme.md (.md)"]
    assert [each for each in found if "(" not in each][:2] == ["000.tar/b.png", "000.tar/a.png"]
    (folder / "z.png").write_bytes(b"")  # with an image in it, it is a folder of images
    assert [each.replace(f"{folder}/", "") for each in names(folder)] == [
        "000.tar (.tar)", "more.parquet (.parquet)", "readme.md (.md)", "z.png",
    ]  # fmt: skip


def test_an_archive_that_changes_while_it_is_read_is_refused_from_there(photos: Path, tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(photos / "000.png", "0.png")
    (only,) = Inputs([str(path)])
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Exception, match="the archive changed while it was read"):
        only.read()


def test_a_changed_file_has_another_mark(photos: Path):
    def marks() -> list[str]:
        return [each.mark() for each in Inputs([str(photos), str(photos / "000.png"), "gone.png", b"content"])]

    before = marks()
    assert marks() == before
    (photos / "000.png").write_bytes(b"changed")
    differing = [(old, new) for old, new in zip(before, marks(), strict=True) if old != new]
    assert len(differing) == 2
    assert before[-2] == ""
    assert Input("x").mark() == ""


def test_a_long_list_on_standard_input_is_read_as_it_is_needed():
    class Counting(io.BytesIO):
        lines = 0

        def __next__(self) -> bytes:
            self.lines += 1
            return super().__next__()

    source = Counting(b"".join(b"photos/%07d.png\n" % number for number in range(10_000)))
    paths = read_standard_input(source)
    assert next(paths) == "photos/0000000.png"
    assert source.lines == 0
    assert [*paths][-1] == "photos/0009999.png"
    assert 0 < source.lines < 10_000


def test_an_old_image_without_a_nul_is_an_image():
    picture = b"P3\n200 200\n255\n" + b"100 100 100\n" * 40_000
    assert list(read_standard_input(io.BytesIO(picture))) == [picture]
