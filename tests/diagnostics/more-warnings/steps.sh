for number in $(seq 1200); do echo "        URL_$number: http://localhost:$number"; done >>platform.yaml
platformc validate 2>&1 | tail -7 >&2
