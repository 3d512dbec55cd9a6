# SPDX-License-Identifier: Apache-2.0
"""The catalog is complete, its costs are those that the script counts, and nothing of it needs torch."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bwcolor.models import cache, catalog, costs, measured, weights
from bwcolor.models.table import MODELS, find_model

ROOT = Path(__file__).resolve().parents[2]
# GFLOP at 256x256 that others counted for the originals, with the same counter
ORIGINALS = {"eccv16": (32_236_011, 83.5), "siggraph17": (34_187_027, 150.4)}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path))


@pytest.mark.parametrize(("module", "name"), [(costs, "measure_costs"), (measured, "make_measured")])
def test_figures_are_those_that_the_script_finds_now(module, name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert Path(module.__file__).read_text(encoding="utf-8") == script.page(), f"run scripts/{name}.py"


def test_shipped_networks_were_measured_here_and_others_quote_their_figures():
    for entry in catalog.entries():
        if entry.row.weights:
            assert "docs/" in entry.measured.photographs
            assert not entry.measured.quoted
        elif entry.measured:
            assert entry.measured.quoted
            assert "published" in entry.measured.brief
    assert str(catalog.describe(MODELS["ddcolor-tiny"]).measured).endswith(", as published: DDColor, tiny)")
    assert catalog.describe(MODELS["null"]).measured is None


@pytest.mark.parametrize("name", ORIGINALS)
def test_costs_agree_with_the_originals(name):
    parameters, gflop = ORIGINALS[name]
    assert costs.COSTS[name].parameters == parameters
    assert costs.COSTS[name].gflop == pytest.approx(gflop, abs=0.06)


def test_every_network_and_form_has_its_cost():
    for entry in catalog.entries():
        all_forms = {f"{name}={value}" for name, values in entry.row.choices for value in values}
        own = {f"{name}={values[0]}" for name, values in entry.row.choices}
        if entry.row.form:
            name = entry.row.form.partition("=")[0]
            own = {form for form in own if not form.startswith(f"{name}=")} | {entry.row.form}
        assert set(entry.forms) == all_forms - own


def test_the_form_of_a_row_is_that_of_its_shipped_weights():
    for row in MODELS.values():
        if row.weights:
            about = weights.read_about(weights.shipped_path(row))
            assert " ".join(f"{name}={value}" for name, value in (about.get("options") or {}).items()) == row.form
    assert [entry.row.name for entry in catalog.entries()] == list(MODELS)


def test_a_mixture_costs_what_its_parts_cost():
    entry = catalog.describe(find_model("eccv16+siggraph17"))
    assert entry.cost.parameters == sum(parameters for parameters, _ in ORIGINALS.values())
    assert entry.state == "to fetch"


def test_states_of_weights():
    states = {entry.row.name: entry.state for entry in catalog.entries()}
    assert states["eccv16"] == "to fetch"
    assert states["cnn"] == "to train"
    assert states["null"] == "none needed"
    path = weights.kept_path(MODELS["cnn"])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"12345")
    entry = catalog.describe(MODELS["cnn"])
    assert (entry.state, entry.size) == ("here", 5)


def test_all_of_it_is_json_and_says_its_terms():
    listed = json.loads(json.dumps([catalog.as_json(entry) for entry in catalog.entries()]))
    for one in listed:
        assert one["code_license"]
        assert one["weights_license"]
        assert one["tiling"]
    eccv16 = next(one for one in listed if one["name"] == "eccv16")
    assert eccv16["weights"]["address"].endswith("colorization_release_v2-9b330a0b.pth")
    assert eccv16["trained_on"].startswith("ImageNet")


def test_the_catalog_needs_no_torch():
    program = "import sys; from bwcolor.models import catalog; catalog.entries(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
