# Dumps every database, by a role that can only read, with what is in each: rows by table, and a digest.
set -eu
. /etc/platformc/contents.sh
stamp=$(date -u +%Y%m%dT%H%M%SZ)
place=/backup/.$stamp
rm -rf /backup/* /backup/.2*
mkdir "$place"
echo "lakefs mlflow" >"$place/DATABASES"
for database in lakefs mlflow; do
  pg_dump --format=custom --file="$place/$database.dump" "$database"
  contents "$place/$database.dump" >"$place/$database.contents"
done
{ cat /etc/platformc/origin; echo "server $(release)"; } >"$place/ORIGIN"
cd "$place"
sha256sum -- * >/tmp/sums
mv /tmp/sums SHA256SUMS
mv "$place" "/backup/$stamp"
echo "dumped: $(cat "/backup/$stamp/DATABASES")"
