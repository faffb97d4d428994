// The interpreters that the Python extension has selected.

import { PVSC_EXTENSION_ID, PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

/** The selected interpreter of each place, as far as the Python extension is there and knows. */
export interface Environments extends vscode.Disposable {
  /** The selected interpreter for a folder, or for the window. */
  selected(folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined>;
  readonly onDidChange: vscode.Event<void>;
}

/** Ask the Python extension; without it nothing is ever selected. */
export async function environments(log: vscode.LogOutputChannel): Promise<Environments> {
  const changed = new vscode.EventEmitter<void>();
  const disposables: vscode.Disposable[] = [changed];
  let api: PythonExtension | undefined;
  if (vscode.extensions.getExtension(PVSC_EXTENSION_ID) !== undefined) {
    try {
      api = await PythonExtension.api();
      disposables.push(api.environments.onDidChangeActiveEnvironmentPath(() => changed.fire()));
    } catch (error) {
      log.warn(`The Python extension does not answer: ${String(error)}`);
    }
  }
  return {
    async selected(folder) {
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
