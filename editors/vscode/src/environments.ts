// The interpreters that the Python extension has selected.

import { PVSC_EXTENSION_ID, PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

/** The selected interpreter of each place, as far as the Python extension is there and knows. */
export interface Environments extends vscode.Disposable {
  /** The selected interpreter for a folder, or for the window. */
  selected(folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined>;
  readonly onDidChange: vscode.Event<void>;
}

/** Ask the Python extension, as soon as it answers; without it nothing is ever selected. */
export function environments(log: vscode.LogOutputChannel): Environments {
  const changed = new vscode.EventEmitter<void>();
  const disposables: vscode.Disposable[] = [changed];
  const connected = connect(log).then((api) => {
    if (api !== undefined) {
      disposables.push(api.environments.onDidChangeActiveEnvironmentPath(() => changed.fire()));
    }
    return api;
  });
  return {
    async selected(folder) {
      const api = await connected;
      if (api === undefined) {
        return undefined;
      }
      const path = api.environments.getActiveEnvironmentPath(folder);
      return (await api.environments.resolveEnvironment(path))?.executable.uri?.fsPath;
    },
    onDidChange: changed.event,
    dispose: () => vscode.Disposable.from(...disposables).dispose(),
  };
}

async function connect(log: vscode.LogOutputChannel): Promise<PythonExtension | undefined> {
  if (vscode.extensions.getExtension(PVSC_EXTENSION_ID) === undefined) {
    return undefined;
  }
  try {
    return await PythonExtension.api();
  } catch (error) {
    log.warn(`The Python extension does not answer: ${String(error)}`);
    return undefined;
  }
}
