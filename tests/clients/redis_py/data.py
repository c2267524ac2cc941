"""Strings, keys, their time to live, sets, and walks over them."""

import time

from redis import exceptions

from checks import about, check, equal, eventually, fails, holds
from place import ANY_BYTES


@check("an empty store")
def empty(p):
    equal(p.client.flushall(), True)
    equal(p.client.dbsize(), 0)
    equal(p.client.randomkey(), None)
    equal(p.client.get("absent"), None)


@check("strings")
def strings(p):
    c = p.client
    equal(c.set("s", "value"), True)
    equal(c.get("s"), b"value")
    equal(c.append("s", "-more"), 10)
    equal(c.strlen("s"), 10)
    equal(c.getrange("s", 0, 4), b"value")
    equal(c.setrange("s", 6, "MORE"), 10)
    equal(c.getset("s", "2"), b"value-MORE")
    equal(c.incr("s"), 3)
    equal(c.decrby("s", 5), -2)
    equal(c.incrbyfloat("s", 0.5), -1.5)
    equal(c.getdel("s"), b"-1.5")
    equal(c.setnx("s", "first"), True)
    equal(c.setnx("s", "second"), False)
    equal(c.mset({"s": "a", "t": "b", "u": "c"}), True)
    equal(c.mget("s", "none", "t", "u"), [b"a", None, b"b", b"c"])
    equal(p.other.mget(["s", "t", "u"]), [b"a", b"b", b"c"])
    first, second = p.together("msetnx", 2)
    equal(c.msetnx({first: 1, second: 2}), True)
    equal(c.msetnx({first: 3, second: 4}), False)


@check("empty, binary and large values; any bytes as a key")
def values(p):
    c = p.client
    for value in [b"", ANY_BYTES, b"\r\n$5\r\n", ANY_BYTES * 16384]:
        for key in ["value", ANY_BYTES, b"\xff\xfe\x80", b"\r\n", b""]:
            equal(c.set(key, value), True)
            equal(c.get(key), value)
            equal(p.other.get(key), value)
            equal(c.delete(key), 1)


@check("keys")
def keys(p):
    c = p.client
    c.flushall()
    c.mset({f"key:{n}": n for n in range(20)})
    equal(c.exists(*[f"key:{n}" for n in range(30)]), 20)
    equal(c.touch("key:1", "key:2", "none"), 2)
    equal(c.dbsize(), 20)
    holds(c.randomkey().startswith(b"key:"), "one of the keys")
    equal(sorted(c.keys("key:1?")), [b"key:%d" % n for n in range(10, 20)])
    equal(c.delete("key:1", "key:2", "none"), 2)
    equal(c.unlink("key:3", "key:4", "none"), 2)
    a, b = p.together("rename", 2)
    c.set(a, "x")
    equal(c.rename(a, b), True)
    equal(c.get(b), b"x")
    equal(c.copy(b, a), True)
    equal(c.copy(b, a), False)
    equal(c.copy(b, a, replace=True), True)
    equal(c.renamenx(a, b), False)
    fails(exceptions.ResponseError, "no such key", lambda: c.rename("none", "none"))


@check("types of keys")
def types(p):
    c = p.client
    c.set("type-string", "x")
    c.sadd("type-set", "x")
    equal(c.type("type-string"), b"string")
    equal(c.type("type-set"), b"set")
    equal(c.type("type-none"), b"none")
    equal(list(c.scan_iter("type-*", _type="set")), [b"type-set"])
    equal(list(c.scan_iter("type-*", _type="string")), [b"type-string"])


@check("SET with its options")
def set_options(p):
    c = p.client
    equal(c.set("o", "1", nx=True), True)
    equal(c.set("o", "2", nx=True), None)
    equal(c.set("o", "3", xx=True), True)
    equal(c.set("o-none", "3", xx=True), None)
    equal(c.set("o", "4", get=True), b"3")
    equal(c.set("o", "5", ex=100), True)
    about(c.ttl("o"), 100)
    equal(c.set("o", "6", keepttl=True), True)
    about(c.ttl("o"), 100)
    equal(c.set("o", "7"), True)
    equal(c.ttl("o"), -1)
    equal(c.set("o", "8", px=100_000), True)
    about(c.pttl("o") / 1000, 100)
    at = int(time.time()) + 1000
    equal(c.set("o", "9", exat=at), True)
    equal(c.expiretime("o"), at)
    equal(c.set("o", "9", pxat=at * 1000 + 1), True)
    equal(c.pexpiretime("o"), at * 1000 + 1)
    fails(exceptions.ResponseError, "invalid expire time in 'set' command", lambda: c.set("o", "1", ex=-1))


