"""What tests share: the scenarios, the corpus of mistakes, models of a cluster, programs to run."""
