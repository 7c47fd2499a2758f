# FILE DESTINATION: fetches a file of the log, as the server asks for it. It has 1 for a file that is not there, by which the
# log ends; to the server every other status up to 125 says so too, so a store that does not answer gets a higher one.
status=0
barman-cloud-wal-restore --cloud-provider aws-s3 --endpoint-url http://seaweedfs.mlops.svc.cluster.local:8333 s3://cloudnative-pg-backups/ cloudnative-pg "$1" "$2" || status=$?
case $status in
  0) echo "$1" >>/restored/fetched ;;
  1) exit 1 ;;
  *) echo "$1 cannot be fetched from the archive (status $status of barman-cloud-wal-restore)" >&2; exit 200 ;;
esac
