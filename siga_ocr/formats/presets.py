"""Kinds of codes by name: their shape as a regular expression, and the check digits or calendars that they have to pass."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import import_module

from siga_ocr.errors import UsageError


@dataclass(frozen=True)
class Preset:
    """What a kind of code is, its shape, and what a text of that shape has to pass; None where the shape is all."""

    meaning: str
    regex: str
    check: Callable[[str], bool] | None = None


VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(text: str) -> bool:
    """Whether position 9 of a vehicle's number is the sum of all others modulo 11, with X for ten."""
    total = sum(VIN_VALUES[character] * weight for character, weight in zip(text, VIN_WEIGHTS, strict=True))
    return text[8] == "0123456789X"[total % 11]


def is_gs1_date(text: str) -> bool:
    """Whether YYMMDD is a day; 00 as the day stands for the whole month. A century is not known: the 29th of February is one in 00, as in 2000."""
    return _is_day(2000 + int(text[:2]), int(text[2:4]), int(text[4:]) or 1)


def is_iso_date(text: str) -> bool:
    """Whether YYYY-MM-DD is a day."""
    return _is_day(int(text[:4]), int(text[5:7]), int(text[8:]))


def is_german_date(text: str) -> bool:
    """Whether DD.MM.YYYY is a day."""
    return _is_day(int(text[6:]), int(text[3:5]), int(text[:2]))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _by_stdnum(module: str) -> Callable[[str], bool]:
    """The check of a module of python-stdnum, which is imported when the first text is checked."""
    return lambda text: bool(import_module(f"stdnum.{module}").is_valid(text))


def is_gs1_number(text: str) -> bool:
    """Whether the last digit is the one that GS1 asks for, in a number of any length."""
    return bool(import_module("stdnum.ean").calc_check_digit(text[:-1]) == text[-1])


PRESETS = {
    "vin": Preset("vehicle identification number with its check digit (North America, China)", "[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}", is_vin),
    "vin-shape": Preset("vehicle identification number without check digit, as elsewhere (ISO 3779)", "[A-HJ-NPR-Z0-9]{13}[0-9]{4}"),
    "iso6346": Preset("freight container", "[A-Z]{3}[UJZR][0-9]{7}", _by_stdnum("iso6346")),
    "ean8": Preset("EAN-8, GTIN-8", "[0-9]{8}", is_gs1_number),
    "ean13": Preset("EAN-13, GTIN-13", "[0-9]{13}", is_gs1_number),
    "upc": Preset("UPC-A, GTIN-12", "[0-9]{12}", is_gs1_number),
    "gtin14": Preset("GTIN-14", "[0-9]{14}", is_gs1_number),
    "sscc": Preset("serial shipping container code (SSCC-18)", "[0-9]{18}", is_gs1_number),
    "gs1-date": Preset("YYMMDD, 00 for a day that is left open", "[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])", is_gs1_date),
    "iso-date": Preset("YYYY-MM-DD", "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", is_iso_date),
    "german-date": Preset("DD.MM.YYYY", r"(0[1-9]|[12][0-9]|3[01])\.(0[1-9]|1[0-2])\.[0-9]{4}", is_german_date),
    "imei": Preset("IMEI with its check digit", "[0-9]{15}", _by_stdnum("imei")),
    "luhn": Preset("digits, the last of them by Luhn's rule", "[0-9]{2,}", _by_stdnum("luhn")),
    "isin": Preset("security", "[A-Z]{2}[A-Z0-9]{9}[0-9]", _by_stdnum("isin")),
    "iban": Preset("bank account", "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", _by_stdnum("iban")),
    "isbn": Preset("ISBN-10 or ISBN-13 without dashes", "[0-9]{9}[0-9X]|97[89][0-9]{10}", _by_stdnum("isbn")),
    "mac": Preset("MAC address", "[0-9A-F]{2}([:-][0-9A-F]{2}){5}"),
}


def preset(name: str) -> Preset:
    """The kind of code with this name.

    Raises:
        UsageError: there is none.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}: use one of {', '.join(PRESETS)}.")
    return PRESETS[name]
