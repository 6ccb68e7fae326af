"""The commands, one file each: the file's name is the command's name.

Each file has ``add(commands)``, which declares its arguments with an example, and ``run(args) -> int``, which returns
0 done and clean, 1 found something or failed, 2 wrong use.
"""
