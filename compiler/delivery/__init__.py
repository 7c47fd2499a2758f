"""Plan the delivery of a compiled platform: apply plan, checks of the cluster, client kits, Argo CD."""
