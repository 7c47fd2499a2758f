for number in $(seq 1500); do echo "word$number: x"; done >>platform.yaml
platformc validate 2>&1 | head -4 >&2
