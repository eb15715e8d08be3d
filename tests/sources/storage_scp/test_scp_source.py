"""The C-STORE server, against dcmtk's clients in other processes."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from live_watching import stacked, watching
from pydicom import dcmread

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.protocols import Link
from leakwatch.sources.live_sources import open_live
from leakwatch.sources.storage_scp.one_sender import OneSender
from leakwatch.sources.storage_scp.scp_options import StoreOptions, store_options
from leakwatch.sources.storage_scp.scp_source import StoreScp

# pynetdicom installs programs of the same names, and those are no foreign peers.
STORESCU, ECHOSCU = Path("/usr/bin/storescu"), Path("/usr/bin/echoscu")
needs_dcmtk = pytest.mark.skipif(not STORESCU.exists(), reason=f"{STORESCU} (dcmtk) is missing")
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is missing")


def run(program: Path, source: StoreScp, *arguments: object) -> int:
    command = [program, *arguments[:-1], "127.0.0.1", source.port, arguments[-1]]
    done = subprocess.run(
        [str(one) for one in command if one != ""], capture_output=True, timeout=60, check=False
    )
    return done.returncode


def send(source: StoreScp, *arguments: object) -> int:
    """``storescu OPTIONS... 127.0.0.1 PORT FILE``; its exit code."""
    return run(STORESCU, source, *arguments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "a.dcm", noise(3), SOPInstanceUID="1.2.3.1")


@needs_dcmtk
def test_objects_come_as_they_are(tmp_path, file):
    one = write(tmp_path / "b.dcm", noise(1, bits=8), InstanceNumber=1)
    with watching(StoreScp(StoreOptions())) as watch:
        assert run(ECHOSCU, watch.source, "") == 0
        assert watch.status.link is Link.WAITING
        assert send(watch.source, file) == 0
        assert np.array_equal(stacked(watch.frames(3)), noise(3))
        assert send(watch.source, one) == 0
        last = watch.frames(4)[3]
        assert np.array_equal(last.pixels, noise(1, bits=8)[0])
        assert [frame.index for frame in watch.got] == [0, 1, 2, 3]
        assert last.acquisition.subject == watch.got[0].acquisition.subject != ""
        assert watch.status.link is Link.OPEN
        assert watch.status.frames_lost == 0


@needs_dcmtk
@pytest.mark.parametrize(
    ("syntax", "proposed"),
    [
        (uids.ImplicitVRLittleEndian, "-xi"),
        (uids.ExplicitVRBigEndian, "-xb"),
        (uids.RLELossless, "-xr"),
        (uids.JPEGLosslessSV1, "-xs"),
        (uids.JPEGLSLossless, "-xt"),
        (uids.JPEG2000Lossless, "-xv"),
    ],
)
def test_transfer_syntaxes(tmp_path, syntax, proposed):
    file = write(tmp_path / "a.dcm", smooth(2), syntax)
    with watching(StoreScp(StoreOptions(keep=tmp_path / "kept"))) as watch:
        assert send(watch.source, proposed, file) == 0
        got = watch.frames(2)
        assert np.array_equal(stacked(got), smooth(2))
        assert got[0].acquisition.transfer_syntax_uid == syntax


@needs_dcmtk
@pytest.mark.parametrize(
    "kind",
    [
        uids.XRayRadiofluoroscopicImageStorage,
        uids.EnhancedXAImageStorage,
        uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uids.DigitalXRayImageStorageForProcessing,
    ],
)
def test_storage_classes(tmp_path, kind):
    file = write(tmp_path / "a.dcm", noise(2), SOPClassUID=kind)
    with watching(StoreScp(StoreOptions())) as watch:
        assert send(watch.source, "-R", file) == 0
        assert watch.frames(2)[0].acquisition.sop_class_uid == kind


@needs_dcmtk
def test_raw_objects_are_kept_where_that_is_asked_for(tmp_path, file):
    kept = tmp_path / "kept"
    with watching(open_live(f"scp://127.0.0.1:0?keep={kept}", Settings())) as watch:
        assert send(watch.source, file) == 0
        watch.frames(3)
    (there,) = kept.iterdir()
    assert there.stat().st_mode & 0o077 == 0
    assert dcmread(there).PatientName == "Nobody^Shall^Read"
    assert dcmread(there).PixelData == dcmread(file).PixelData


@needs_dcmtk
def test_raw_objects_go_otherwise(tmp_path, file, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with watching(StoreScp(StoreOptions())) as watch:
        (spool,) = (tmp_path / "temporary").iterdir()
        assert spool.stat().st_mode & 0o077 == 0
        assert send(watch.source, file) == 0
        watch.frames(3)
        watch.until(lambda: not list(spool.glob("*.dcm")), "removed")
    assert not spool.exists()


@needs_dcmtk
@pytest.mark.parametrize(
    ("options", "calling", "said"),
    [
        ("allow_ae=CARM1,CARM2", ["-aet", "STRANGER"], "STRANGER at 127.0.0.1 was refused: its"),
        ("ae=WATCH", ["-aec", "OTHER"], "was refused: it calls OTHER, and not WATCH"),
        ("allow_host=10.0.0.0/8,192.168.1.7", [], "from 127.0.0.1 was refused: it is not in allow"),
    ],
)
def test_strangers_are_refused(file, options, calling, said):
    with watching(open_live(f"scp://127.0.0.1:0?{options}", Settings())) as watch:
        assert send(watch.source, *calling, file) != 0
        assert watch.said(said).link is Link.WAITING
        assert watch.got == []


@needs_dcmtk
def test_friends_are_not(file):
    options = "ae=WATCH&allow_ae=CARM1,CARM2&allow_host=127.0.0.0/8"
    with watching(open_live(f"scp://127.0.0.1:0?{options}", Settings())) as watch:
        assert send(watch.source, "-aet", "CARM2", "-aec", "WATCH", file) == 0
        watch.frames(3)


@needs_dcmtk
def test_what_cannot_be_used_is_said(tmp_path, file):
    colour = write(tmp_path / "c.dcm", noise(1), PhotometricInterpretation="RGB", SamplesPerPixel=3)
    cut = write(tmp_path / "d.dcm", noise(4), pixel_data=b"".join(f.tobytes() for f in noise(2)))
    with watching(StoreScp(StoreOptions())) as watch:
        assert send(watch.source, colour) == 0  # taken, and looked at then
        assert watch.said("is a colour image").link is Link.LOST
        assert send(watch.source, file) == 0
        watch.frames(3)
        assert watch.status.link is Link.OPEN
        assert send(watch.source, cut) == 0
        assert watch.said("2 of 4 frames are complete").frames_lost == 3


@needs_dcmtk
def test_a_sender_that_dies_is_said_and_may_come_back(tmp_path, file):
    many = write(tmp_path / "many.dcm", noise(1, 256, 256), SOPInstanceUID="1.2.3.9")
    with watching(StoreScp(StoreOptions())) as watch:
        sending = endless(watch.source, many)
        watch.frames(1)
        sending.send_signal(signal.SIGKILL)
        sending.wait()
        watch.until(lambda: watch.status.link is Link.LOST, "lost")
        assert send(watch.source, file) == 0
        # What the dead one had sent may still be decoded meanwhile, and comes before.
        watch.until(lambda: small(watch.got)[2:], "three frames of the next sender")
        assert np.array_equal(stacked(small(watch.got)), noise(3))
        assert watch.status.link is Link.OPEN


@needs_dcmtk
def test_a_second_sender_at_once_is_refused(tmp_path, file):
    many = write(tmp_path / "many.dcm", noise(1, 64, 64), SOPInstanceUID="1.2.3.9")
    with watching(StoreScp(StoreOptions())) as watch:
        sending = endless(watch.source, many)
        watch.frames(1)
        assert send(watch.source, "-aet", "SECOND", file) != 0
        status = watch.said("a second sender at once were refused (SECOND at 127.0.0.1)")
        assert status.link is Link.OPEN
        sending.kill()
        sending.wait()
    assert {frame.pixels.shape for frame in watch.got} == {(64, 64)}


def small(frames: list[Frame]) -> list[Frame]:
    """Those of `file`, among larger ones."""
    return [frame for frame in frames if frame.pixels.shape == (12, 16)]


def endless(source: StoreScp, file: Path) -> subprocess.Popen[bytes]:
    """One that sends the same picture under new names until it is killed."""
    command = [STORESCU, "+II", "--repeat", "100000", "127.0.0.1", str(source.port), file]
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=null, stderr=null)


def test_who_may_send_when():
    one = OneSender(5.0)
    first, second, third = object(), object(), object()
    assert one.may_send("B at 2", 100.0)
    assert one.admits(first, "A at 1", 100.0)
    assert not one.may_send("B at 2", 100.1)
    assert not one.admits(third, "B at 2", 104.9)
    assert one.disconnected(first)
    assert not one.admits(third, "B at 2", 104.9)
    assert one.admits(second, "A at 1", 104.9)  # the same, on a new connection
    assert not one.disconnected(first)
    assert not one.admits(third, "B at 2", 109.8)
    one.is_active("A at 1", 109.8)
    one.is_active("B at 2", 114.0)
    assert not one.admits(third, "B at 2", 114.7)
    assert one.admits(third, "B at 2", 114.9)
    assert not one.admits(second, "A at 1", 115.0)
    assert one.has_stored("A at 1")
    assert one.has_stored("B at 2")
    assert not one.has_stored("C at 3")


def test_one_that_is_named_begins_at_once_beside_one_that_is_not():
    one = OneSender(5.0, {"CARM at 1", "CARM2 at 1"}.__contains__)
    stranger, carm, other = object(), object(), object()
    assert one.admits(stranger, "S at 2", 100.0)
    assert not one.admits(stranger, "T at 2", 100.1)
    assert one.admits(carm, "CARM at 1", 100.2)
    assert not one.admits(stranger, "S at 2", 100.3)
    assert not one.admits(other, "CARM2 at 1", 100.4)
    assert one.admits(other, "CARM2 at 1", 105.3)


def test_the_same_sender_goes_on_at_once_over_a_new_connection():
    """The connection before is still open: nobody told that its cable was pulled out."""
    one = OneSender(5.0)
    first, second = object(), object()
    assert one.admits(first, "A at 1", 100.0)
    assert one.admits(second, "A at 1", 100.1)
    assert one.disconnected(second)
    assert not one.disconnected(first)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """ca, server, client and stranger, each NAME.pem and NAME.key."""
    folder = tmp_path_factory.mktemp("certificates")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name, signed_by in (("ca", ""), ("server", "ca"), ("client", "ca"), ("stranger", "")):
        command = [OPENSSL, "req", "-x509", *new_key, "-days", "2", "-subj", f"/CN={name}"]
        command += ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        if signed_by:
            command += ["-CA", f"{signed_by}.pem", "-CAkey", f"{signed_by}.key"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@needs_dcmtk
@needs_openssl
def test_tls_with_certificates_on_both_ends(certificates, file):
    ours = [f"{name}={certificates / name_of}" for name, name_of in OURS.items()]
    with watching(open_live(f"scp://127.0.0.1:0?{'&'.join(ours)}", Settings())) as watch:
        silent = socket.create_connection(("127.0.0.1", watch.source.port))
        tls = ["+cf", certificates / "ca.pem"]
        # 1: a plain one, 2: without a certificate, 3: with one of somebody else's
        assert send(watch.source, file) != 0
        watch.said("does not speak TLS")
        assert send(watch.source, "+tla", *tls, file) != 0
        watch.said("it shows no certificate")
        stranger = [certificates / "stranger.key", certificates / "stranger.pem"]
        assert send(watch.source, "+tls", *stranger, *tls, file) != 0
        watch.said("its certificate is not one of ours")
        assert watch.got == []
        client = [certificates / "client.key", certificates / "client.pem"]
        assert send(watch.source, "+tls", *client, *tls, file) == 0
        assert np.array_equal(stacked(watch.frames(3)), noise(3))
        silent.close()


OURS = {"cert": "server.pem", "key": "server.key", "ca": "ca.pem"}


@needs_openssl
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("cert={c}/server.pem&key={c}/server.key", "TLS needs cert, key and ca, and ca is missing"),
        ("cert={c}/server.pem&key={c}/client.key&ca={c}/ca.pem", "cannot be used"),
        ("cert={c}/server.pem&key={c}/server.key&ca={c}/server.key", "cannot be used"),
        ("cert={c}/nothing.pem", "cert names"),
    ],
)
def test_tls_that_is_not_complete(certificates, query, said):
    with pytest.raises(SourceError) as error:
        open_live(f"scp://127.0.0.1:0?{query.format(c=certificates)}", Settings())
    assert said in str(error.value)


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SourceError, match=rf"127.0.0.1:{port}: cannot listen there: .* in use"):
            open_live(f"scp://127.0.0.1:{port}", Settings())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("scp://127.0.0.1", "names no port"),
        ("scp://127.0.0.1:99999", "names no port"),
        ("scp:11112", "names no port"),
        ("scp://192.0.2.1:0", "cannot listen there"),  # an address of nobody (RFC 5737)
        ("scp://127.0.0.1:0?ae=ABCDEFGHIJKLMNOPQ", "is not an AE title"),
        ("scp://127.0.0.1:0?allow_host=carm", "which is not an address"),
        ("scp://127.0.0.1:0?allow=A", "option 'allow' is not known. Known are: ae, allow_ae"),
    ],
)
def test_specifications_that_are_refused(spec, said):
    with pytest.raises(SourceError) as error:
        open_live(spec, Settings())
    assert said in str(error.value)


def test_loopback_unless_somebody_says_another():
    assert store_options("//:11112").host == "127.0.0.1"
    assert store_options("//[::1]:11112").host == "::1"
    options = store_options("//0.0.0.0:11112?allow_host=10.1.2.3,fd00::/8&ae=A&allow_ae=B")
    assert (options.host, options.port, options.ae, options.called_only) == (
        "0.0.0.0",
        11112,
        "A",
        True,
    )
    assert options.admits("10.1.2.3")
    assert options.admits("::ffff:10.1.2.3")
    assert options.admits("fd00::7")
    assert not options.admits("10.1.2.4")


def test_close_from_another_thread_with_a_sender_connected():
    source = StoreScp(StoreOptions(), LiveDicomSettings())
    with watching(source), socket.create_connection(("127.0.0.1", source.port)):
        time.sleep(0.2)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", source.port))


def test_a_full_disk_is_told_to_the_sender(monkeypatch, file):
    if not STORESCU.exists():
        pytest.skip(f"{STORESCU} (dcmtk) is missing")

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leakwatch.sources.arrival.spool.SpoolFile.write", full)
    with watching(StoreScp(StoreOptions())) as watch:
        assert send(watch.source, file) != 0
        assert watch.said("could not be written: No space left").link is Link.LOST
