// What chooses the server asks of the machine: no part of VS Code is needed for it.

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Machine, State } from "./interpreter";

/** Exit codes that no failing interpreter has by chance. */
const STATES: ReadonlyMap<number, State> = new Map([
  [80, "ready"],
  [81, "outdated"],
  [82, "missing"],
]);

const PROBE = `
from importlib.util import find_spec
raise SystemExit(82 if find_spec("tapefix") is None else 81 if find_spec("tapefix.editor") is None else 80)
`;

/** A slow disk and a cold cache need some seconds; a program that waits for input would need forever. */
const PATIENCE = 30_000;

/**
 * The machine this runs on.
 *
 * @param folder where programs are started: `python -c` and `python -m` import from there, so it must not be a
 *   workspace, whose files are not to be executed unasked.
 */
export function machine(folder: string, environment: NodeJS.ProcessEnv = process.env): Machine {
  return {
    probe: (python) => probe(python, folder),
    exists: isFile,
    find: (program) => find(program, environment),
  };
}

function probe(python: string, folder: string): Promise<State> {
  return new Promise((resolve) => {
    execFile(python, ["-c", PROBE], { cwd: folder, timeout: PATIENCE, windowsHide: true }, (error) => {
      const code = typeof error?.code === "number" ? error.code : undefined;
      resolve((code === undefined ? undefined : STATES.get(code)) ?? "unusable");
    });
  });
}

async function find(program: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const windows = process.platform === "win32";
  const path = environment.PATH ?? "";
  for (const folder of path.split(delimiter)) {
    // A relative folder would mean another place, and another program, for every working directory.
    if (!isAbsolute(folder)) {
      continue;
    }
    const candidate = join(folder, windows ? `${program}.exe` : program);
    if ((await isFile(candidate)) && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
