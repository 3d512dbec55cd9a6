# SPDX-License-Identifier: Apache-2.0
"""Photographs by patterns, lists, classes, and in CIFAR-10's published forms."""

import io
import pickle
import pickletools
import struct
import tarfile
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from bwcolor.errors import NothingToDoError
from bwcolor.training import cifar, sources
from bwcolor.training.configuration import recipe
from bwcolor.training.data import colorfulness, find_photographs, open_photos


@pytest.fixture
def shards(photo_folder, tmp_path):
    files = sorted(photo_folder.iterdir())
    for number in range(4):
        with tarfile.open(tmp_path / f"s-{number:04d}.tar", "w") as archive:
            for path in files[number * 6 : number * 6 + 6]:
                archive.add(path, path.name)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("s-{0000..0003}.tar", 24), ("s-000{1,3}.tar", 12), ("s-*.tar", 24), ("s-{0000..0001}.tar", 12), ("*2.tar", 6)],
)
def test_patterns_of_shards(shards, pattern, count):
    assert len(sources.find_photos((shards / pattern,))) == count


def test_a_shard_that_a_pattern_names_must_be_there(shards):
    with pytest.raises(NothingToDoError, match="s-0004"):
        sources.find_photos((shards / "s-{0002..0004}.tar",))


def test_a_file_named_like_a_pattern_is_itself(photo_folder, tmp_path):
    named = tmp_path / "a{1,2}[x]*.png"
    named.write_bytes((photo_folder / "p000.png").read_bytes())
    assert [item.path for item in sources.find_photos((named,))] == [named]


def test_lists_name_photos_beside_them(photo_folder, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.png").write_bytes((photo_folder / "p000.png").read_bytes())
    (tmp_path / "list.txt").write_text(f"sub/x.png\n\n{photo_folder / 'p001.png'}\n")
    assert [item.path.name for item in sources.find_photos((tmp_path / "list.txt",))] == ["x.png", "p001.png"]
    (tmp_path / "list.txt").write_text("sub/none.png\n")
    with pytest.raises(NothingToDoError, match=r"none\.png"):
        sources.find_photos((tmp_path / "list.txt",))


def test_classes_are_folders(photo_folder, tmp_path):
    for name in ("beach", "coast", "city"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.png").write_bytes((photo_folder / "p000.png").read_bytes())
    found = sources.find_photos((tmp_path,), ("beach", "coast"))
    assert [item.key for item in found] == ["beach/beach.png", "coast/coast.png"]
    with pytest.raises(NothingToDoError, match=r"no class 'sea'.*beach, city, coast"):
        sources.find_photos((tmp_path,), ("sea",))


def test_classes_of_shards_are_their_members_folders(photo_folder, tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for number, name in enumerate(("beach", "city")):
            archive.add(photo_folder / "p000.png", f"train/{name}/{number}.png")
    assert [item.key for item in sources.find_photos((tmp_path,), ("city",))] == ["1"]


@pytest.fixture
def records():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (20, 3072), dtype=np.uint8), rng.integers(0, 10, 20)


def write_binary(path, records):
    pixels, labels = records
    path.write_bytes(np.hstack([labels[:, None].astype(np.uint8), pixels]).tobytes())


class Python2Pickler(pickle._Pickler):
    """Writes byte strings as Python 2 did, in which the published files were made."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        short = len(value) < 256
        self.write(
            (pickle.SHORT_BINSTRING if short else pickle.BINSTRING) + struct.pack("<B" if short else "<i", len(value))
        )
        self.write(value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def published_pickle(records, pickler):
    """Return a batch as the published files have it: protocol 2, numpy's array by its own reduction."""
    pixels, labels = records
    content = {b"batch_label": b"training batch 1 of 5", b"labels": labels.tolist(), b"data": pixels}
    content[b"filenames"] = [b"x_%d.png" % number for number in range(len(labels))]
    stream = io.BytesIO()
    pickler(stream, protocol=2).dump(content)
    return stream.getvalue()


@pytest.mark.parametrize("pickler", [Python2Pickler, pickle.Pickler])
def test_cifar_is_the_same_in_both_forms(records, tmp_path, pickler):
    write_binary(tmp_path / "data_batch_1.bin", records)
    (tmp_path / "data_batch_2").write_bytes(published_pickle(records, pickler))
    binary, pickled = (cifar.read_batch(tmp_path / name) for name in ("data_batch_1.bin", "data_batch_2"))
    np.testing.assert_array_equal(binary.pixels, pickled.pixels)
    np.testing.assert_array_equal(binary.labels, pickled.labels)
    red, green, blue = records[0][3].reshape(3, 32, 32)
    np.testing.assert_array_equal(binary.picture(3), np.dstack([red, green, blue]))


def test_cifars_real_batches_are_read(photos, tmp_path):
    found = sources.find_photos((photos / "cifar10",), ("horse",))
    assert 400 < len(found) < 600  # a tenth of 5,000
    assert all("test" not in item.key for item in found)
    read = open_photos((photos / "cifar10" / "test_batch.bin",), tmp_path, side=32)
    assert len(read) == 1000
    assert read[0].shape == (32, 32, 3)


def test_cifars_test_batch_counts_only_where_it_is_named(records, tmp_path):
    for name in ("data_batch_1.bin", "test_batch.bin"):
        write_binary(tmp_path / name, records)
    assert len(sources.find_photos((tmp_path,))) == 20
    assert len(sources.find_photos((tmp_path / "test_batch.bin",))) == 20


def test_a_malicious_batch_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'sprung')!r}, 'w')",)

    bad = tmp_path / "data_batch_1"
    bad.write_bytes(pickle.dumps({"data": Trap(), "labels": []}))
    assert any(opcode.name == "REDUCE" for opcode, _, _ in pickletools.genops(bad.read_bytes()))
    with pytest.raises(NothingToDoError, match=r"no batch of CIFAR-10: it names builtins\.exec"):
        cifar.read_batch(bad)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("damage", ["short", "label", "empty"])
