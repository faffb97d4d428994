// Which program is the language server.

/** What the settings and the Python extension say. */
export interface Wishes {
  /** The setting `tapefix.path`, empty when it is not set. */
  readonly path: string;
  /** The setting `tapefix.interpreter`, empty when it is not set. */
  readonly interpreter: string;
  /** The selected interpreter of each workspace folder, in their order. */
  readonly environments: readonly string[];
}

/** Whether an interpreter can be the server. */
export type State = "ready" | "outdated" | "missing" | "unusable";

/** What is asked of the machine. */
export interface Machine {
  /** Whether tapefix is installed in an interpreter. */
  probe(python: string): Promise<State>;
  /** Whether there is such a file. */
  exists(path: string): Promise<boolean>;
  /** Where on the `PATH` a program lies; undefined when it is not there. */
  find(program: string): Promise<string | undefined>;
}

/** A program with its arguments, or why there is none. */
export type Choice =
  | { readonly kind: "server"; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: "absent"; readonly message: string; readonly interpreter: string | undefined };

/**
 * Choose the server: what the settings name, else the first selected interpreter that has tapefix, else the `PATH`.
 * What a setting names is never replaced by something else: the choice then says what is wrong with it.
 */
export async function chooseServer(wishes: Wishes, machine: Machine): Promise<Choice> {
  if (wishes.path !== "") {
    return (await machine.exists(wishes.path))
      ? { kind: "server", command: wishes.path, args: ["lsp"] }
      : { kind: "absent", message: `There is no program at ${wishes.path} (tapefix.path).`, interpreter: undefined };
  }
  const named = wishes.interpreter !== "";
  const candidates = named ? [wishes.interpreter] : [...new Set(wishes.environments)];
  const absences: Choice[] = [];
  for (const python of candidates) {
    const state = await machine.probe(python);
    if (state === "ready") {
      return { kind: "server", command: python, args: ["-m", "tapefix", "lsp"] };
    }
    absences.push(absence(python, state));
  }
  const program = named ? undefined : await machine.find("tapefix");
  if (program !== undefined) {
    return { kind: "server", command: program, args: ["lsp"] };
  }
  return (
    absences[0] ?? {
      kind: "absent",
      message: "No Python interpreter is selected, and tapefix is not on the PATH.",
      interpreter: undefined,
    }
  );
}

/** The arguments with which an interpreter installs tapefix, or brings it up to date. */
export const INSTALL: readonly string[] = ["-m", "pip", "install", "--upgrade", "tapefix"];

function absence(python: string, state: Exclude<State, "ready">): Choice {
  switch (state) {
    case "missing":
      return { kind: "absent", message: `tapefix is not installed in ${python}.`, interpreter: python };
    case "outdated":
      return { kind: "absent", message: `The tapefix in ${python} has no language server.`, interpreter: python };
    case "unusable":
      return { kind: "absent", message: `${python} is no Python interpreter that runs.`, interpreter: undefined };
  }
}
