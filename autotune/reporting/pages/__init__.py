"""What pages show, as data for templates, and the templates filled in."""
