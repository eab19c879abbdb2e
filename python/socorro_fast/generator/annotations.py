"""Raw crashes: the annotations a browser sends with its dumps, 1-20 KB of JSON."""

import datetime as dt
import json
from random import Random
from typing import Any

from socorro_fast.generator import vocabulary

_MEGABYTE = 1 << 20


def make_annotations(rng: Random, crash_id: str, day: dt.date) -> dict[str, Any]:
    """Return the raw crash of `crash_id`, submitted on `day`.

    Args:
        rng: Where the choices come from; its state decides the result.
        crash_id: The ID that goes into the annotation `uuid`.
        day: The UTC day of the submission.
    """
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    submitted = midnight + dt.timedelta(microseconds=rng.randrange(86_400_000_000))
    addons = _addons(rng)
    return {
        **_build(rng),
        **_times(rng, submitted),
        **_machine(rng),
        **_rare(rng),
        "Add-ons": ",".join(f"{name}:{version}" for name, version in addons),
        "Notes": _notes(rng),
        "TelemetryEnvironment": json.dumps(_environment(rng, addons), separators=(",", ":")),
        "URL": f"https://{rng.choice(vocabulary.DOMAINS)}.example/{rng.randrange(10**6)}?q=caf\u00e9",
        "metadata": {"collector_notes": [], "payload": "multipart", "payload_compressed": "1"},
        "submitted_timestamp": submitted.isoformat(),
        "uuid": crash_id,
        "version": 2,
    }


def _build(rng: Random) -> dict[str, str]:
    product, product_id = rng.choice(vocabulary.PRODUCTS)
    return {
        "BuildID": f"2025{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randrange(240000):06}",
        "ProcessType": rng.choice(vocabulary.PROCESS_TYPES),
        "ProductID": product_id,
        "ProductName": product,
        "ReleaseChannel": rng.choice(vocabulary.CHANNELS),
        "Vendor": "Mozilla",
        "Version": f"{rng.randint(128, 146)}.0.{rng.randrange(4)}",
        "useragent_locale": rng.choice(vocabulary.LOCALES),
    }


def _times(rng: Random, submitted: dt.datetime) -> dict[str, str]:
    crashed = int(submitted.timestamp()) - rng.randrange(1, 600)
    uptime = rng.expovariate(1 / 3600)
    return {
        "CrashTime": str(crashed),
        "InstallTime": str(crashed - rng.randrange(10**7)),
        "SecondsSinceLastCrash": str(rng.randrange(10**6)),
        "StartupTime": str(crashed - int(uptime)),
        "UptimeTS": f"{uptime:.6f}",
    }


def _machine(rng: Random) -> dict[str, str]:
    memory = rng.choice((4, 8, 16, 32)) * 1024 * _MEGABYTE
    return {
        "AdapterDeviceID": f"0x{rng.getrandbits(16):04x}",
        "AdapterDriverVersion": f"31.0.{rng.randrange(200)}.{rng.randrange(9999)}",
        "AdapterVendorID": rng.choice(("0x10de", "0x8086", "0x1002")),
        "AvailablePhysicalMemory": str(rng.randrange(memory)),
        "AvailableVirtualMemory": str((1 << 47) - rng.randrange(memory)),
        "CPUMicrocodeVersion": f"0x{rng.getrandbits(8):x}",
        "SystemMemoryUsePercentage": str(rng.randrange(20, 100)),
        "TotalPhysicalMemory": str(memory),
    }


def _rare(rng: Random) -> dict[str, str]:
    rare = {
        "Comments": "It closed while I was typing \u2026 again.",
        "Email": f"someone{rng.randrange(1000)}@mail.example",
        "MozCrashReason": rng.choice(vocabulary.ASSERTIONS),
        "GraphicsCriticalError": f"|[0][GFX1-]: device reset {rng.randrange(99)}",
    }
    return {name: value for name, value in rare.items() if rng.random() < 0.2}


def _notes(rng: Random) -> str:
    layers = " ".join(
        rng.choices(("FP(D00-L1000-W0000000)", "WR?", "WR+", "DWrite?", "GL Layers+"), k=6)
    )
    return f"AdapterSubsysID: {rng.getrandbits(32):08x}, {layers}\r\n"


def _addons(rng: Random) -> list[tuple[str, str]]:
    count = min(int(rng.expovariate(1 / 8)), 50)
    names = (rng.choice(vocabulary.ADDON_NAMES) for _ in range(count))
    return [
        (f"{name}{rng.randrange(99)}%40addons.example", f"{rng.randrange(9)}.2") for name in names
    ]


def _environment(rng: Random, addons: list[tuple[str, str]]) -> dict[str, Any]:
    system, version = rng.choice(vocabulary.SYSTEMS)
    return {
        "addons": {"activeAddons": {name: _addon(rng, name, number) for name, number in addons}},
        "build": {"architecture": "x86-64", "platformVersion": version},
        "settings": {"e10sEnabled": True, "locale": rng.choice(vocabulary.LOCALES)},
        "system": {"cpu": {"cores": rng.choice((2, 4, 8, 16))}, "os": {"name": system}},
        "experiments": {
            f"experiment-{rng.randrange(999)}": {"branch": "control"} for _ in range(4)
        },
    }


def _addon(rng: Random, name: str, version: str) -> dict[str, Any]:
    return {
        "blocklisted": False,
        "description": f"Keeps the {name} you like within reach of every page and every tab",
        "foreignInstall": False,
        "hasBinaryComponents": False,
        "installDay": 19_000 + rng.randrange(900),
        "isSystem": rng.random() < 0.3,
        "name": name,
        "signedState": 2,
        "updateDay": 19_900,
        "version": version,
    }
