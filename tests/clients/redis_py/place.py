"""Where the checks are run, and keys of chosen owners."""

import redis

ANY_BYTES = bytes(range(256))


class Place:
    """Where the checks are run: a client of the node that is tried, and one of another node."""

    def __init__(self, entry, other, protocol, kind):
        self.entry, self.other_port, self.protocol, self.kind = entry, other, protocol, kind
        self.client = self.connect()
        self.other = self.connect(port=other)

    def connect(self, port=None, **options):
        options = {"protocol": self.protocol, "socket_timeout": 30, **options}
        return redis.Redis(host="127.0.0.1", port=port or self.entry, **options)

    def owner(self, key):
        return self.client.execute_command("TRIAD", "OWNER", key) if self.kind == "triad" else b"redis"

    def together(self, stem, count):
        """Keys that one node owns."""
        candidates = (f"{stem}:{n}" for n in range(1000))
        first = next(candidates)
        owner = self.owner(first)
        keys = [first]
        while len(keys) < count:
            key = next(candidates)
            if self.owner(key) == owner:
                keys.append(key)
        return keys

    def apart(self, stem):
        """Two keys of two owners, and these."""
        first = f"{stem}:0"
        others = (f"{stem}:{n}" for n in range(1, 1000))
        second = next(key for key in others if self.owner(key) != self.owner(first))
        return first, second, self.owner(first), self.owner(second)
