{
  printf "  workloads:\n"
  seq 500 | sed "s,.*,    w&: {image: registry.example/w:1.0},"
  printf '  environments:\n'
  seq 1000 | sed 's,.*,    e&: {namespace: n&},'
} >>platform.yaml
platformc validate >&2
