"""Connections, and what a server tells about itself."""

import time

import redis

from redis import exceptions

from checks import check, equal, eventually, fails, holds
from threads import in_threads


def text(reply):
    """The library decodes some replies in RESP2 and leaves them as bytes in RESP3."""
    return reply.decode() if isinstance(reply, bytes) else reply


@check("the handshake")
def handshake(p):
    equal(p.client.ping(), True)
    equal(p.client.echo("hello"), b"hello")
    greeting = p.client.execute_command("HELLO", p.protocol)
    if isinstance(greeting, list):
        greeting = dict(zip(greeting[::2], greeting[1::2]))
    equal(greeting[b"proto"], p.protocol)
    equal(greeting[b"role"], b"master")
    equal(text(p.connect(client_name="a-name").client_getname()), "a-name")


@check("a password where none is set is refused")
def password(p):
    fails(
        exceptions.AuthenticationError,
        "AUTH <password> called without any password configured for the default user",
        p.connect(password="secret", protocol=2).ping,
    )


@check("an address as a URL, with decoded replies")
def url(p):
    address = f"redis://127.0.0.1:{p.entry}/0?protocol={p.protocol}&decode_responses=True"
    with redis.Redis.from_url(address) as client:
        client.set("url", "größer")
        equal(client.get("url"), "größer")
        equal(client.type("url"), "string")


@check("decode_responses")
def decoded(p):
    c = p.connect(decode_responses=True)
    c.set("decoded", "naïve ☃")
    equal(c.get("decoded"), "naïve ☃")
    equal(c.mget("decoded", "none"), ["naïve ☃", None])
    c.sadd("decoded-set", "ä", "ö")
    equal(c.smembers("decoded-set"), {"ä", "ö"})
    holds("decoded" in c.keys("deco*"), "the key as text")
    c.set("decoded", b"\xff")
    fails(UnicodeDecodeError, "can't decode byte 0xff", lambda: c.get("decoded"))
    equal(p.client.get("decoded"), b"\xff")


@check("CLIENT")
def client(p):
    with p.connect(single_connection_client=True, client_name="checks") as c:
        number = c.client_id()
        holds(isinstance(number, int), "a number")
        equal(text(c.client_getname()), "checks")
        equal(c.client_setname("renamed"), True)
        mine = [row for row in c.client_list() if int(row["id"]) == number]
        equal([row["name"] for row in mine], ["renamed"])
        equal(c.client_info()["name"], "renamed")
        equal(str(c.client_info()["id"]), str(number))
        equal([row["id"] for row in c.client_list(client_id=[number])], [str(number)])
        equal(c.client_kill_filter(_id=str(2**60)), 0)


@check("a connection that is closed by the server is made again")
def reconnect(p):
    with p.connect(single_connection_client=True) as c:
        number = c.client_id()
        equal(p.client.client_kill_filter(_id=str(number)), 1)
        eventually("it is gone", lambda: str(number) not in [row["id"] for row in p.client.client_list()])
        equal(c.set("again", "1"), True)
        holds(c.client_id() != number, "another connection")


@check("a pool of connections used by many threads")
def pool(p):
    shared = redis.BlockingConnectionPool(
        host="127.0.0.1", port=p.entry, protocol=p.protocol, max_connections=5, timeout=30
    )
    c = redis.Redis(connection_pool=shared)
    c.set("pool", 0)

    def work():
        for _ in range(50):
            c.incr("pool")

    in_threads(10, work)
    equal(c.get("pool"), b"500")
    shared.disconnect()
    equal(c.get("pool"), b"500")
    shared.disconnect()


@check("INFO")
def info(p):
    about = p.client.info()
    holds(about["redis_version"].startswith("7.0."), f"the version of Redis, not {about['redis_version']}")
    equal(about["redis_mode"], "standalone")
    equal(about["role"], "master")
    equal(about["tcp_port"], p.entry)
    for field in ["process_id", "uptime_in_seconds", "connected_clients", "used_memory", "maxmemory", "loading",
                  "total_connections_received", "total_commands_processed", "keyspace_hits", "expired_keys",
                  "pubsub_channels", "connected_slaves", "used_cpu_sys", "aof_enabled", "rdb_last_save_time"]:
        came = about.get(field)
        holds(isinstance(came, (int, float)), f"a number as {field}, not {came}")
    holds("used_memory" not in p.client.info("server"), "one section only")
    holds({"redis_version", "used_memory"} <= set(p.client.info("everything")), "all sections")


@check("CONFIG")
def config(p):
    c = p.client
    equal(c.config_get("maxmemory"), {"maxmemory": "0"})
    equal(set(c.config_get("maxclients", "time*")), {"maxclients", "timeout"})
    equal(c.config_get("nonsense"), {})
    before = c.config_get("timeout")["timeout"]
    equal(c.config_set("timeout", 300), True)
    equal(c.config_get("timeout"), {"timeout": "300"})
    equal(c.config_set("timeout", before), True)
    unknown = "Unknown option or number of arguments for CONFIG SET - 'nonsense'"
    fails(exceptions.ResponseError, unknown, lambda: c.config_set("nonsense", 1))
    equal(c.config_resetstat(), True)


@check("COMMAND")
def command(p):
    c = p.client
    about = c.command()
    equal(about["get"]["arity"], 2)
    equal(about["get"]["first_key_pos"], 1)
    holds("readonly" in set(about["get"]["flags"]), "its flags")
    holds(c.command_count() >= len(about), "a number")
    equal([text(key) for key in c.command_getkeys("MSET", "a", "1", "b", "2")], ["a", "b"])
    holds("get" in [text(name) for name in c.command_list()], "GET among all")
    holds(b"sadd" in c.execute_command("COMMAND DOCS", "SADD"), "its page")


@check("the server's time and its saving")
def saving(p):
    seconds, micros = p.client.time()
    holds(abs(seconds - time.time()) < 10 and 0 <= micros < 1_000_000, "the time of this machine")
    equal(p.client.save(), True)
    holds(abs(p.client.lastsave().timestamp() - time.time()) < 60, "a moment ago")
