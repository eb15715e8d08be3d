"""Fold of a live session: frames, missing frames, and actions of the operator.

Used on one thread. Every method takes the time as an argument, so that tests need no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from leakwatch.alerting import rules
from leakwatch.alerting.coverage import EMPTY_SUMMARY, add_frame
from leakwatch.alerting.inactive_rules import InactiveRule, find_inactive_rules
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text as message
from leakwatch.core.protocols import LinkStatus
from leakwatch.core.results import Event, EventKind, Level, Reason, Snapshot
from leakwatch.core.volume import possible_reading
from leakwatch.diagnostics.frame_log import log_frame, stages_for
from leakwatch.live.action_texts import dropped_text, pause_text, syringe_text
from leakwatch.live.actions import (
    Acknowledge,
    Action,
    Note,
    PauseAudio,
    RestartBaseline,
    SetMargin,
    Syringe,
    UndoRestart,
)
from leakwatch.live.assessed_history import AssessedHistory, TimedDecision
from leakwatch.live.case_setup import MonitoringBasis, Setup, current_marks
from leakwatch.live.exposure import Exposure, count_exposure
from leakwatch.live.inbox import Arrival
from leakwatch.live.margin_setting import change_margin, newest_margin_mm
from leakwatch.live.status import LiveStatus
from leakwatch.live.timeline import Timeline, place_frame
from leakwatch.live.undo_state import UndoState, restarted_text
from leakwatch.live.view_guard import Difference, ViewGuard, check_view
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame, skip_frame
from leakwatch.pipeline.state import with_cement_inputs, with_known_volume

_LOG = logging.getLogger(__name__)


class LiveFold:
    """Fold of received frames into snapshots; used on one thread.

    Parameters
    ----------
    setup : Setup
        Marks, calibration and settings.
    emit : callable
        Receives each snapshot for the sinks; must not block.
    """

    def __init__(self, setup: Setup, emit: Callable[[Snapshot], None]) -> None:
        self._setup, self._emit = setup, emit
        self._settings = setup.settings
        self._line = Timeline(self._settings.live.clock_leap_s)
        self._guard = ViewGuard(self._settings)
        self._basis: MonitoringBasis | None = None
        self._alerts = rules.initial_state(self._settings)
        self._assessed: Snapshot | None = None
        self._pending: tuple[Event, ...] = ()
        self._no_frame_text = ""
        self._stages_ms: dict[str, float] = {}
        self._undo_states: list[UndoState] = []
        self.history = AssessedHistory()
        self.decision: TimedDecision | None = None
        self.audio_paused_until_s: float | None = None
        self.frames = self.unknown = 0
        self.tally = EMPTY_SUMMARY
        self.first_stop: Event | None = None
        self.stopped_s: float | None = None
        self.exposure = Exposure()

    @property
    def is_acquiring_baseline(self) -> bool:
        """Return whether the baseline is being acquired, so that no frame may be dropped."""
        return self._basis is None or self._vision.baseline_open

    @property
    def marks(self) -> Marks:
        """Current marks."""
        return self._setup.marks if self._basis is None else self._basis.marks

    @property
    def marks_placed(self) -> Marks:
        """Current marks at their position in the displayed frame, for a recording."""
        return current_marks(self.marks, self._assessed)

    @property
    def decision_to_show(self) -> TimedDecision | None:
        """Image that stays on the screen when no new one arrives."""
        return self.history.decision_to_show(self._settings.live.last_image_s)

    @property
    def can_undo(self) -> bool:
        """Return whether a new baseline can be undone."""
        return bool(self._undo_states)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Inconsistencies of marks and calibration."""
        return () if self._basis is None else self._basis.warnings

    @property
    def inactive_rules(self) -> tuple[InactiveRule, ...]:
        """Inactive rules; before the first frame, those known from the marks alone."""
        if self._basis is None:
            return find_inactive_rules(self._setup.marks, None, None, self._settings)
        return self._basis.inactive_rules

    def fill_status(self, status: LiveStatus) -> LiveStatus:
        """Return `status` with the state of the fold, for other threads."""
        return replace(
            status,
            decision=self.decision,
            history=self.history,
            decision_to_show=self.decision_to_show,
            can_undo=self.can_undo,
            frames=self.frames,
            unknown=self.unknown,
            first_stop=self.first_stop,
            stopped_s=self.stopped_s,
            exposure=self.exposure,
            audio_paused_until_s=self.audio_paused_until_s,
            warnings=self.warnings,
            inactive_rules=self.inactive_rules,
            tally=self.tally,
            marks=self.marks,
            margin_mm=newest_margin_mm(self._alerts),
        )

    def take(self, arrival: Arrival, link: LinkStatus, now: Callable[[], float]) -> TimedDecision:
        """Fold one frame."""
        self._line, frame, leapt = place_frame(
            self._line, arrival.frame, arrival.received_s, link.speed
        )
        if leapt:
            self._note(frame, EventKind.TECHNICAL, leapt)
        self._no_frame_text = ""
        if self._basis is None:
            self._begin(self._setup.make_basis(frame.acquisition))
        self._guard, differs = check_view(self._guard, frame, arrival.received_s)
        snapshot = self._assess(frame) if differs is None else self._skip_frame(frame, differs)
        self.exposure = self._count_exposure(snapshot, differs)
        self.frames += 1
        self.unknown += snapshot.alert.current_level is Level.UNKNOWN
        self.tally = add_frame(self.tally, snapshot.observation, self._settings)
        detail = "" if differs is None else differs.text
        decision = self._publish(snapshot, detail, arrival.received_s, now())
        self.history = self.history.update(decision)
        if differs is not None and differs.is_permanent:
            # The last assessed result is of another patient.
            self.history = replace(self.history, assessed=None)
        return decision

    def note_dropped(self, frames: int) -> None:
        """Record that frames were dropped because newer ones were available."""
        placed = self._line.placed
        if placed is not None:
            self._note(placed, EventKind.TECHNICAL, dropped_text(frames))

    def report_no_frame(self, text: str, now_s: float) -> None:
        """Record that no frame arrives, with the reason in `text`; once for each text."""
        if self.decision is None or text == self._no_frame_text:
            return
        self._no_frame_text = text
        frame = self._at(now_s)
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, frame, Reason.STALE, text, text
        )
        if not snapshot.alert.events:
            event = Event(
                frame.index, frame.time_s, EventKind.TECHNICAL, snapshot.alert.level, text=text
            )
            snapshot = replace(snapshot, alert=replace(snapshot.alert, events=(event,)))
        self._publish(snapshot, text, self.decision.received_s, now_s)

    def end(self, fault: str, now_s: float) -> None:
        """Record the end of the source; `fault` is the reason, empty for a normal end."""
        if self.decision is None:
            return
        text = fault or message("the source ended")
        reason = Reason.DECODE if fault else Reason.STALE
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, self._at(now_s), reason, text, text
        )
        self._publish(snapshot, text, self.decision.received_s, now_s)

    def act(self, action: Action, now_s: float) -> None:
        """Carry out an action of the operator; before the first frame actions are ignored."""
        if self.decision is None:
            return
        _LOG.info("action: %s", type(action).__name__)  # a remark may name the patient
        if isinstance(action, Acknowledge):
            self._acknowledge(action, self.decision)
        elif isinstance(action, PauseAudio):
            seconds = min(action.seconds, self._settings.live.audio_pause_s)
            self.audio_paused_until_s = now_s + seconds
            self._note(self._at(now_s), EventKind.AUDIO_PAUSED, pause_text(seconds))
        elif isinstance(action, Note):
            self._note(self._at(now_s), action.kind, action.text, action)
        elif isinstance(action, UndoRestart):
            self._undo_restart(now_s)
        elif isinstance(action, Syringe):
            self._read_syringe(action, now_s)
        elif isinstance(action, SetMargin):
            self._set_margin(action, now_s)
        else:
            self._restart_baseline(action, self.decision, now_s)
        if self._no_frame_text:
            self.flush()

    def flush(self) -> None:
        """Pass events to the sinks that no frame has carried yet."""
        if self._pending and self.decision is not None:
            last = self.decision.snapshot
            bare = replace(last.alert, events=self._pending)
            self._pending = ()
            self._emit(replace(last, alert=bare, fault=last.fault or message("no frame")))

    def _begin(self, basis: MonitoringBasis) -> None:
        self._basis = basis
        self._vision = stages.initial_state(self._settings, basis.marks, basis.calibration)
        self._guard = ViewGuard(self._settings)

    def _assess(self, frame: Frame) -> Snapshot:
        with stages_for(_LOG) as timer:
            self._vision, self._alerts, snapshot = fold_frame(self._vision, self._alerts, frame)
        self._stages_ms = timer.ms
        self._assessed = snapshot
        return snapshot

    def _skip_frame(self, frame: Frame, differs: Difference) -> Snapshot:
        self._assessed = None
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, frame, differs.reason, differs.text
        )
        return snapshot

    def _count_exposure(self, snapshot: Snapshot, differs: Difference | None) -> Exposure:
        frozen = differs is None and Reason.STALE in snapshot.observation.unavailable
        pause_s = self._settings.live.stale_after_s
        return count_exposure(self.exposure, snapshot.frame, frozen, pause_s)

    def _publish(
        self, snapshot: Snapshot, detail: str, received_s: float, decided_s: float
    ) -> TimedDecision:
        alert = snapshot.alert
        stop = next((e for e in alert.events if _is_stop(e)), None)
        if stop is not None:
            self.first_stop = self.first_stop or stop
            self.stopped_s = decided_s
            # The pause was for the earlier alarm, not for a new one.
            self.audio_paused_until_s = None
        self.decision = TimedDecision(snapshot, detail, received_s, decided_s)
        age_ms = 1e3 * (decided_s - received_s)
        stages_ms, self._stages_ms = self._stages_ms, {}
        log_frame(_LOG, snapshot, stages_ms, detail, age_ms)
        self._emit(replace(snapshot, alert=replace(alert, events=self._pending + alert.events)))
        self._pending = ()
        return self.decision

    def _acknowledge(self, action: Acknowledge, decision: TimedDecision) -> None:
        snapshot = decision.snapshot
        if not snapshot.alert.latched or not set(self._alerts.latched) <= set(action.shown):
            return  # a reason that arose later was not displayed
        self._alerts, alert = rules.acknowledge(self._alerts, snapshot.observation)
        self._pending += alert.events
        self.decision = replace(decision, snapshot=replace(snapshot, alert=alert))

    def _read_syringe(self, action: Syringe, now_s: float) -> None:
        """Use a reading from the next frame on, as an analysis of the recorded case does."""
        assert self._basis is not None
        frame = self._at(now_s)
        reading = possible_reading(frame.index + 1, action.ml)
        if reading is None:
            return
        self._setup = self._setup.with_syringe(reading)
        cement = self._setup.marks.cement
        self._basis = self._basis.with_cement(cement)
        self._vision = with_cement_inputs(self._vision, cement)
        self._note(frame, EventKind.ANNOTATION, syringe_text(reading.ml))

    def _set_margin(self, action: SetMargin, now_s: float) -> None:
        """Use a margin from the next frame on, as an analysis of the recorded case does."""
        frame = self._at(now_s)
        self._alerts, said = change_margin(self._alerts, action, frame.index + 1)
        if said is not None:
            self._note(frame, EventKind.TECHNICAL, said)

    def _restart_baseline(
        self, action: RestartBaseline, decision: TimedDecision, now_s: float
    ) -> None:
        self._save_for_undo(decision)
        kept = self.history.image_kept(decision, self._settings.live.last_image_s)
        shown = (kept or decision).snapshot
        assessed = self._assessed if kept is None else self.history.known_position(kept)
        drawn_on = shown.frame if action.frame is None else action.frame
        first = replace(drawn_on, index=self._at(now_s).index, time_s=self._at(now_s).time_s)
        reference = self._guard.reference
        same_patient = reference is None or reference.subject == first.acquisition.subject
        if not same_patient:
            self.exposure, self.stopped_s = Exposure(), None
        marks = action.marks
        if marks is None:
            marks = current_marks(self._setup.marks, assessed if same_patient else None)
        marks = replace(marks, reference_frame=first.index, baseline_frames=None)
        self._setup = self._setup.with_marks(marks, same_patient)
        if action.spacing is not None:
            self._setup = self._setup.with_spacing(*action.spacing)
        before = self._vision
        self._begin(self._setup.make_basis(first.acquisition))
        if same_patient:
            self._vision = with_known_volume(self._vision, before)
        restarted = restarted_text(self.history.discards_text(now_s))
        self._note(first, EventKind.ANNOTATION, restarted)
        self.history = self.history.after_new_baseline()
        self._alerts = rules.restart_baseline(self._alerts)
        self._guard, _ = check_view(self._guard, first, now_s)
        snapshot = self._assess(first)
        self._pending += snapshot.alert.events  # not a new frame: the next one carries them
        self.decision = TimedDecision(snapshot, "", decision.received_s, now_s)
        self.history = self.history.update(self.decision)

    def _save_for_undo(self, decision: TimedDecision) -> None:
        assert self._basis is not None
        told = (self._assessed, self.history, decision, self.exposure, self.stopped_s)
        before = UndoState(self._setup, self._basis, self._guard, self._vision, self._alerts, *told)
        self._undo_states = [*self._undo_states, before][-self._settings.live.take_back_steps :]

    def _undo_restart(self, now_s: float) -> None:
        """Undo the last new baseline."""
        if not self._undo_states:
            return
        before = self._undo_states.pop()
        self._setup, self._basis, self._guard = before.setup, before.basis, before.guard
        self._vision, self._assessed, self.history = before.vision, before.assessed, before.history
        self._alerts = rules.undo_restart(before.alerts, self._alerts)
        if self.stopped_s is None:
            self.exposure, self.stopped_s = before.exposure, before.stopped_s
        text = message("the operator undid the new baseline")
        frame = self._at(now_s)
        self._note(frame, EventKind.ANNOTATION, text)
        # The next frame is the first to be assessed with the restored baseline.
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, frame, Reason.STALE, text, text
        )
        self._pending += snapshot.alert.events
        self.decision = TimedDecision(snapshot, "", before.decision.received_s, now_s)

    def _at(self, now_s: float) -> Frame:
        """Return the last frame with the current time."""
        placed = self._line.placed
        assert placed is not None
        return replace(placed, time_s=placed.time_s + max(now_s - self._line.received_s, 0.0))

    def _note(self, frame: Frame, kind: EventKind, text: str, note: Note | None = None) -> None:
        at_px = None if note is None else note.at_px
        self._pending += (Event(frame.index, frame.time_s, kind, at_px=at_px, text=text),)


def _is_stop(event: Event) -> bool:
    return event.level is Level.STOP and event.kind is EventKind.ALERT
