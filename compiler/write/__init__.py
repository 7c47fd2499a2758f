"""Write a tree to disk: only changed files, only files of platformc, and all of them or none.

`platformc.sum` in the output directory lists platformc's files with their SHA-256 (the format of
`sha256sum --check`). A write is prepared in `.platformc/`, sealed by a journal, and then carried
out. After a kill, the next run discards the preparation or finishes the journal.
"""

SUMS = "platformc.sum"
STATE = ".platformc"
JOURNAL = "journal.json"
