"""`python -m siga_ocr` is `siga-ocr`."""

from siga_ocr.cli.main import run

if __name__ == "__main__":
    run()
