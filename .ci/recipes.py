#!/usr/bin/env python3
"""Runs the commands of the documentation's pages: each page in a folder of its own, against servers that it starts.

    recipes.py --bia COMMAND PAGE…

A fenced block counts by its info string: `yaml,file=NAME` and `json,file=NAME` are written to files, `sh,server` starts a
server and waits until it answers (an earlier one of the page is stopped), `sh` is run by one bash with `set -euo
pipefail` for the whole page. Other blocks are only read. Ports 4433 and 4434 become free ones. Each `sh` block is a
test; the last line is 'N passed, N failed'.
"""

import argparse
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.M | re.S)
MARK = "@@ block done: "


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def blocks(path):
    with open(path) as page:
        return [(m["info"].split(","), m["body"]) for m in FENCE.finditer(page.read())]


class Page:
    def __init__(self, path, bia):
        self.path, self.bia = path, bia
        self.folder = tempfile.mkdtemp(prefix="bia-recipe.")
        self.public, self.admin = free_ports(2)
        self.server = None
        self.shell = None
        self.passed, self.failed = 0, 0

    def own_ports(self, text):
        text = re.sub(r"\b4433\b", str(self.public), text)
        return re.sub(r"\b4434\b", str(self.admin), text)

    def environment(self):
        own = os.path.join(self.folder, ".bin")
        os.makedirs(own, exist_ok=True)
        tool = os.path.join(own, "bia")
        with open(tool, "w") as file:
            file.write(f'#!/bin/sh\nexec {self.bia} "$@"\n')
        os.chmod(tool, 0o755)
        return dict(
            os.environ,
            PATH=own + os.pathsep + os.environ["PATH"],
            HOME=self.folder,
            SERVE_PUBLIC_PORT=str(self.public),
            SERVE_ADMIN_PORT=str(self.admin),
            SERVE_PUBLIC_HOST="127.0.0.1",
            SERVE_ADMIN_HOST="127.0.0.1",
        )

    def start(self, command):
        self.stop()
        log = open(os.path.join(self.folder, "server.log"), "ab")
        words = shlex.split(self.own_ports(command))
        self.server = subprocess.Popen(
            words, cwd=self.folder, env=self.environment(), stdout=log, stderr=log
        )
        end = time.monotonic() + 60
        while time.monotonic() < end and self.server.poll() is None:
            try:
                for port in (self.public, self.admin):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2)
                return True
            except OSError:
                time.sleep(0.1)
        return False

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(20)
        self.server = None

    def run(self, number, script):
        """Feeds a block to the page's shell; whether it ended well, and what it printed."""
        if self.shell is None:
            environment = {k: v for k, v in self.environment().items() if not k.startswith("SERVE_")}
            self.shell = subprocess.Popen(
                ["bash", "-euo", "pipefail"], cwd=self.folder, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        try:
            self.shell.stdin.write(f"{self.own_ports(script)}\necho\necho '{MARK}{number}'\n")
            self.shell.stdin.flush()
        except BrokenPipeError:
            return False, "the shell has ended"
        lines = []
        for line in self.shell.stdout:
            if line.rstrip("\n") == f"{MARK}{number}":
                return True, "".join(lines)
            lines.append(line)
        return False, "".join(lines)

    def files(self, path):
        """Writes the files that a page shows."""
        for info, body in blocks(path):
            for name in info:
                if name.startswith("file="):
                    with open(os.path.join(self.folder, name[len("file="):]), "w") as file:
                        file.write(self.own_ports(body))

    def walk(self):
        for number, (info, body) in enumerate(blocks(self.path)):
            if info == ["sh", "server"]:
                if not self.start(body):
                    return self.give_up(body, "the server did not come up")
            elif info == ["sh"]:
                well, output = self.run(number, body)
                if not well:
                    return self.give_up(body, output)
                self.passed += 1

    def give_up(self, body, output):
        self.failed += 1
        print(f"FAIL {self.path}\n{body}-- it said:\n{output}")
        log = os.path.join(self.folder, "server.log")
        if os.path.exists(log):
            with open(log) as lines:
                print("-- the end of the server's log:\n" + "".join(lines.readlines()[-5:]))

    def close(self):
        if self.shell:
            self.shell.kill()
            self.shell.wait()
        self.stop()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bia", required=True, help="the command that is 'bia' in the pages")
    options.add_argument("--files", help="a page whose files all others begin with")
    options.add_argument("pages", nargs="+")
    options = options.parse_args()
    passed = failed = 0
    for path in options.pages:
        page = Page(path, options.bia)
        try:
            if options.files:
                page.files(options.files)
            page.files(path)
            page.walk()
        finally:
            page.close()
        print(f"{path}: {page.passed} passed, {page.failed} failed")
        passed, failed = passed + page.passed, failed + page.failed
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
