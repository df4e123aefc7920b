"""The web service: pages for people, an HTTP API for programs and workers."""
