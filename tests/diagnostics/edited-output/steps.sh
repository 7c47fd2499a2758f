platformc compile 2> first.txt
echo "# my own line" >> base/postgres/service-postgres.yaml
platformc compile
