# SPDX-License-Identifier: Apache-2.0
"""Pictures made small at once and by strips are the same."""

from __future__ import annotations

import numpy as np
import pytest

from bwcolor.archive import showing


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strips_make_the_same_small_picture(
    monkeypatch: pytest.MonkeyPatch, channels: tuple[int, ...], dtype: type
) -> None:
    top = np.iinfo(dtype).max
    picture = np.random.default_rng(0).integers(0, top, (301, 203, *channels), endpoint=True).astype(dtype)
    whole = showing.made_small(lambda y0, y1: picture[y0:y1], 203, 301, (100, 999))
    monkeypatch.setattr(showing, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(showing, "STRIP_PIXELS", 203 * 7)
    strips = showing.made_small(lambda y0, y1: picture[y0:y1], 203, 301, (100, 999))
    assert [each.shape for each in whole] == [(100, 67, 3), (301, 203, 3)]
    for one, other in zip(whole, strips, strict=True):
        assert one.dtype == other.dtype == np.uint8
        assert abs(one.astype(int) - other).max() <= 1
