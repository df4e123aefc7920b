"""Jobs: what to run and where, rendered to a script, submitted, watched and cancelled."""
