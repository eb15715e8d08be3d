"""Small parts of live DICOM: the log of a link, who is who, kinds of mounts, options."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_writing import noise, write

from leakwatch.core.errors import SourceError
from leakwatch.core.protocols import Link
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.arrival.source_options import options_of, several, yes
from leakwatch.sources.arrival.watched_folder import is_on_network
from leakwatch.sources.dicom.dicom_header import read_header
from leakwatch.sources.dicom.run_identity import IDENTITY_KEYWORDS


def subject(tmp_path, **tags) -> str:
    return read_header(write(tmp_path / "a.dcm", noise(1), **tags), with_subject=True).subject


def test_patients_are_told_apart_and_not_named(tmp_path):
    one = subject(tmp_path, PatientName="Doe^John", PatientID="7")
    assert one == subject(tmp_path, PatientName="DOE^JOHN^", PatientID="7 ")
    others = [
        subject(tmp_path, PatientName="Doe^Jane", PatientID="7"),
        subject(tmp_path, PatientName="Doe^John", PatientID="8"),
        subject(tmp_path, PatientName="Doe^John", PatientID="7", PatientBirthDate="19500101"),
        subject(tmp_path, PatientName="7", PatientID="Doe^John"),
    ]
    assert len({one, *others}) == 5
    assert subject(tmp_path, PatientName=None) == ""
    assert subject(tmp_path, PatientName="") == ""


def test_a_head_keeps_no_identity(tmp_path):
    path = write(tmp_path / "a.dcm", noise(1), PatientID="7")
    for with_subject in (False, True):
        header = read_header(path, with_subject)
        assert not any(keyword in header.dataset for keyword in IDENTITY_KEYWORDS)
        assert bool(header.subject) is with_subject


def test_a_fault_is_shown_for_a_while():
    now = [100.0]
    log = LinkLog("from there", 10.0, lambda: now[0])
    assert (log.status.link, log.status.text) == (Link.WAITING, "from there")
    log.is_lost("cut off", frames=3)
    now[0] += 60.0
    assert (log.status.link, log.status.text) == (Link.LOST, "from there: cut off")
    log.is_good(99.0)  # it waited meanwhile
    assert log.status.link is Link.LOST
    log.is_good(now[0], of_the_past=True)
    assert log.status.fluoroscopy_on is False
    log.is_good(now[0])
    assert log.status.fluoroscopy_on is None
    assert (log.status.link, log.status.text) == (Link.OPEN, "from there")
    log.note("a stranger called", frames=1)
    now[0] += 9.0
    assert log.status.text == "from there: a stranger called"
    now[0] += 2.0
    assert (log.status.link, log.status.text) == (Link.OPEN, "from there")
    assert log.status.frames_lost == 4


@pytest.mark.parametrize(
    ("folder", "on_network"),
    [
        ("/data/run", False),
        ("/net/carm", True),
        ("/net/carm/run", True),
        ("/net/carmen", False),
        ("/net/carm/here/run", False),
        ("/mnt/win dows/x", True),
        ("/home/me/remote", True),
    ],
)
def test_kinds_of_mounts(tmp_path, folder, on_network):
    table = tmp_path / "mountinfo"
    table.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "36 21 0:50 / /net/carm rw shared:9 - nfs4 server:/x rw\n"
        "37 36 8:2 / /net/carm/here rw - ext4 /dev/sdb1 rw\n"
        "38 21 0:51 / /mnt/win\\040dows rw - cifs //server/x rw\n"
        "39 21 0:52 / /home/me/remote rw - fuse.sshfs me@there rw\n"
        "a line that means nothing\n"
    )
    assert is_on_network(Path(folder), table) is on_network
    assert is_on_network(Path(folder), tmp_path / "nowhere") is False


def test_options():
    options = options_of("ae=A&allow=B, C,&tls=yes", ("ae", "allow", "tls"), "x")
    assert several(options, "allow") == ("B", "C")
    assert several(options, "nothing") == ()
    assert yes(options, "tls", "x")
    assert not yes(options, "other", "x")
    with pytest.raises(SourceError, match="x: option 'ea' is not known"):
        options_of("ea=A", ("ae",), "x")
