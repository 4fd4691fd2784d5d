"""The ImgLink REST API over httpx: transport, errors, lenient parsing, one module per noun."""
