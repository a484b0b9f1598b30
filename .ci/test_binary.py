"""Prints the path of a test binary: reads cargo's JSON messages, takes a crate's folder and a target's name."""
import json
import sys

folder, target = sys.argv[1:]
found = None
for line in sys.stdin:
    message = json.loads(line) if line.startswith("{") else {}
    if message.get("reason") != "compiler-artifact" or not message.get("executable"):
        continue
    if message["target"]["name"] == target and f"/{folder}/" in message["target"]["src_path"]:
        found = message["executable"]
if not found:
    sys.exit(1)
print(found)
