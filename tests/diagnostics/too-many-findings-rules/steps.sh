for number in $(seq 1100); do
  echo "    job$number: {image: 'registry.example.internal/job:1', schedule: '0 2 * * *', run: once}"
done >>platform.yaml
platformc validate >answer.txt 2>&1
(
  head -14 answer.txt
  echo ...
  tail -3 answer.txt
) >&2
