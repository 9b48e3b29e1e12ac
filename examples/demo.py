"""`make demo`: a generator writes records, the first program of the mission shows them on the console.

The program is `examples/mission/file_stream.py`, unmodified, under `potok run`. The demo ends it
with Ctrl-C after a few batches.
"""

import signal
import subprocess
import sys
from pathlib import Path

BATCHES = 4
PROGRAM = Path(__file__).parent / "mission" / "file_stream.py"


def main() -> int:
    """Run the demo in the directory given as the only argument."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").resolve()
    people = directory / "people"
    people.mkdir(parents=True, exist_ok=True)
    potok = [sys.executable, "-m", "potok"]
    print(f"$ potok generate {people} &")
    generator = subprocess.Popen(
        [*potok, "generate", str(people), "--files", "20", "--rows", "5", "--interval", "1"],
        stdout=subprocess.DEVNULL,
    )
    print(f"$ potok run {PROGRAM.name}\n", flush=True)
    program = subprocess.Popen(
        [*potok, "run", str(PROGRAM)],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    shown = 0
    if program.stdout is None:
        return 1
    for line in program.stdout:
        print(line, end="", flush=True)
        shown += line.startswith("only showing")
        if shown == BATCHES:
            program.send_signal(signal.SIGINT)
            break
    program.wait(timeout=30)
    generator.terminate()
    generator.wait(timeout=30)
    print(f"\n{shown} batches shown. The records are in {people}, the program is {PROGRAM}.")
    print("Run it yourself: the query waits for new files and stops after a minute.")
    return 0 if shown == BATCHES else 1


if __name__ == "__main__":
    sys.exit(main())
