// Where VS Code starts and stops the extension.

import * as vscode from "vscode";
import { environments } from "./environments";
import { registerPalette } from "./palette";
import { Session } from "./session";

let session: Session | undefined;

/** The first Python file or notebook was opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("tapefix", { log: true });
  const python = environments(log);
  const current = new Session(context.extensionPath, log, python);
  session = current;
  context.subscriptions.push(
    log,
    python,
    current,
    registerPalette(),
    vscode.commands.registerCommand("tapefix.restart", () => current.restart()),
    vscode.commands.registerCommand("tapefix.showLog", () => log.show()),
  );
  await current.restart();
}

/** The window closes. */
export async function deactivate(): Promise<void> {
  await session?.stop();
}
