"""What a server sends unasked: messages and keyspace notifications."""

from checks import check, equal, eventually
from place import ANY_BYTES


def message(pubsub):
    """The next message, of whichever kind."""
    return eventually("a message came", lambda: pubsub.get_message(timeout=1))


@check("messages, published through another node")
def messages(p):
    with p.client.pubsub() as pubsub:
        pubsub.subscribe("news", b"\xff")
        equal([message(pubsub)["data"], message(pubsub)["data"]], [1, 2])
        pubsub.psubscribe("ne?s*")
        equal(message(pubsub), {"type": "psubscribe", "pattern": None, "channel": b"ne?s*", "data": 3})
        equal(sorted(p.other.pubsub_channels()), [b"news", b"\xff"])
        equal(p.other.pubsub_channels("new*"), [b"news"])
        equal(p.other.pubsub_numsub("news", "none"), [(b"news", 1), (b"none", 0)])
        equal(p.other.pubsub_numpat(), 1)
        equal(p.other.publish("news", ANY_BYTES), 2)
        came = sorted([message(pubsub), message(pubsub)], key=lambda m: m["type"])
        equal(came[0], {"type": "message", "pattern": None, "channel": b"news", "data": ANY_BYTES})
        equal(came[1], {"type": "pmessage", "pattern": b"ne?s*", "channel": b"news", "data": ANY_BYTES})
        for n in range(100):
            equal(p.other.publish(b"\xff", n), 1)
        equal([message(pubsub)["data"] for _ in range(100)], [b"%d" % n for n in range(100)])
        pubsub.ping("here")
        equal(message(pubsub)["data"], b"here")
        pubsub.unsubscribe()
        equal({message(pubsub)["data"], message(pubsub)["data"]}, {1, 2})
        equal(p.other.publish("news", "x"), 1)
        pubsub.punsubscribe()
    equal(p.other.publish("none", "x"), 0)


@check("keyspace notifications of writes through another node")
def notifications(p):
    c = p.client
    equal(c.config_set("notify-keyspace-events", "KEA"), True)
    equal(sorted(c.config_get("notify-keyspace-events")["notify-keyspace-events"]), sorted("AKE"))
    try:
        with c.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.psubscribe("__keyspace@0__:noted*", "__keyevent@0__:expired")

            # Other nodes are told of the interest, and may hear of it after the subscriber has its answer.
            def is_heard(key):
                p.other.set(key, 1)
                came = pubsub.get_message(timeout=0.1)
                return came and came["channel"] == b"__keyspace@0__:" + key

            for key in [b"noted", b"noted-set", *[b"noted:%d" % n for n in range(8)]]:
                eventually(f"{key} is heard of", lambda key=key: is_heard(key))
            p.other.delete("noted-set")
            p.other.set("noted", 1, px=30)
            p.other.delete("noted:0")
            p.other.sadd("noted-set", 1)
            p.other.expire("noted-set", 100)
            wanted = {
                (b"__keyspace@0__:noted", b"set"),
                (b"__keyspace@0__:noted", b"expire"),
                (b"__keyspace@0__:noted", b"expired"),
                (b"__keyevent@0__:expired", b"noted"),
                (b"__keyspace@0__:noted:0", b"del"),
                (b"__keyspace@0__:noted-set", b"sadd"),
                (b"__keyspace@0__:noted-set", b"expire"),
            }

            def all_came():
                p.other.get("noted")
                came = pubsub.get_message(timeout=0.1)
                if came:
                    wanted.discard((came["channel"], came["data"]))
                return not wanted

            eventually(lambda: f"all came, also {wanted}", all_came)
    finally:
        c.config_set("notify-keyspace-events", "")
