"""Complete decoder transformers: exact parameters, FLOPs and memory under named conventions."""