@check("SETEX, PSETEX and GETEX")
def setex(p):
    c = p.client
    equal(c.setex("e", 100, "a"), True)
    about(c.ttl("e"), 100)
    equal(c.psetex("e", 50_000, "b"), True)
    about(c.ttl("e"), 50)
    equal(c.getex("e", ex=200), b"b")
    about(c.ttl("e"), 200)
    equal(c.getex("e", px=70_000), b"b")
    about(c.ttl("e"), 70)
    equal(c.getex("e"), b"b")
    about(c.ttl("e"), 70)
    equal(c.getex("e", persist=True), b"b")
    equal(c.ttl("e"), -1)
    equal(c.getex("e-none", ex=1), None)
    fails(exceptions.ResponseError, "invalid expire time in 'setex' command", lambda: c.setex("e", 0, "x"))


@check("EXPIRE with NX, XX, GT and LT")
def expire(p):
    c = p.client
    equal(c.expire("x-none", 10), False)
    equal(c.ttl("x-none"), -2)
    c.set("x", 1)
    equal(c.ttl("x"), -1)
    equal(c.expire("x", 100, xx=True), False)
    equal(c.expire("x", 100, gt=True), False)
    equal(c.expire("x", 100, nx=True), True)
    equal(c.expire("x", 200, nx=True), False)
    equal(c.expire("x", 50, gt=True), False)
    equal(c.expire("x", 200, gt=True), True)
    equal(c.expire("x", 300, lt=True), False)
    equal(c.pexpire("x", 50_000, lt=True), True)
    about(c.ttl("x"), 50)
    equal(c.persist("x"), True)
    equal(c.persist("x"), False)
    at = int(time.time()) + 500
    equal(c.expireat("x", at), True)
    equal(c.expiretime("x"), at)
    equal(c.pexpireat("x", at * 1000 + 7), True)
    equal(c.pexpiretime("x"), at * 1000 + 7)
    equal(c.expire("x", -1), True)
    equal(c.exists("x"), 0)


@check("what has expired is gone, on every node")
def expired(p):
    c = p.client
    c.set("gone", 1, px=40)
    c.sadd("gone-set", 1)
    c.pexpire("gone-set", 40)
    eventually("the string is gone", lambda: c.get("gone") is None)
    eventually("the set is gone", lambda: p.other.exists("gone-set") == 0)
    equal(p.other.get("gone"), None)
    equal(c.ttl("gone"), -2)


@check("sets")
def sets(p):
    c = p.client
    a = "set"
    equal(c.sadd(a, "1", "2", "3"), 3)
    equal(c.sadd(a, "3", "4", ANY_BYTES, ""), 3)
    equal(c.srem(a, ANY_BYTES, "", "none"), 2)
    equal(c.scard(a), 4)
    equal(c.smembers(a), {b"1", b"2", b"3", b"4"})
    equal(p.other.smembers(a), {b"1", b"2", b"3", b"4"})
    equal(c.smembers("set-none"), set())
    equal(bool(c.sismember(a, "1")), True)
    equal(bool(c.sismember(a, "9")), False)
    equal([bool(x) for x in c.smismember(a, ["1", "9", "2"])], [True, False, True])
    equal(c.srem(a, "1"), 1)
    holds(c.srandmember(a) in {b"2", b"3", b"4"}, "a member")
    equal(len(c.srandmember(a, 2)), 2)
    equal(len(c.srandmember(a, -10)), 10)
    holds(c.spop(a) in {b"2", b"3", b"4"}, "a member")
    equal(len(c.spop(a, 5)), 2)
    equal(c.exists(a), 0)


@check("SSCAN as an iterator")
def sscan(p):
    c = p.client
    expected = {b"member:%d" % n for n in range(1000)}
    c.sadd("sscan", *expected)
    equal(set(c.sscan_iter("sscan")), expected)
    equal(set(c.sscan_iter("sscan", match="member:1*", count=50)), {m for m in expected if m.startswith(b"member:1")})
    equal(list(c.sscan_iter("sscan-none")), [])


@check("SCAN as an iterator")
def scan(p):
    c = p.client
    c.flushall()
    with c.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.set(f"scan:{n}", n)
        pipe.set("other", 1)
        pipe.execute()
    expected = {b"scan:%d" % n for n in range(1000)}
    equal(set(c.scan_iter()), expected | {b"other"})
    equal(set(c.scan_iter(match="scan:*", count=100)), expected)
    equal(set(p.other.scan_iter(match="scan:99*")), {k for k in expected if k.startswith(b"scan:99")})


@check("MSETNX and RENAME over the keys of two owners are refused", kinds=("triad",))
def crossing_commands(p):
    a, b, _, _ = p.apart("crossing-command")
    p.client.set(a, 1)
    for action in [lambda: p.client.msetnx({a: 1, b: 2}), lambda: p.client.rename(a, b)]:
        fails(exceptions.ClusterCrossSlotError, "", action)
    equal(p.client.mget(a, b), [b"1", None])
