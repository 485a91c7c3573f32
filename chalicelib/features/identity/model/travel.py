"""How far apart two countries are, and whether anybody gets from the one to the other in the time there was.

From centre to centre, less what large countries measure themselves. A country that is not on the list is near to all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

_EARTH_KM = 6_371
_FLOWN_KM_AN_HOUR = 1_000
_LEEWAY_KM = 4_000
_HOUR_SECONDS = 3600

# Latitude and longitude of the middle of where people live, in whole degrees.
_CENTRES = """
AE 24 54|AF 34 66|AL 41 20|AM 40 45|AO -12 17|AR -35 -62|AT 47 14|AU -30 147|AZ 40 48|BA 44 18|BD 24 90|BE 51 5
BF 12 -2|BG 43 25|BH 26 51|BI -3 30|BJ 8 2|BN 5 115|BO -17 -65|BR -16 -48|BT 27 90|BW -23 25|BY 53 28|BZ 17 -89
CA 46 -80|CD -3 23|CF 7 20|CG -2 15|CH 47 8|CI 7 -6|CL -33 -71|CM 5 12|CN 33 111|CO 5 -74|CR 10 -84|CU 22 -79
CV 15 -24|CY 35 33|CZ 50 15|DE 51 10|DJ 12 43|DK 56 10|DO 19 -71|DZ 35 3|EC -2 -79|EE 59 26|EG 29 31|ER 15 39
ES 40 -4|ET 9 39|FI 62 25|FJ -18 178|FR 47 2|GA 0 11|GB 53 -2|GE 42 43|GH 7 -1|GM 13 -15|GN 10 -11|GR 39 22
GT 15 -90|GY 6 -58|HK 22 114|HN 15 -87|HR 45 16|HT 19 -72|HU 47 19|ID -5 112|IE 53 -8|IL 32 35|IN 22 79|IQ 33 44
IR 34 52|IS 64 -21|IT 43 12|JM 18 -77|JO 32 36|JP 36 138|KE 0 37|KG 42 74|KH 12 105|KP 40 127|KR 37 128|KW 29 48
KZ 48 68|LA 18 104|LB 34 36|LK 7 81|LR 6 -10|LS -29 28|LT 55 24|LU 50 6|LV 57 25|LY 31 16|MA 33 -6|MD 47 29
ME 42 19|MG -19 47|MK 42 22|ML 13 -6|MM 20 96|MN 47 105|MO 22 114|MR 18 -14|MT 36 14|MU -20 57|MV 3 73|MW -14 34
MX 21 -101|MY 4 104|MZ -18 36|NA -21 17|NE 14 6|NG 9 8|NI 12 -86|NL 52 5|NO 61 10|NP 28 84|NZ -40 175|OM 22 58
PA 9 -80|PE -10 -76|PG -6 146|PH 13 122|PK 31 71|PL 52 19|PR 18 -66|PS 32 35|PT 39 -8|PY -25 -57|QA 25 51|RO 46 25
RS 44 21|RU 55 45|RW -2 30|SA 24 45|SD 15 32|SE 59 15|SG 1 104|SI 46 15|SK 49 19|SL 8 -12|SN 15 -16|SO 4 45
SR 5 -55|SS 7 30|SV 14 -89|SY 35 38|SZ -26 31|TD 12 16|TG 7 1|TH 15 101|TJ 38 70|TL -9 126|TM 38 59|TN 36 10
TR 39 33|TT 10 -61|TW 24 121|TZ -6 35|UA 49 31|UG 1 32|US 39 -92|UY -34 -56|UZ 40 66|VE 9 -67|VN 16 107|XK 43 21
YE 15 44|ZA -28 27|ZM -14 28|ZW -19 30
"""
_PLACES = {
    code: (math.radians(float(latitude)), math.radians(float(longitude)))
    for code, latitude, longitude in (entry.split() for entry in _CENTRES.strip().replace("\n", "|").split("|"))
}


@dataclass(frozen=True)
class Sighting:
    """Where somebody signed in last."""

    country: str
    at: datetime
    rev: int = 1


def kilometres_between(one: str, other: str) -> float:
    """Nothing where one of them is not known."""
    if one not in _PLACES or other not in _PLACES:
        return 0
    (latitude, longitude), (its_latitude, its_longitude) = _PLACES[one], _PLACES[other]
    half = (
        math.sin((its_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(its_latitude) * math.sin((its_longitude - longitude) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))


def is_impossible(before: Sighting, after: Sighting) -> bool:
    hours = abs((after.at - before.at).total_seconds()) / _HOUR_SECONDS
    return kilometres_between(before.country, after.country) - _LEEWAY_KM > hours * _FLOWN_KM_AN_HOUR
