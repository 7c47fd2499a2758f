# Sets the rules of each repository: how many days its branches keep what was deleted or replaced.
set -eu
/app/lakectl gc set-config "lakefs://datasets" --filename /etc/lakefs-gc/datasets.json
echo "set the rules of datasets"
/app/lakectl gc set-config "lakefs://features" --filename /etc/lakefs-gc/features.json
echo "set the rules of features"
