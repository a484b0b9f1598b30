"""Median milliseconds from starting a server to both of its addresses answering /health/ready with 200.

    python3 ready.py TIMES PUBLIC ADMIN -- COMMAND…
"""
import signal
import socket
import statistics
import subprocess
import sys
import time
from urllib.parse import urlsplit


def ready(url):
    at = urlsplit(url)
    try:
        with socket.create_connection((at.hostname, at.port), timeout=5) as s:
            s.sendall(b"GET /health/ready HTTP/1.1\r\nHost: " + at.netloc.encode() + b"\r\nConnection: close\r\n\r\n")
            return s.recv(12).endswith(b" 200")
    except OSError:
        return False


def once(urls, command):
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not all(ready(url) for url in urls):
            if process.poll() is not None or time.perf_counter() - started > 60:
                sys.exit("the server did not become ready")
            time.sleep(0.001)
        return (time.perf_counter() - started) * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


times, public, admin, _, *command = sys.argv[1:]
print("%.0f" % statistics.median(once((public, admin), command) for _ in range(int(times))))
