"""Makers of cases for tests of suites: what a process does, without the seconds of a simulation."""

from __future__ import annotations

import os
import signal
import time

import cv2
import numpy as np

from leakwatch.case_files.truth_file import MASKS_SUFFIX
from leakwatch.simulator.suite.suite_case import SUFFIXES, Made, Work, move_into_place

MADE = Made("none", 4, None, 8.0)


def quick_case(work: Work) -> Made | str:
    """Files whose bytes follow from the scenario's seed alone."""
    threads = os.environ.get("OMP_NUM_THREADS"), cv2.getNumThreads()
    if threads != ("1", 1):
        return f"this process has not one thread each: {threads}"
    scenario = work.case.scenario
    folder = work.partial / scenario.name
    folder.mkdir()
    rng = np.random.default_rng(scenario.seed)
    (folder / f"{scenario.name}{MASKS_SUFFIX}").mkdir()
    (folder / f"{scenario.name}{MASKS_SUFFIX}" / "000001.png").write_bytes(rng.bytes(64))
    for suffix in () if work.only_masks else SUFFIXES:
        (folder / f"{scenario.name}{suffix}").write_bytes(rng.bytes(64))
    move_into_place(work)
    return MADE


def unlucky_case(work: Work) -> Made | str:
    """One case cannot be; and the process of another is killed, as where memory is short."""
    if work.case.scenario.name == "a":
        return "no room. Inject less."
    if work.case.scenario.name == "b-01":
        os.kill(os.getpid(), signal.SIGKILL)
    return quick_case(work)


def waiting_case(work: Work) -> Made | str:
    """Goes on when somebody makes a file ``go`` beside the suite's folder."""
    begun = work.out.parent / f"begun-{work.case.scenario.name}"
    begun.touch()
    while not (work.out.parent / "go").exists():
        time.sleep(0.02)
    return quick_case(work)


def slow_case(work: Work) -> Made | str:
    """Is interrupted in the middle of its files."""
    folder = work.partial / work.case.scenario.name
    folder.mkdir()
    (folder / f"{work.case.scenario.name}.dcm").write_bytes(b"half")
    signal.pause()
    return MADE
