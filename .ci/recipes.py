#!/usr/bin/env python3
"""Runs the commands of the documentation's pages: each page in a folder of its own, against servers that it starts.

    recipes.py --bia COMMAND PAGE…

A fenced block counts by its info string: `yaml,file=NAME` and `json,file=NAME` are written to files, `sh,server` starts a
server and waits until it answers (an earlier one of the page is stopped), `sh` is run by one bash with `set -euo
pipefail` for the whole page. Other blocks are only read. Ports 4433, 4434 and 8080 become free ones. Each `sh` block is
a test; the last line is 'N passed, N failed'. With `--show` everything is told: the commands and what the server answered.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.M | re.S)
MARK = "@@ block done: "
# Stands before the real curl where answers are shown: it keeps what came.
KEEPER = """#!/bin/sh
answer=$(mktemp "$HOME/answer.XXXXXX")
{curl} "$@" >"$answer"
code=$?
cat "$answer"
{{ cat "$answer"; echo; echo "{end}"; }} >>"$HOME/answers"
exit $code
"""
END_OF_ANSWER = "@@ end of an answer"
LONGEST_SHOWN = 40


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


def shown(answer):
    """An answer for the eye: JSON is indented, and of a form only the names of its nodes are told."""
    try:
        text = json.dumps(without_nodes(json.loads(answer)), indent=2, ensure_ascii=False)
    except ValueError:
        text = answer.strip()
    lines = text.splitlines()
    if len(lines) > LONGEST_SHOWN:
        lines[LONGEST_SHOWN:] = [f"… {len(lines) - LONGEST_SHOWN} more lines"]
    return "".join(f"    | {line}\n" for line in lines)


def without_nodes(value):
    if isinstance(value, dict):
        return {name: node_names(v) if name == "nodes" else without_nodes(v) for name, v in value.items()}
    return [without_nodes(v) for v in value] if isinstance(value, list) else value


def node_names(nodes):
    return " ".join(
        f"{node['group']}/{node['attributes'].get('name', node['attributes'].get('id'))}" for node in nodes or []
    )


def tool(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


class Page:
    def __init__(self, path, bia, show=False):
        self.path, self.bia, self.show = path, bia, show
        self.folder = tempfile.mkdtemp(prefix="bia-recipe.")
        self.public, self.admin, self.proxy = free_ports(3)
        self.server = None
        self.shell = None
        self.passed, self.failed = 0, 0

    def own_ports(self, text):
        text = re.sub(r"\b4433\b", str(self.public), text)
        text = re.sub(r"\b8080\b", str(self.proxy), text)
        return re.sub(r"\b4434\b", str(self.admin), text)

    def environment(self):
        own = os.path.join(self.folder, ".bin")
        os.makedirs(own, exist_ok=True)
        tool(own, "bia", f'#!/bin/sh\nexec {self.bia} "$@"\n')
        if self.show:
            tool(own, "curl", KEEPER.format(curl=shutil.which("curl"), end=END_OF_ANSWER))
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

    def walk(self, commands=True, visit=None):
        """Starts the page's servers one after the other, and runs the commands unless only the servers are wanted.
        `visit` is called with the number of each server, after the commands that are about it."""
        servers = 0
        for number, (info, body) in enumerate(blocks(self.path)):
            if info == ["sh", "server"]:
                if visit and servers:
                    visit(servers)
                servers += 1
                self.tell(body)
                if not self.start(body):
                    return self.give_up(body, "the server did not come up")
            elif info == ["sh"] and commands:
                self.tell(body)
                well, output = self.run(number, body)
                if not well:
                    return self.give_up(body, output)
                self.passed += 1
                self.tell_answers(output)
        if visit and servers:
            visit(servers)

    def tell(self, command):
        if self.show:
            print("".join(f"  $ {line}\n" for line in self.own_ports(command).splitlines()), end="")

    def tell_answers(self, output):
        """What curl got, or what other commands said."""
        kept = os.path.join(self.folder, "answers")
        if not self.show:
            return
        if os.path.exists(kept):
            with open(kept) as file:
                answers = file.read().split(END_OF_ANSWER + "\n")[:-1]
            os.remove(kept)
        else:
            answers = [output]
        print("".join(shown(answer) for answer in answers))

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
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bia", required=True, help="the command that is 'bia' in the pages")
    options.add_argument("--files", help="a page whose files all others begin with")
    options.add_argument("--show", action="store_true", help="tell the commands and the answers")
    options.add_argument("pages", nargs="+")
    options = options.parse_args()
    passed = failed = 0
    for path in options.pages:
        page = Page(path, options.bia, options.show)
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
