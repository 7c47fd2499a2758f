"""Write a tree to disk: only changed files, only the compiler's own files, and all of them or none.

`platformc.sum` in the output directory lists the files that the compiler wrote with their SHA-256 (the form
that `sha256sum --check` reads), and names the spec next to it in a comment. An entry alone gives no right to a file, because anybody may edit the list:
the compiler touches only paths that it can have written. A write is prepared in `.platformc/`, sealed by a
journal outside the tree, and then carried out; the next compile after a kill finishes the journal, or
throws the preparation away.
"""

SUMS = "platformc.sum"
STATE = ".platformc"
JOURNAL = "journal.json"
