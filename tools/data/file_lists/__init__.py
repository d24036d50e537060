"""Split files of the public data sets -> lists: what ``build_file_list.py`` is made of.

``split_files`` reads lines with their places; ``text_splits``, ``csv_splits`` and ``json_splits``
know the formats of the publishers; ``items`` finds what lies on disk; ``sets`` says which data set
is split how; ``building`` writes the lists.
"""
