"""Between the adapter and its socket: what the adapter lacks on the wire, added around it, one file a subject."""
