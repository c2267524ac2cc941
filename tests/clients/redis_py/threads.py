"""Work that several threads do at the same time."""

import threading


def in_threads(count, work):
    """Has so many threads do it, and raises the first failure of theirs."""
    failures = []

    def run():
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
