"""An ImgLink-compatible server on loopback: the embedded default and the tests' server."""
