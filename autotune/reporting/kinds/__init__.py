"""What each kind of figure shows, one kind a file."""
