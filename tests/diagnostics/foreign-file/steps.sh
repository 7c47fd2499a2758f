mkdir -p base/postgres
echo "kind: Service" > base/postgres/service-postgres.yaml
platformc compile
