// How the server is started, and for which documents.

import type { Executable } from "vscode-languageclient/node";
import type { Choice } from "./interpreter";

/** What starts the server. It never runs in a workspace: `python -m` would import what lies there. */
export function executable(server: Extract<Choice, { kind: "server" }>, folder: string): Executable {
  return { command: server.command, args: [...server.args], options: { cwd: folder } };
}

/** Python in files, in what was not saved yet, and in the cells of notebooks. */
export const DOCUMENTS = [
  { scheme: "file", language: "python" },
  { scheme: "untitled", language: "python" },
  { notebook: { notebookType: "jupyter-notebook" }, language: "python" },
];
