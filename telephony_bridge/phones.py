"""Any spelling of a phone number to E.164, or None. Pure; libphonenumber is the judge, caches make it cheap (EC-19)."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import timezone

_EXTENSION = re.compile(r"(?i)(?:\s*(?:доб(?:авочный)?\.?|вн\.?|ext(?:ension)?\.?|x|#|;ext=|[,;#])[\s.:№=]*(\d{1,6})\s*)$")
_HIDDEN = re.compile(r"(?i)anonym|unknown|restrict|private|unavail|withheld|hidden|скрыт")
_SCHEME = re.compile(r"(?i)^(?:tel|sips?|callto):")
# the spellings that need no opinion of libphonenumber: every ten-digit national number of these ranges is possible
_PLAIN_RU = re.compile(r"(?:\+?7|8)?([3489]\d{9})")
_IN_A_TEXT = re.compile(
    r"\+\d(?:[ ().\-]{0,2}\d){7,14}(?!\d)"  # with its plus, any country's
    r"|(?<![\d+])(?:[78][ .\-]?)?\(?[3489]\d{2}\)?[ .\-]?\d{3}[ .\-]?\d{2}[ .\-]?\d{2}(?!\d)"  # a Russian one
)
_SHORTEST = 8  # digits with the country code; shorter ones are service numbers or local ones without a city
_FULL = 10  # digits from which a number may have lost its plus; fewer are a local number of who knows where


@lru_cache(maxsize=65_536)
def zones(number: str) -> tuple[str, ...]:
    """IANA zones in which an E.164 number may be; a mobile's are all of its country, of an unknown one there are none."""
    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)


def digits(raw: str) -> str:
    """Only the digits of what was sent."""
    return re.sub(r"\D", "", raw)


def split_extension(raw: str) -> tuple[str, str | None]:
    """The number and the extension behind it: ``8 (495) 123-45-67 доб. 123`` (EC-18)."""
    found = _EXTENSION.search(raw)
    if found is None or not digits(raw[: found.start()]):
        return raw, None
    return raw[: found.start()].strip(), found.group(1)


def is_hidden(raw: str) -> bool:
    """A word in place of a number, or nothing."""
    return not raw.strip() or bool(_HIDDEN.search(raw))


def masked(number: str) -> str:
    """For logs and error texts: country and the last two digits."""
    plain = digits(number)
    return f"{'+' if number.startswith('+') else ''}{plain[:1]}***{plain[-2:]}" if len(plain) > 4 else "***"


def veiled(text: str) -> str:
    """A text that people wrote, with each phone number in it masked; dates, sums and short numbers stay."""
    return _IN_A_TEXT.sub(lambda found: masked(found[0]), text)


@lru_cache(maxsize=65_536)
def e164(raw: str, region: str = "RU") -> str | None:
    """E.164 with the plus, or None for what is hidden, short or no phone number.

    A number counts when libphonenumber finds it *possible* (right length for its country): numbering plans move faster
    than tables, and a test range such as +7 999 000-xx-xx is as good as any. Ten digits and ``8…`` are Russian in region
    RU; ``810…`` and ``00…`` dial out; a plus that a form turned into a space is put back.
    """
    text = raw.strip()
    if raw.startswith(" ") and digits(raw)[:1] not in ("8", ""):
        text = "+" + text
    text = _SCHEME.sub("", text)
    text = split_extension(text.partition("@")[0])[0]
    if not text or _HIDDEN.search(text) or re.search(r"[^\W\d_]", text):
        return None
    plain = digits(text)
    if len(plain) < _SHORTEST or len(plain) > 18:
        return None
    if region == "RU":
        found = _PLAIN_RU.fullmatch(text)
        if found is not None:
            return "+7" + found.group(1)
    return _judged(text, plain, region)


def _judged(text: str, plain: str, region: str) -> str | None:
    """libphonenumber's answer."""
    if text.lstrip().startswith("+"):
        asked = ["+" + plain]
    elif plain.startswith("810") and len(plain) > 11:
        asked = ["+" + plain[3:]]
    elif plain.startswith("00"):
        asked = ["+" + plain[2:]]
    else:
        asked = [plain, "+" + plain] if len(plain) >= _FULL else [plain]
    for spelling in asked:
        try:
            number = phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            continue
        if number.country_code == 7 and number.italian_leading_zero:  # another country's, in its national form
            continue
        if phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None
