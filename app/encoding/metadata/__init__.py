"""Files without what they tell about place, camera, time and author.

The picture itself is never decoded: the file's parts are copied or left out, byte for byte. What is kept is an
allow-list, so an entry that nobody has heard of goes too.
"""
