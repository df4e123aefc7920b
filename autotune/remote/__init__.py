"""What a service and its workers agree on: the token file, and how to talk over HTTP."""
