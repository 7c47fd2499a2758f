platformc models lock --server http://127.0.0.1:9
