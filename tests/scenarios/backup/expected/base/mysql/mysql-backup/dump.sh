# Dumps every database, by a user that can only read.
set -eu
. /etc/platformc/contents.sh
stamp=$(date -u +%Y%m%dT%H%M%SZ)
place=/backup/.$stamp
rm -rf /backup/* /backup/.2*
mkdir "$place"
echo "nightly" >"$place/DATABASES"
for database in nightly; do
  compressed "$place/$database.sql.gz" "$database"
  gzip --decompress --stdout "$place/$database.sql.gz" | contents >"$place/$database.contents"
done
{ cat /etc/platformc/origin; echo "server $(release)"; } >"$place/ORIGIN"
cd "$place"
sha256sum -- * >/tmp/sums
mv /tmp/sums SHA256SUMS
mv "$place" "/backup/$stamp"
echo "dumped: $(cat "/backup/$stamp/DATABASES")"
