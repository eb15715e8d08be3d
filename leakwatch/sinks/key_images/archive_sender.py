"""Sender of DICOM files to an archive: a C-STORE SCU (PS3.4 annex B) by pynetdicom."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from leakwatch.config.archive import ArchiveSettings
from leakwatch.core.errors import SinkError, needs_extra
from leakwatch.core.messages import text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association

_LOG = logging.getLogger(__name__)

_SUCCESS = 0x0000
# Of a C-STORE, warnings mean that the object is stored (PS3.4 B.2.3).
_STORED_ALL_THE_SAME = frozenset({0xB000, 0xB006, 0xB007})


def send_files(paths: Sequence[Path], settings: ArchiveSettings) -> None:
    """Send files to an archive; blocks until it has stored all, or one fails.

    Parameters
    ----------
    paths : sequence of Path
        Uncompressed.
    settings : ArchiveSettings
        With a host.

    Raises
    ------
    SinkError
        The archive is not reached, or does not store one of them.
    MissingExtraError
        pynetdicom is not installed.
    """
    with needs_extra("net", text("sending to an archive")):
        from pynetdicom import AE
    datasets = [pydicom.dcmread(path) for path in paths]
    entity = AE(settings.calling_ae_title)
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout", "connection_timeout"):
        setattr(entity, timeout, settings.timeout_s)
    for sop_class in dict.fromkeys(one.SOPClassUID for one in datasets):
        entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    try:
        association = entity.associate(settings.host, settings.port, ae_title=settings.ae_title)
    except OSError as error:  # no such name
        raise SinkError(_not_reached(settings)) from error
    try:
        if not association.is_established:
            raise SinkError(_not_connected(association, settings))
        for dataset in datasets:
            _store(association, dataset, settings)
    finally:
        if association.is_established:
            association.release()


def _store(association: Association, dataset: Dataset, settings: ArchiveSettings) -> None:
    try:
        answer = association.send_c_store(dataset)
    except ValueError as error:  # no accepted context for this kind of object
        _LOG.info("an object was not sent: %s", error)
        raise SinkError(
            text(
                "{archive} does not take objects of this kind. Ask its administrator to accept "
                "{kind}.",
                archive=settings.ae_title,
                kind=dataset.SOPClassUID.name,
            )
        ) from error
    status = answer.get("Status")
    if status is None:
        raise SinkError(
            text(
                "{archive} did not answer within {seconds:g} s. Check the archive and the network.",
                archive=settings.ae_title,
                seconds=settings.timeout_s,
            )
        )
    if status != _SUCCESS and status not in _STORED_ALL_THE_SAME:
        raise SinkError(
            text(
                "{archive} did not store it (status {status:04X}). Ask its administrator.",
                archive=settings.ae_title,
                status=status,
            )
        )


def _not_connected(association: Association, settings: ArchiveSettings) -> str:
    if not association.is_rejected:
        return _not_reached(settings)
    return text(
        "{archive} at {host}:{port} rejects the connection. Check both titles "
        "(archive.ae_title, archive.calling_ae_title), and that the archive knows this computer.",
        archive=settings.ae_title,
        host=settings.host,
        port=settings.port,
    )


def _not_reached(settings: ArchiveSettings) -> str:
    return text(
        "{archive} at {host}:{port} is not reached. Check host, port and network.",
        archive=settings.ae_title,
        host=settings.host,
        port=settings.port,
    )
