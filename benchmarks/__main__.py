"""Run a benchmark by its name; its last line is one JSON object."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path


def main() -> int:
    """List the benchmarks, or run one."""
    names = sorted(
        module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name[0] != "_"
    )
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        for name in names:
            module = importlib.import_module(f"benchmarks.{name}")
            print(f"{name:16}{(module.__doc__ or '').splitlines()[0]}")
        return 0 if len(sys.argv) < 2 else 2
    result = importlib.import_module(f"benchmarks.{sys.argv[1]}").run(sys.argv[2:])
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
