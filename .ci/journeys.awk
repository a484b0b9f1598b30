# Reads a client's output: '- NAME', its failures, '  N passed, N failed' for each journey. Prints everything, and counts
# the checks of the journeys that the list names (must=FILE, a name a line) into a file (counts=FILE). Journeys that the list
# does not name are told and not counted. Exits 1 when something counted failed or a named journey did not run.
BEGIN {
  while ((getline line < must) > 0)
    if (line != "" && line !~ /^#/) required[line] = 1
}
/^- / { name = substr($0, 3) }
/^  [0-9]+ passed, [0-9]+ failed$/ && name != "" {
  if (name in required) { passed += $1; failed += $3; delete required[name] }
  else { $0 = $0 "  (not required yet)"; others++ }
  name = ""
}
/^    FAIL / && name == "" { failed++ }   # a check of the client that belongs to no journey
/^[0-9]+ passed, [0-9]+ failed$/ { next }
{ print }
END {
  for (name in required) { print "did not run: " name; failed++ }
  if (others) printf "%d journeys are not required yet\n", others
  print passed + 0, failed + 0 > counts
  exit failed > 0
}
