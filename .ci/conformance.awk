# Reads the logs of a conformance ring's jobs and the list of scenarios that must pass (must=FILE). Prints what went
# wrong with those, how many others pass already (their names go to FOLDER/new.txt), and last 'PASSED FAILED'.
BEGIN {
  while ((getline line < must) > 0)
    if (line ~ /^[a-z]/) { required[line] = 1; total++ }
  unlisted = folder "/new.txt"
  printf "" > unlisted
}
/^(ok  |FAIL) [a-z0-9_]+\// {
  showing = 0
  if ($1 == "ok" && $2 in required) { passed++; delete required[$2] }
  else if ($1 == "ok") { others++; print $2 > unlisted }
  else if ($2 in required) { showing = 1; print; failed[$2] = 1 }
  else open++
  next
}
/^(must pass|passing, and|[0-9]+ )/ { showing = 0; next }
showing { print }
END {
  for (name in required)
    if (!(name in failed)) print "did not run: " name
  if (others) printf "%d scenarios pass that must.txt does not name (%s), %d others do not yet\n", others, unlisted, open
  print passed + 0, total - passed
}
