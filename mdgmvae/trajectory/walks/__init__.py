"""Walk from frame to frame through trajectory files, without decoding coordinates.

Each module knows one format. Its function takes an open file and its size in bytes, and yields a
`Frame` for each frame. It raises `Damaged` where the file stops being one of its format.
"""
