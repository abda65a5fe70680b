"""Sessions with clients: the socket, the requests, and what is sent unasked."""
