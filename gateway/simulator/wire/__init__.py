"""Between fields and values: what clients send, and what the gateway answers, at server versions 157..200."""
