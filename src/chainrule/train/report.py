"""The page that a run leaves: what it says, how it learned, its mistakes, its filters, its arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import nn
from ..data import Dataset
from ..pictures import page
from .config import Config
from .metrics import Evaluation
from .presets import title_of
from .report_sections import (
    classes_section,
    confusion_section,
    curves_section,
    first_layer_section,
    mistakes_section,
    network_section,
    settings_section,
)
from .run import RunFolder, Sight


def write_report(
    run: RunFolder,
    model: nn.Module,
    config: Config,
    sight: Sight,
    test: Dataset,
    tested: Evaluation,
    result: Mapping[str, Any],
) -> None:
    """Write report.html into the run folder: one page without a script, nothing from the network."""
    sections = [
        classes_section(sight, test, tested),
        curves_section(run, config),
        confusion_section(sight, tested),
        mistakes_section(sight, test, tested),
        first_layer_section(model, sight, test),
        network_section(model, config, sight),
        settings_section(config),
    ]
    facts = {
        "test accuracy": f"{tested.accuracy:.1%}",
        "test loss": f"{tested.loss:.3f}",
        "parameters": f"{result['parameters']:,}",
        "training": duration(result["seconds"]),
    }
    subtitle = f"{test.name}: {len(test):,} test pictures in {len(sight.classes)} classes"
    shown = [section for section in sections if section is not None]
    run.write(
        "report.html", page(f"{title_of(config)} on {config.data}", shown, subtitle=subtitle, facts=facts)
    )


def duration(seconds: float) -> str:
    """Seconds for people.

    >>> duration(1.23), duration(59.96), duration(3725)
    ('1.2 s', '1 min', '62 min 5 s')
    """
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0))
