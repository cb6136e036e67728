"""Reading archives on many machines: part files, whoever fills them, and Ray, which hands them out."""
