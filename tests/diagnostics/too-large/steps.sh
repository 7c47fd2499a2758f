printf '  workloads:\n' >>platform.yaml
yes '    - x' | head -400001 >>platform.yaml
platformc validate >&2
