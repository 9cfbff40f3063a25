"""A page that a person reads: sections of blocks in, one self-contained HTML file out."""
