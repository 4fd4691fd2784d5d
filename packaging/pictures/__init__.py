"""Windows in the states worth looking at; `packaging/shots.py` renders them all. See `pictures.frame`."""
