"""Pipelines, transactions, and the errors in them."""

from redis import exceptions

from checks import check, equal, fails, holds
from threads import in_threads


@check("a pipeline without a transaction")
def pipeline(p):
    with p.client.pipeline(transaction=False) as pipe:
        for n in range(2000):
            pipe.set(f"pipe:{n}", n)
        equal(pipe.execute(), [True] * 2000)
        for n in range(2000):
            pipe.get(f"pipe:{n}")
        equal(pipe.execute(), [b"%d" % n for n in range(2000)])
        pipe.set("pipe", "text").incr("pipe").get("pipe")
        replies = pipe.execute(raise_on_error=False)
    equal(replies[0::2], [True, b"text"])
    equal(type(replies[1]), exceptions.ResponseError)
    holds("not an integer or out of range" in str(replies[1]), f"Redis's error, not {replies[1]}")


@check("errors are raised as their own classes")
def errors(p):
    c = p.client
    c.sadd("error-set", 1)
    c.set("error-string", "x")
    wrong_type = "Operation against a key holding the wrong kind of value"
    fails(exceptions.ResponseError, wrong_type, lambda: c.get("error-set"))
    fails(exceptions.ResponseError, wrong_type, lambda: c.append("error-set", 1))
    fails(exceptions.ResponseError, wrong_type, lambda: c.sadd("error-string", 1))
    fails(exceptions.ResponseError, "value is not an integer or out of range", lambda: c.incr("error-string"))
    fails(exceptions.ResponseError, "unknown command 'NONSENSE'", lambda: c.execute_command("NONSENSE"))
    arity = "wrong number of arguments for 'get' command"
    fails(exceptions.ResponseError, arity, lambda: c.execute_command("GET"))
    fails(exceptions.ResponseError, "syntax error", lambda: c.execute_command("SET", "a", "b", "c"))
    equal(c.get("error-string"), b"x")


@check("a transaction, as pipeline() is by default")
def transaction(p):
    a, b, none = p.together("tx", 3)
    with p.client.pipeline() as pipe:
        pipe.set(a, 1).incr(a).sadd(b, "x").ttl(a).get(none)
        equal(pipe.execute(), [True, 2, 1, -1, None])
    with p.client.pipeline() as pipe:
        pipe.set(a, "text").incr(a).get(a)
        replies = pipe.execute(raise_on_error=False)
        equal(replies[0::2], [True, b"text"])
        equal(type(replies[1]), exceptions.ResponseError)
        pipe.set(a, "text").incr(a)
        fails(exceptions.ResponseError, "value is not an integer or out of range", pipe.execute)
    with p.client.pipeline() as pipe:
        equal(pipe.execute(), [])


@check("a transaction that is refused while it is queued leaves nothing")
def refused(p):
    (a,) = p.together("refused", 1)
    with p.client.pipeline() as pipe:
        pipe.set(a, 1).execute_command("GET")
        fails(exceptions.ResponseError, "wrong number of arguments for 'get' command", pipe.execute)
    equal(p.client.get(a), None)
    # The library raises the first error that it gets. What EXEC answers comes after it.
    connection = p.client.connection_pool.get_connection()
    requests = [["MULTI"], ["SET", a, "1"], ["GET"], ["EXEC"]]
    connection.send_packed_command(connection.pack_commands(requests))
    equal([connection.read_response() for _ in range(2)], [b"OK", b"QUEUED"])
    fails(exceptions.ResponseError, "wrong number of arguments", connection.read_response)
    abort = "Transaction discarded because of previous errors."
    fails(exceptions.ExecAbortError, abort, connection.read_response)
    p.client.connection_pool.release(connection)
    equal(p.client.get(a), None)


@check("WATCH")
def watch(p):
    a, b = p.together("watch", 2)
    with p.client.pipeline() as pipe:
        pipe.watch(a, b)
        equal(pipe.get(a), None)
        pipe.multi()
        pipe.set(a, "mine")
        equal(pipe.execute(), [True])
        for write in [lambda: p.other.set(a, "theirs"), lambda: p.client.delete(a), lambda: p.client.sadd(b, 1)]:
            pipe.watch(a, b)
            write()
            pipe.multi()
            pipe.set(a, "mine")
            fails(exceptions.WatchError, "Watched variable changed", pipe.execute)
        equal(p.client.get(a), None)
        pipe.watch(a)
        p.other.set(a, "theirs")
        pipe.unwatch()
        pipe.multi()
        pipe.get(a)
        equal(pipe.execute(), [b"theirs"])


@check("transaction(), many at a time on one key")
def counted(p):
    (key,) = p.together("counted", 1)
    p.client.set(key, 0)

    def add(pipe):
        number = int(pipe.get(key))
        pipe.multi()
        pipe.set(key, number + 1)

    def work():
        for client in [p.client, p.other] * 5:
            client.transaction(add, key)

    in_threads(4, work)
    equal(p.client.get(key), b"40")


@check("a transaction over the keys of two owners is refused as a whole", kinds=("triad",))
def crossing(p):
    a, b, owner_a, owner_b = p.apart("crossing")
    with p.client.pipeline() as pipe:
        for owner in (owner_a, owner_b):
            pipe.set(a, 1).set(b, 1)
            fails(exceptions.ExecAbortError, owner.decode(), pipe.execute)
    equal(p.client.exists(a, b), 0)
