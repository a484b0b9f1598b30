#!/usr/bin/env python3
"""Compares a page of search on a small and on a large database.

    python3 bench/search.py http://127.0.0.1:4434 http://127.0.0.1:5434

Two servers are asked in turns, the first with a thousand identities for example, the second with a million. For each
question the first page of 100 and the fourth are asked for; shown are the medians in milliseconds, and their ratio.
"""

import http.client
import statistics
import sys
import time
import urllib.parse

QUESTIONS = [
    "person-000",
    "state:active",
    "schema:default verified:yes",
    "state:active person-000",
    "method:password state:active schema:default",
    "person-0000077@example.org",
    "nobody-has-this-name",
]
ROUNDS = 60


class Server:
    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def get(self, path):
        """The Link header and the time that the answer took, in milliseconds."""
        begun = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{self.host}{path}: {answer.status} {body[:300]!r}")
        return answer.getheader("Link") or "", (time.perf_counter() - begun) * 1000

    def page(self, question, number):
        """The path of a page, counted from one; the last one there is, if there are fewer."""
        path = "/admin/identities?page_size=100&bia_q=" + urllib.parse.quote(question)
        for _ in range(number - 1):
            link, _ = self.get(path)
            following = [part for part in link.split(",") if 'rel="next"' in part]
            if not following:
                break
            url = urllib.parse.urlsplit(following[0].split("<")[1].split(">")[0])
            path = f"{url.path}?{url.query}"
        return path


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    servers = [Server(url) for url in sys.argv[1:]]
    print("| question | page | small, ms | large, ms | ratio |\n|---|---:|---:|---:|---:|")
    for question in QUESTIONS:
        for number in (1, 4):
            paths = [server.page(question, number) for server in servers]
            taken = [[], []]
            for _ in range(ROUNDS):
                for server, path, times in zip(servers, paths, taken):
                    times.append(server.get(path)[1])
            small, large = (statistics.median(times) for times in taken)
            print(f"| `{question}` | {number} | {small:.1f} | {large:.1f} | {large / small:.2f} |", flush=True)


main()
