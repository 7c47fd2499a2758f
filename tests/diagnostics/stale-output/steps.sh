platformc compile 2> first.txt
sed -i 's/storage: 10Gi/storage: 20Gi/' platform.yaml
platformc compile --check
