"""Describe the machine in one line, for the heading of each table."""

import importlib.metadata
import os
import platform
from datetime import date


def describe(*packages: str) -> str:
    """Return date, processor, cores, memory, and the versions of Python and of some packages."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    return ", ".join(
        [
            f"{date.today().isoformat()}: {platform.system()} {platform.machine()}",
            f"{cores} cores ({_processor()}), {gibibytes:.0f} GiB",
            f"Python {platform.python_version()}",
            *versions,
        ]
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2] for line in file if line.startswith("model name")]
    except FileNotFoundError:  # not Linux
        names = []
    return names[0].strip() if names else platform.processor() or "unknown processor"
