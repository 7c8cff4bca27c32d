"""Reports where the tree drifts from its own norms.

Fails on includes against the layering and on error reasons that docs/errors.md
does not have, or has without need.
  python3 tools/report.py            all of it
  python3 tools/report.py --errors   only what it fails on

Lists long files, headers with few comments, libraries without a
test, and includes against the arrows of docs/architecture.md.
"""

import os
import re
import subprocess
import sys

# A folder may include only these (and itself).
ALLOWED = {
    "base": set(),
    "proto": {"base"},
    "engine": {"base", "proto"},
    "storage": {"base", "proto"},
    "server": {"base", "proto", "storage"},
    "server/worker": {"base", "proto", "engine", "server"},
    "client": {"base", "proto"},
}
# Inside the engine.
ENGINE_FORBIDDEN = {
    "core": {"layers", "model", "graph", "quant", "data", "export", "eval", "jobs", "config"},
    "hdf5": {"core", "layers", "model", "graph", "quant", "data", "export", "eval", "jobs", "config"},
    "quant": {"core", "layers", "model", "graph", "data", "export", "eval", "jobs", "config"},
    "layers": {"quant", "graph", "export", "eval", "jobs", "config", "model"},
    "model": {"layers", "graph", "quant", "export", "eval", "jobs", "config"},
    "graph": {"layers", "export", "eval", "jobs"},
    "data": {"layers", "graph", "quant", "export", "eval", "jobs", "config"},
}


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--"] + list(patterns),
                         capture_output=True, text=True, check=True).stdout
    return [path for path in out.split() if os.path.exists(path)]


def folder_of(path):
    if path.startswith("server/worker/"):
        return "server/worker"
    return path.split("/")[0]


def layering(files):
    bad = []
    for path in files:
        folder = folder_of(path)
        if folder not in ALLOWED or "/testing/" in path or path.endswith("_test.cc"):
            continue
        for line in open(path, encoding="utf-8"):
            match = re.match(r'#include "([^"]+)"', line)
            if not match:
                continue
            target = match.group(1)
            other = folder_of(target)
            if other in ALLOWED and other != folder:
                if other.split("/")[0] not in ALLOWED[folder]:
                    bad.append(f"{path} includes {target}")
            if folder == "engine" and target.startswith("engine/"):
                here, there = path.split("/")[1], target.split("/")[1]
                if there in ENGINE_FORBIDDEN.get(here, set()):
                    bad.append(f"{path} includes {target}")
    return bad


# Words in quotes that look like a reason and are none.
NO_REASONS = {"DT_FLOAT", "INTERRUPTED", "LSTM_H", "LSTM_S", "LSTM_X", "NOT_FOUND", "NO_COLOR",
              "USAGE"}


def reasons(files):
    used = set()
    for path in files:
        if path.endswith("_test.cc") or "/testing/" in path or path.startswith("tests/"):
            continue
        text = open(path, encoding="utf-8").read()
        used.update(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', text))
        used.update(re.findall(r'"(FAILPOINT)"', text))
    used = {word for word in used if not word.startswith(("QUANTD_", "QUANTCTL_"))}
    used -= NO_REASONS
    page = open("docs/errors.md", encoding="utf-8").read()
    written = set(re.findall(r"^\| `([A-Z0-9_]+)`", page, re.M))
    bad = [f"docs/errors.md lacks {word}" for word in sorted(used - written)]
    bad += [f"docs/errors.md has {word}, which no code uses" for word in sorted(written - used)]
    return bad


def main():
    files = tracked("*.cc", "*.h", "*.cu")
    bad = layering(files) + reasons(files)
    for line in bad:
        print("error:", line)
    if "--errors" not in sys.argv:
        list_drift(files)
    return 1 if bad else 0


def list_drift(files):
    for path in files:
        lines = sum(1 for _ in open(path, encoding="utf-8"))
        if lines > 400:
            print(f"long file: {path}: {lines} lines")
    for path in files:
        if not path.endswith(".h"):
            continue
        text = [line.strip() for line in open(path, encoding="utf-8")]
        code = [line for line in text if line]
        comments = [line for line in code if line.startswith("//")]
        if code and len(comments) / len(code) < 0.2:
            print(f"few comments: {path}: {len(comments)} of {len(code)} lines")
    sources = set(files)
    for path in files:
        if path.endswith(".cc") and not re.search(r"_(test|main|benchmark|fuzzer)\.cc$", path):
            if "/testing/" not in path and not path.startswith("tests/"):
                if path[:-3] + "_test.cc" not in sources:
                    print(f"no test beside it: {path}")
    tests = sum(sum(1 for _ in open(p, encoding="utf-8")) for p in files
                if p.endswith("_test.cc") or "/testing/" in p)
    code = sum(sum(1 for _ in open(p, encoding="utf-8")) for p in files) - tests
    print(f"test lines / lines: {tests} / {code} = {tests / max(code, 1):.2f}")


if __name__ == "__main__":
    sys.exit(main())
