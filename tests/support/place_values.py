"""Whether what was found at a told place is the value that is shown."""

from __future__ import annotations

import json
import math
from typing import Any

from runfolio.model.origin import Point
from runfolio.model.params import Param

Shown = Param | Point


def same(shown: Shown, found: Any) -> bool:
    """Whether what was found is the value that is shown."""
    if isinstance(shown, Point):
        try:
            number = float(found)
        except (TypeError, ValueError):
            return False
        return number == shown.value or (math.isnan(number) and math.isnan(shown.value))
    value = shown.value
    if isinstance(value, float) and isinstance(found, int | float):
        # CatBoost shows ten digits of a float32.
        return math.isclose(value, found, rel_tol=1e-9) or (math.isnan(value) and math.isnan(found))
    if value == found and isinstance(value, bool) == isinstance(found, bool):
        return True
    if isinstance(value, list) and isinstance(found, list | tuple):
        return json.dumps(value) == json.dumps(found)
    return str(found) == shown.text or json.dumps(found, ensure_ascii=False) == shown.text
