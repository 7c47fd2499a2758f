platformc compile 2> first.txt
rm base/postgres/kustomization.yaml
mkdir base/postgres/kustomization.yaml # which ends the next write in its midst, as a kill would
platformc compile --force 2> second.txt || true
platformc compile --check
