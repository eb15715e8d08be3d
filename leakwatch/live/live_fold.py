"""The fold of a live session: frames, missing frames, and actions of the operator.

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
from leakwatch.core.messages import counted as counted_text
from leakwatch.core.messages import text as message
from leakwatch.core.protocols import LinkStatus
from leakwatch.core.results import Event, EventKind, Level, Reason, Snapshot
from leakwatch.core.volume import possible_reading
from leakwatch.diagnostics.frame_log import log_frame, stages_for
from leakwatch.live.actions import Acknowledge, Action, Note, PauseAudio, Start, Syringe, TakeBack
from leakwatch.live.case_setup import Basis, Setup, marks_now
from leakwatch.live.exposure import Exposure, exposed
from leakwatch.live.inbox import Arrival
from leakwatch.live.last_known import Known, Present
from leakwatch.live.same_view import Difference, Guard, look
from leakwatch.live.status import LiveStatus
from leakwatch.live.timeline import Timeline, put
from leakwatch.live.undo import Before, restarted_words
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
    give : callable
        Receives each snapshot for the sinks; must not block.
    """

    def __init__(self, setup: Setup, give: Callable[[Snapshot], None]) -> None:
        self._setup, self._give = setup, give
        self._settings = setup.settings
        self._line = Timeline(self._settings.live.clock_leap_s)
        self._guard = Guard(self._settings)
        self._basis: Basis | None = None
        self._alerts = rules.initial_state(self._settings)
        self._judged: Snapshot | None = None
        self._pending: tuple[Event, ...] = ()
        self._silent = ""
        self._stages_ms: dict[str, float] = {}
        self._before: list[Before] = []
        self.known = Known()
        self.present: Present | None = None
        self.audio_paused_until_s: float | None = None
        self.frames = self.unknown = 0
        self.tally = EMPTY_SUMMARY
        self.first_stop: Event | None = None
        self.stopped_s: float | None = None
        self.exposure = Exposure()

    @property
    def learning(self) -> bool:
        """Whether the baseline is being acquired, so that no frame may be dropped."""
        return self._basis is None or self._vision.baseline_open

    @property
    def marks(self) -> Marks:
        """Current marks."""
        return self._setup.marks if self._basis is None else self._basis.marks

    @property
    def marks_placed(self) -> Marks:
        """Current marks at their position in the displayed frame, for a recording."""
        return marks_now(self.marks, self._judged)

    @property
    def held(self) -> Present | None:
        """The image that stays on the screen when no new one arrives."""
        return self.known.held(self._settings.live.last_image_s)

    @property
    def can_take_back(self) -> bool:
        """Whether a new baseline can be undone."""
        return bool(self._before)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Inconsistencies of marks and calibration."""
        return () if self._basis is None else self._basis.doubts

    @property
    def rules_off(self) -> tuple[InactiveRule, ...]:
        """Inactive rules; before the first frame, those known from the marks alone."""
        if self._basis is None:
            return find_inactive_rules(self._setup.marks, None, None, self._settings)
        return self._basis.rules_off

    def told_in(self, status: LiveStatus) -> LiveStatus:
        """Return `status` with the state of the fold, for other threads."""
        return replace(
            status,
            present=self.present,
            known=self.known,
            held=self.held,
            can_take_back=self.can_take_back,
            frames=self.frames,
            unknown=self.unknown,
            first_stop=self.first_stop,
            stopped_s=self.stopped_s,
            exposure=self.exposure,
            audio_paused_until_s=self.audio_paused_until_s,
            doubts=self.doubts,
            rules_off=self.rules_off,
            tally=self.tally,
            marks=self.marks,
        )

    def take(self, arrival: Arrival, link: LinkStatus, now: Callable[[], float]) -> Present:
        """Fold one frame."""
        self._line, frame, leapt = put(self._line, arrival.frame, arrival.received_s, link.speed)
        if leapt:
            self._note(frame, EventKind.TECHNICAL, leapt)
        self._silent = ""
        if self._basis is None:
            self._begin(self._setup.basis(frame.acquisition))
        self._guard, differs = look(self._guard, frame, arrival.received_s)
        snapshot = self._judge(frame) if differs is None else self._not_compared(frame, differs)
        self.exposure = self._exposed(snapshot, differs)
        self.frames += 1
        self.unknown += snapshot.alert.current_level is Level.UNKNOWN
        self.tally = add_frame(self.tally, snapshot.observation, self._settings)
        detail = "" if differs is None else differs.text
        present = self._publish(snapshot, detail, arrival.received_s, now())
        self.known = self.known.seen(present)
        if differs is not None and differs.for_good:
            # The last assessed result is of another patient.
            self.known = replace(self.known, judged=None)
        return present

    def note_dropped(self, frames: int) -> None:
        """Record that frames were dropped because newer ones were available."""
        placed = self._line.placed
        if placed is not None:
            what = counted_text(
                "{count} frame dropped: a newer one was available",
                "{count} frames dropped: newer ones were available",
                count=frames,
            )
            self._note(placed, EventKind.TECHNICAL, what)

    def silence(self, text: str, now_s: float) -> None:
        """Record that no frame arrives, with the reason in `text`; once for each text."""
        if self.present is None or text == self._silent:
            return
        self._silent = text
        frame = self._at(now_s)
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, frame, Reason.STALE, text, text
        )
        if not snapshot.alert.events:
            event = Event(
                frame.index, frame.time_s, EventKind.TECHNICAL, snapshot.alert.level, text=text
            )
            snapshot = replace(snapshot, alert=replace(snapshot.alert, events=(event,)))
        self._publish(snapshot, text, self.present.received_s, now_s)

    def end(self, fault: str, now_s: float) -> None:
        """Record the end of the source; `fault` is the reason, empty for a normal end."""
        if self.present is None:
            return
        text = fault or message("the source ended")
        reason = Reason.DECODE if fault else Reason.STALE
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, self._at(now_s), reason, text, text
        )
        self._publish(snapshot, text, self.present.received_s, now_s)

    def act(self, action: Action, now_s: float) -> None:
        """Carry out an action of the operator; before the first frame actions are ignored."""
        if self.present is None:
            return
        _LOG.info("action: %s", type(action).__name__)  # a remark may name the patient
        if isinstance(action, Acknowledge):
            self._acknowledge(action, self.present)
        elif isinstance(action, PauseAudio):
            seconds = min(action.seconds, self._settings.live.audio_pause_s)
            self.audio_paused_until_s = now_s + seconds
            ended = message("ended by the operator")
            said = message("{seconds:g} s", seconds=seconds) if seconds > 0.0 else ended
            self._note(self._at(now_s), EventKind.AUDIO_PAUSED, said)
        elif isinstance(action, Note):
            self._note(self._at(now_s), action.kind, action.text, action)
        elif isinstance(action, TakeBack):
            self._take_back(now_s)
        elif isinstance(action, Syringe):
            self._read_syringe(action, now_s)
        else:
            self._start(action, self.present, now_s)
        if self._silent:
            self.flush()

    def flush(self) -> None:
        """Pass events to the sinks that no frame has carried yet."""
        if self._pending and self.present is not None:
            last = self.present.snapshot
            bare = replace(last.alert, events=self._pending)
            self._pending = ()
            self._give(replace(last, alert=bare, fault=last.fault or message("no frame")))

    def _begin(self, basis: Basis) -> None:
        self._basis = basis
        self._vision = stages.initial_state(self._settings, basis.marks, basis.calibration)
        self._guard = Guard(self._settings)

    def _judge(self, frame: Frame) -> Snapshot:
        with stages_for(_LOG) as timer:
            self._vision, self._alerts, snapshot = fold_frame(self._vision, self._alerts, frame)
        self._stages_ms = timer.ms
        self._judged = snapshot
        return snapshot

    def _not_compared(self, frame: Frame, differs: Difference) -> Snapshot:
        self._judged = None
        self._alerts, snapshot = skip_frame(
            self._alerts, self._vision.calibration, frame, differs.reason, differs.text
        )
        return snapshot

    def _exposed(self, snapshot: Snapshot, differs: Difference | None) -> Exposure:
        held = differs is None and Reason.STALE in snapshot.observation.unavailable
        pause_s = self._settings.live.stale_after_s
        return exposed(self.exposure, snapshot.frame, held, pause_s)

    def _publish(
        self, snapshot: Snapshot, detail: str, received_s: float, decided_s: float
    ) -> Present:
        alert = snapshot.alert
        stop = next((e for e in alert.events if _is_stop(e)), None)
        if stop is not None:
            self.first_stop = self.first_stop or stop
            self.stopped_s = decided_s
            # The pause was for the earlier alarm, not for a new one.
            self.audio_paused_until_s = None
        self.present = Present(snapshot, detail, received_s, decided_s)
        age_ms = 1e3 * (decided_s - received_s)
        stages_ms, self._stages_ms = self._stages_ms, {}
        log_frame(_LOG, snapshot, stages_ms, detail, age_ms)
        self._give(replace(snapshot, alert=replace(alert, events=self._pending + alert.events)))
        self._pending = ()
        return self.present

    def _acknowledge(self, action: Acknowledge, present: Present) -> None:
        snapshot = present.snapshot
        if not snapshot.alert.latched or not set(self._alerts.latched) <= set(action.seen):
            return  # a reason that arose later was not displayed
        self._alerts, alert = rules.acknowledge(self._alerts, snapshot.observation)
        self._pending += alert.events
        self.present = replace(present, snapshot=replace(snapshot, alert=alert))

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
        said = message("{ml:g} mL injected, as read on the syringe", ml=reading.ml)
        self._note(frame, EventKind.ANNOTATION, said)

    def _start(self, action: Start, present: Present, now_s: float) -> None:
        self._remember(present)
        seen, judged = self._on_screen(present)
        drawn_on = seen.frame if action.frame is None else action.frame
        first = replace(drawn_on, index=self._at(now_s).index, time_s=self._at(now_s).time_s)
        known = self._guard.reference
        same_patient = known is None or known.subject == first.acquisition.subject
        if not same_patient:
            self.exposure, self.stopped_s = Exposure(), None
        marks = action.marks
        if marks is None:
            marks = marks_now(self._setup.marks, judged if same_patient else None)
        marks = replace(marks, reference_frame=first.index, baseline_frames=None)
        self._setup = self._setup.with_marks(marks, same_patient)
        if action.spacing is not None:
            self._setup = self._setup.with_spacing(*action.spacing)
        before = self._vision
        self._begin(self._setup.basis(first.acquisition))
        if same_patient:
            self._vision = with_known_volume(self._vision, before)
        restarted = restarted_words(self.known.forgets(now_s))
        self._note(first, EventKind.ANNOTATION, restarted)
        self.known = self.known.started_anew()
        self._alerts = rules.restart_baseline(self._alerts)
        self._guard, _ = look(self._guard, first, now_s)
        snapshot = self._judge(first)
        self._pending += snapshot.alert.events  # not a new frame: the next one carries them
        self.present = Present(snapshot, "", present.received_s, now_s)
        self.known = self.known.seen(self.present)

    def _on_screen(self, present: Present) -> tuple[Snapshot, Snapshot | None]:
        """Return the displayed image, and the same if the position of the marks in it is known."""
        seen, held = present.snapshot, self.held
        past = seen.fault is not None or Reason.STALE in seen.observation.unavailable
        if not past or held is None:
            return seen, self._judged
        return held.snapshot, held.snapshot if held is self.known.judged else None

    def _remember(self, present: Present) -> None:
        assert self._basis is not None
        before = Before(
            self._setup,
            self._basis,
            self._guard,
            self._vision,
            self._alerts,
            self._judged,
            self.known,
            present,
            self.exposure,
            self.stopped_s,
        )
        self._before = [*self._before, before][-self._settings.live.take_back_steps :]

    def _take_back(self, now_s: float) -> None:
        """Undo the last new baseline."""
        if not self._before:
            return
        before = self._before.pop()
        self._setup, self._basis, self._guard = before.setup, before.basis, before.guard
        self._vision, self._judged, self.known = before.vision, before.judged, before.known
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
        self.present = Present(snapshot, "", before.present.received_s, now_s)

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
