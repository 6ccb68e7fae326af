"""Where do business events come from when nobody pushes them? A drop folder for files, and tables read by SQL.

In: files and rows.  Out: frames through the door every delivery takes, and a report beside each file.
"""
