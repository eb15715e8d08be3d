"""Acquisition of each frame of an object, if frames differ."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition, Shutter
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.functional_groups import number_of_groups
from leakwatch.sources.dicom.pixel_layout import PixelLayout
from leakwatch.sources.dicom.positioner_angles import TurningCarm


class EachFrame:
    """Acquisition of each frame: from functional groups, else from angle increments.

    Frames with equal properties share an object.

    Parameters
    ----------
    dataset : Dataset
    layout : PixelLayout
    first : Acquisition
        Of the first frame.
    count : int
        Number of frames as promised.
    """

    def __init__(
        self, dataset: Dataset, layout: PixelLayout, first: Acquisition, count: int
    ) -> None:
        self._dataset, self._layout, self._first = dataset, layout, first
        self._has_groups = number_of_groups(dataset) > 0
        self._carm = TurningCarm(dataset, first, count)
        self._known: dict[Hashable, Acquisition] = {}
        if self._has_groups:
            self._known[said_of_frame(self._read(0))] = first

    def at(self, index: int) -> Acquisition:
        """Return that of frame `index`."""
        if not self._has_groups:
            return self._carm.at(index)
        found = self._read(index)
        said = said_of_frame(found)
        if said not in self._known:
            self._known[said] = acquisition_of_frame(self._first, found)
        return self._known[said]

    def _read(self, index: int) -> Acquisition:
        return acquisition(self._dataset, self._layout, 1, self._first.time_source, frame=index)


def acquisition_of_frame(run: Acquisition, found: Acquisition) -> Acquisition:
    """Return that of a run, with what is said of one frame alone."""
    return replace(
        run,
        geometry=found.geometry,
        pixel_format=found.pixel_format,
        shutter=found.shutter,
        patient_orientation=found.patient_orientation,
    )


def said_of_frame(one: Acquisition) -> Hashable:
    """Return what two frames must share to be of one acquisition."""
    return (one.geometry, one.pixel_format, one.patient_orientation, _edges(one.shutter))


def _edges(shutter: Shutter | None) -> Hashable:
    if shutter is None:
        return None
    vertices = None if shutter.vertices_px is None else shutter.vertices_px.tobytes()
    return (repr(replace(shutter, vertices_px=None)), vertices)
