# SPDX-License-Identifier: Apache-2.0
"""Beginning a study, finding it again, and what its folder holds."""

import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from bwcolor.errors import NothingToDoError, OutputError, PhotoError, UsageError
from bwcolor.turing import study as studies
from bwcolor.turing.plan import DECOY, TRUTH, Form, Kind
from bwcolor.turing.store import NAME, Store
from bwcolor.turing.study import Request, begin, named


def test_a_study_is_whole_in_its_folder(begun, places):
    folder = begun()
    for place in places.values():
        shutil.rmtree(place)
    store = Store(folder)
    study = store.study()
    assert (study.systems, len(study.photos), study.settings.photos) == (("ours", "theirs"), 9, 9)
    kinds = {}
    for photo, system, rgb in store.pictures():
        kinds.setdefault(photo, {})[system] = rgb.shape
    store.close()
    for photo, shapes in kinds.items():
        vigilance = study.settings.kind(photo) == Kind.VIGILANCE
        assert shapes.keys() == ({TRUTH, DECOY} if vigilance else {TRUTH, "ours", "theirs"})
        assert len(set(shapes.values())) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_truth_is_for_its_owner_only(begun):
    folder = begun()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def test_the_seed_draws_the_photos(begun):
    drawn = []
    for seed in (0, 0, 1):
        store = Store(begun(f"study-{len(drawn)}", seed=seed, pairs=3))
        drawn.append(store.study().photos)
        store.close()
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_study_is_gone_on_with_and_not_changed(begun, places):
    folder = begun()
    before = (folder / NAME).read_bytes()
    assert begin(folder, Request()).settings.pairs == 4
    assert begun().samefile(folder)
    for option, value in (("pairs", 3), ("form", Form.SINGLE), ("seed", 5), ("side", 100)):
        with pytest.raises(UsageError, match=f"another --{option.replace('form', 'single')}"):
            begun(**{option: value})
    with pytest.raises(UsageError, match="another --pred"):
        begin(folder, Request(places["truth"], (("ours", places["ours"]),)))
    assert (folder / NAME).read_bytes() == before


def test_photos_without_all_predictions_are_told_of(begun, places):
    (places["ours"] / "3.png").unlink()
    store = Store(begun(pairs=3))
    study = store.study()
    store.close()
    assert "3.jpg" not in study.photos
    assert study.notes == ("1 of 9 photographs lack a prediction and were left out.",)


def test_predictions_of_another_size_are_told_of(begun, places):
    from PIL import Image

    for path in places["ours"].iterdir():
        with Image.open(path) as image:
            image.resize((image.width // 2, image.height // 2)).save(path)
    store = Store(begun())
    assert "another size" in store.study().notes[0]
    assert all(max(rgb.shape) <= 50 for photo, system, rgb in store.pictures() if system == "ours")
    store.close()


def test_photographs_without_color_are_told_of(begun, places):
    from PIL import Image

    for path in places["truth"].iterdir():
        with Image.open(path) as image:
            image.convert("L").save(path)
    store = Store(begun())
    assert store.study().notes == (
        "9 photographs are in black and white, or nearly: beside a color copy they look like fakes.",
    )
    store.close()


def test_a_damaged_picture_leaves_no_half_study(begun, places, tmp_path):
    for path in places["ours"].iterdir():
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(PhotoError, match=r"\.png"):
        begun()
    assert not (tmp_path / "study" / NAME).exists()


def test_wrong_use(places, tmp_path):
    ours = (("ours", places["ours"]),)
    with pytest.raises(UsageError, match="no study to go on with"):
        begin(tmp_path / "study", Request())
    with pytest.raises(UsageError, match="9 photos"):
        begin(tmp_path / "study", Request(places["truth"], ours, pairs=40))
    with pytest.raises(NothingToDoError, match="does not exist"):
        begin(tmp_path / "study", Request(tmp_path / "nowhere", ours))
    with pytest.raises(OutputError, match="--study"):
        begin(places["truth"] / "0.jpg" / "study", Request(places["truth"], ours, pairs=2, practice=0, vigilance=0))
    with pytest.raises(UsageError, match="holds no study"):
        Store(tmp_path)
    (tmp_path / NAME).write_bytes(b"nothing" * 1000)
    with pytest.raises(UsageError, match="damaged"):
        Store(tmp_path)


def test_pictures_that_are_too_much_for_memory(begun, monkeypatch):
    monkeypatch.setattr(studies, "MOST_BYTES", 5 * 60 * 80 * 3)
    with pytest.raises(UsageError, match="Lower --pairs or --side"):
        begun()


def test_names_of_prediction_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a=b").mkdir()
    assert named(["some/ours", "net=x/y", "a=b"]) == (
        ("ours", Path("some/ours")),
        ("net", Path("x/y")),
        ("a=b", Path("a=b")),
    )
    for words in (["x/ours", "y/ours"], ["truth"], ["decoy=x"]):
        with pytest.raises(UsageError, match="NAME=DIR"):
            named(words)


def test_answers_are_written_once(begun):
    store = Store(begun(), write=True)
    from bwcolor.turing.plan import Trial

    number = store.enroll("someone", lambda who: [Trial(Kind.TEST, 0, "ours", who % 2)] * 2)
    assert (number, store.find("someone"), store.find("nobody"), store.count()) == (1, 1, None, 1)
    assert store.answer(number, 0, 1, 1)
    assert not store.answer(number, 0, 0, 1)
    assert [each.choice for each in store.trials(number)] == [1, None]
    store.close()


def test_decoys_are_of_the_photographs_own_size(begun):
    store = Store(begun(side=40))
    assert {max(rgb.shape) for _, _, rgb in store.pictures()} == {40}
    assert all(rgb.dtype == np.uint8 for _, _, rgb in store.pictures())
    store.close()
