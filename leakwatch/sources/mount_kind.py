"""Whether the system tells of changes in a folder, or has to be asked."""

from __future__ import annotations

from pathlib import Path

# What other machines change on these is not told to this one: types of proc(5) mountinfo.
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"}
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_on_network(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether `folder` lies on a mount that another machine may change.

    Parameters
    ----------
    folder : Path
    mounts : Path
        A table of mounts as in proc(5); where there is none (no Linux), nobody knows: False.
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return False
    folder = folder.resolve()
    best, kind = -1, ""
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, kinds = left.split(), right.split()
        if len(fields) < 5 or not kinds:
            continue
        point = Path(fields[4].replace("\\040", " "))
        depth = len(point.parts)
        if (folder == point or point in folder.parents) and depth >= best:
            best, kind = depth, kinds[0]
    return kind in _NETWORK_TYPES or kind.startswith("fuse")
