"""Work for other processes: of this machine, or of a Dask cluster."""
