"""The catalogue as a document: what a guide says, from the rows to plain values. Templates only lay it out."""
