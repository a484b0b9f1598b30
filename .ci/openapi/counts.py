"""counts.py REPORT.xml SEEN.json: sums a run of schemathesis up. Prints what failed, then 'PASSED FAILED' on a line.

An operation counts as one test. It has failed where schemathesis says so, and where not one call of it went well:
then the run has not reached what it is for.
"""

import json
import sys
import xml.etree.ElementTree as xml


def main(report, seen):
    failed = set()
    cases = list(xml.parse(report).getroot().iter("testcase"))
    for case in cases:
        for kind in ("failure", "error"):
            for problem in case.findall(kind):
                failed.add(case.get("name"))
                print(f"FAIL {case.get('name')}\n{problem.text or problem.get('message')}")
    with open(seen, encoding="utf-8") as file:
        statuses = json.load(file)
    unreached = [name for name, got in statuses.items() if min(map(int, got)) >= 400]
    for name in unreached:
        print(f"FAIL {name}: no call of it went well: {statuses[name]}")
    names = {case.get("name") for case in cases}
    wrong = len(failed) + len(unreached)
    print(max(len(names) - wrong, 0), wrong)


main(*sys.argv[1:])
