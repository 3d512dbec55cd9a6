# SPDX-License-Identifier: Apache-2.0
"""Recipes as TOML, as plain values, and in their order of precedence."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from bwcolor.errors import UsageError
from bwcolor.training import configuration
from bwcolor.training.configuration import (
    as_plain,
    as_toml,
    from_plain,
    parse_setting,
    parse_settings,
    recipe,
    resolve,
    resumed,
)
from bwcolor.training.recipes import RECIPES


@pytest.mark.parametrize("model", sorted(RECIPES))
def test_a_recipe_comes_back_from_toml_and_from_json(model, tmp_path):
    options = recipe(model, data=(Path("a"), Path('b "c"')), init_from="x.safetensors", epochs=2.5)
    (tmp_path / "r.toml").write_text(as_toml(options))
    assert resolve(None, tmp_path / "r.toml", {}) == options
    plain = json.loads(json.dumps(as_plain(options)))
    assert from_plain(plain) == recipe(
        model, **{"data": (Path("a").absolute(), Path('b "c"').absolute()), "init_from": "x.safetensors", "epochs": 2.5}
    )


def test_recipes_are_frozen():
    with pytest.raises(FrozenInstanceError):
        recipe("gan").steps = 3


def test_the_file_goes_over_the_recipe_and_flags_over_the_file(tmp_path):
    (tmp_path / "r.toml").write_text('model = "classify"\nrate = 5e-4\nsteps = 7\n[film]\ngrain = 0.9\n')
    options = resolve(None, tmp_path / "r.toml", {"steps": 9, "rate": None})
    assert (options.model, options.rate, options.steps) == ("classify", 5e-4, 9)
    assert options.film.grain == 0.9
    assert options.film.blur == recipe("classify").film.blur
    assert options.batch == recipe("classify").batch


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepps = 3", "stepps is no setting of gan"),
        ("steps = 'many'", "steps cannot be 'many'"),
        ("steps = 2.5", "steps cannot be"),
        ("steps = true", "steps cannot be"),
        ("[film]\ngrane = 1", "grane is no setting of film"),
        ("crops = [[0.0, 50]]", "multiples of 32"),
        ("crops = [[0.5, 64]]", "begins at 0"),
        ("crops = 64", "crops cannot be"),
        ("schedule = 'steep'", "no schedule"),
        ("optimizer = 'lion'", "no optimizer"),
        ("adversary = 'mean'", "no adversary"),
        ("smallest_cut = 1.5", "shares of a photo"),
        ("rate = -1", "must not be below 0"),
        ("model = 'null'", "cannot be trained"),
    ],
)
def test_what_makes_no_sense_is_named(text, message, tmp_path):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        resolve(None, tmp_path / "r.toml", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refine-from=0.5", ("refine_from", 0.5)),
        ("schedule=step", ("schedule", "step")),
        ("network={form='small'}", ("network", {"form": "small"})),
        ("bins=my bins.json", ("bins", "my bins.json")),
    ],
)
def test_settings_by_flag(text, expected):
    assert parse_setting(text) == expected


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(UsageError, match="--set"):
        parse_setting("steps")


def test_a_run_that_goes_on_may_change_its_place_and_not_what_it_learns():
    options = recipe("gan", steps=10)
    elsewhere = resumed(options, {"device": "cpu", "steps": 10, "rate": None, "data": (Path("moved"),)})
    assert (elsewhere.device, elsewhere.data) == ("cpu", (Path("moved"),))
    with pytest.raises(UsageError, match="rate cannot change"):
        resumed(options, {"rate": 0.5})
    assert all(hasattr(options, name) for name in configuration.OF_THE_MACHINE)


def test_weights_do_not_say_where_their_start_lay():
    options = recipe("gan", init_from="/home/somebody/runs/gan.safetensors", data=(Path("/home/somebody/photos"),))
    assert as_plain(options)["init_from"] == "/home/somebody/runs/gan.safetensors"
    told = as_plain(options, paths=False)
    assert (told["init_from"], told["data"]) == ("gan.safetensors", ["photos"])


def test_steps_that_are_asked_for_overrule_the_passes_of_a_recipe():
    assert recipe("gan-cifar").epochs > 0
    assert recipe("gan-cifar", steps=20).steps_for(5000) == 20
    assert recipe("gan-cifar", steps=20, epochs=2.0).steps_for(5000) == recipe("gan-cifar", epochs=2.0).steps_for(5000)


def test_epochs_become_steps():
    options = recipe("classify", epochs=3.0, batch=10, crops=((0.0, 64), (0.5, 128)))
    # half of the steps draw 10 crops, half 10 / 4
    assert options.steps_for(1000) == -(-3000 // 6.0)
    assert options.steps_for(1000, processes=2) == -(-3000 // 12.0)
    assert recipe("classify", steps=17).steps_for(1000) == 17


def test_one_value_of_a_table_is_set_by_its_name():
    settings = parse_settings(["film.grain=0.25", "film.blur=0", "steps=7"])
    options = resolve("classify", None, settings)
    assert (options.film.grain, options.film.blur, options.steps) == (0.25, 0.0, 7)
    assert options.film.fading == recipe("classify").film.fading
    with pytest.raises(UsageError, match="as a whole and in part"):
        parse_settings(["bins=a.json", "bins.b=1"])
