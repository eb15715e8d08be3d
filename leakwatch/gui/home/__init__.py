"""Start window: what to do, recent cases, the case library, simulation, settings of the room."""
