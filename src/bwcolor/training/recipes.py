# SPDX-License-Identifier: Apache-2.0
"""The RECIPES table: how each network is trained, as one frozen dataclass with defaults per network."""

from __future__ import annotations

from typing import Any

from bwcolor.models.table import MODELS
from bwcolor.training.options import TrainOptions
from bwcolor.training.published_recipes import (
    ChromaGanRecipe,
    Cnn16Recipe,
    CnnRecipe,
    Eccv16Recipe,
    GanCifarRecipe,
    KoalarizationRecipe,
    Siggraph17Recipe,
    VggClassificationRecipe,
    VggRegressionRecipe,
    YuvBinsRecipe,
)
from bwcolor.training.trunk_recipes import ClassifyRecipe, GanRecipe

_ALL: tuple[TrainOptions, ...] = (
    ClassifyRecipe(),
    GanRecipe(),
    Eccv16Recipe(),
    Siggraph17Recipe(),
    VggRegressionRecipe(),
    VggClassificationRecipe(),
    CnnRecipe(),
    Cnn16Recipe(),
    GanCifarRecipe(),
    KoalarizationRecipe(),
    ChromaGanRecipe(),
    YuvBinsRecipe(),
)
RECIPES = {options.model: options for options in _ALL if options.model in MODELS}
# A trunk that has learned already goes on at a gentler pace, with all its losses at once
CONTINUED: dict[str, dict[str, Any]] = {
    "classify": {"steps": 1500, "rate": 3e-4, "encoder_rate": 1e-4},
    "gan": {"steps": 1500, "rate": 3e-4, "encoder_rate": 1e-4, "refine_from": 0.0},
}
