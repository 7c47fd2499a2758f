"""Tree to disk: only what changed, only what is ours, all of it or nothing.

`platformc.sum` in the output directory lists the files that are ours with their SHA-256 (the form
that `sha256sum --check` reads). It says what was written, and gives no right to anything: only paths
that the compiler can write are its own. A write is prepared in `.platformc/`, sealed by a journal
outside the tree, and then carried out; the next compile after a kill finishes the journal, or throws
the preparation away.
"""

SUMS = "platformc.sum"
STATE = ".platformc"
JOURNAL = "journal.json"
