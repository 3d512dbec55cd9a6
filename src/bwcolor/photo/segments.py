# SPDX-License-Identifier: Apache-2.0
"""The strips or tiles of a TIFF page, decoded band by band, so that memory does not grow with the picture."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

NO_COMPRESSION = 1
BAND_BYTES = 1 << 24  # decoded at a time
HELD_BANDS = 3  # whose decoded samples are kept: neighbors are asked for again


class Segments:
    """The samples of one page, decoded band by band.

    Args:
        file: Open; stays so.
        page: The page.
        allow_truncated: Whether segments that are missing become zeros.
    """

    def __init__(self, file: BinaryIO, page: tifffile.TiffPage, *, allow_truncated: bool = False) -> None:
        self.page = page
        self.missing = False
        self._file = file
        self._allow_truncated = allow_truncated
        self._lock = threading.RLock()
        self._bands: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._tables = page.jpegtables
        self._height = page.imagelength
        self._row_bytes = page.imagewidth * page.samplesperpixel * page.dtype.itemsize  # type: ignore[union-attr]
        rows = page.tilelength if page.is_tiled else page.rowsperstrip
        self._segment_rows = min(rows, self._height)
        self._sliced = self._is_sliced()
        across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        expected = planes * across * -(-self._height // self._segment_rows)
        if min(len(page.dataoffsets), len(page.databytecounts)) < expected:
            raise ValueError(f"it lists {len(page.dataoffsets)} strips or tiles of {expected}")
        lines = max(BAND_BYTES // max(self._row_bytes, 1), 1)
        if self._sliced:
            self._band_rows = min(lines, self._height)
        else:
            self._band_rows = min(max(lines // self._segment_rows, 1) * self._segment_rows, self._height)

    def _is_sliced(self) -> bool:
        """Tell whether rows lie in the file one after the other as they are, so that any few can be read."""
        page = self.page
        offsets, sizes = page.dataoffsets, page.databytecounts
        whole = page.bitspersample in (8, 16, 32, 64) and page.dtype is not None
        return bool(
            page.compression == NO_COMPRESSION
            and whole
            and not page.is_tiled
            and page.planarconfig == 1
            and page.predictor == 1
            and page.fillorder == 1
            and len(offsets) == len(sizes)
            and all(start + size == after for start, size, after in zip(offsets, sizes, offsets[1:], strict=False))
            and sum(sizes) == self._row_bytes * self._height
        )

    def rows(self, y0: int, y1: int) -> NDArray[Any]:
        """Return ``(y1 - y0, width, samples)`` codes of the page's own dtype."""
        with self._lock:
            first, last = y0 // self._band_rows, (y1 - 1) // self._band_rows
            parts = []
            for index in range(first, last + 1):
                top = index * self._band_rows
                band = self._band(index)
                parts.append(band[max(y0 - top, 0) : y1 - top])
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _band(self, index: int) -> NDArray[Any]:
        if index in self._bands:
            self._bands.move_to_end(index)
        else:
            while len(self._bands) >= HELD_BANDS:
                self._bands.popitem(last=False)
            top = index * self._band_rows
            bottom = min(top + self._band_rows, self._height)
            self._bands[index] = self._slice(top, bottom) if self._sliced else self._decode(top, bottom)
        return self._bands[index]

    def _slice(self, top: int, bottom: int) -> NDArray[Any]:
        page = self.page
        self._file.seek(page.dataoffsets[0] + top * self._row_bytes)
        wanted = (bottom - top) * self._row_bytes
        data = self._file.read(wanted)
        if len(data) < wanted:
            if not self._allow_truncated:
                raise ValueError("its pixels are cut off")
            self.missing = True
            data = data.ljust(wanted, b"\0")
        codes = np.frombuffer(data, page.dtype.newbyteorder(page.parent.byteorder))  # type: ignore[union-attr]
        return codes.astype(page.dtype, copy=False).reshape(bottom - top, page.imagewidth, page.samplesperpixel)

    def _decode(self, top: int, bottom: int) -> NDArray[Any]:
        page = self.page
        across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
        down = -(-self._height // self._segment_rows)
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        band = np.zeros((bottom - top, page.imagewidth, page.samplesperpixel), page.dtype)
        for plane in range(planes):
            for row in range(top // self._segment_rows, -(-bottom // self._segment_rows)):
                for column in range(across):
                    self._place(band, top, (plane * down + row) * across + column)
        return band

    def _place(self, band: NDArray[Any], top: int, index: int) -> None:
        """Decode one strip or tile into a band."""
        page = self.page
        samples, (plane, _, y, x, _) = None, page.decode(None, index)[1]
        try:
            self._file.seek(page.dataoffsets[index])
            data = self._file.read(page.databytecounts[index])
            if len(data) < page.databytecounts[index] or not data:
                raise ValueError(f"its strip or tile {index} is cut off")
            samples, (plane, _, y, x, _), _ = page.decode(data, index, jpegtables=self._tables)
        except Exception:
            if not self._allow_truncated:
                raise
            self.missing = True
        if samples is None:
            return
        samples = samples[0]
        room = band[y - top : y - top + samples.shape[0], x : x + samples.shape[1]]
        fitting = samples[: room.shape[0], : room.shape[1]]
        if page.planarconfig == 2:
            room[..., plane] = fitting[..., 0]
        else:
            room[...] = fitting