def test_a_damaged_batch_is_named(records, tmp_path, damage):
    path = tmp_path / "data_batch_1.bin"
    write_binary(path, records)
    data = bytearray(path.read_bytes())
    if damage == "label":
        data[0] = 11
    path.write_bytes({"short": data[:-1], "label": data, "empty": b""}[damage])
    with pytest.raises(NothingToDoError, match=r"data_batch_1\.bin is no batch"):
        cifar.read_batch(path)


def test_gray_photos_are_left_out_and_counted(photo_folder, tmp_path, caplog):
    folder = tmp_path / "mixed"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        gray = np.repeat(rng.integers(0, 256, (40, 40, 1)), 3, axis=2) + rng.integers(-1, 2, (40, 40, 3))
        Image.fromarray(gray.clip(0, 255).astype(np.uint8)).save(folder / f"gray{number}.png")
        (folder / f"color{number}.png").write_bytes((photo_folder / f"p00{number}.png").read_bytes())
    caplog.set_level("INFO")
    kept, _ = find_photographs(recipe("gan", data=(folder,), held_out=0.0))
    assert sorted(kept.keys) == [f"color{number}.png" for number in range(6)]
    assert "left out as gray: 6" in caplog.text
    everything, _ = find_photographs(recipe("gan", data=(folder,), held_out=0.0, least_chroma=0.0))
    assert len(everything) == 12


def test_a_small_red_thing_makes_a_photo_colorful():
    photo = np.full((60, 60, 3), 128, dtype=np.uint8)
    assert colorfulness(photo) < 0.1
    photo[20:35, 20:35] = (220, 20, 20)
    assert colorfulness(photo) > 50


def test_held_out_photos_by_share_or_of_their_own(photo_folder, shards):
    learned, held_out = find_photographs(recipe("gan", data=(photo_folder,), held_out=0.3))
    assert len(learned) + len(held_out) == 24
    assert not set(learned.keys) & set(held_out.keys)
    learned, held_out = find_photographs(recipe("gan", data=(photo_folder,), val=(shards / "s-0000.tar",)))
    assert (len(learned), len(held_out)) == (24, 6)
