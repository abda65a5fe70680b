"""What clients ask for: one dataclass a request, and the reader that makes it from the fields.

Layouts are those of server versions 157 to 200; where one changed, the reader looks at the version. Every id a client
may send is known.
"""
