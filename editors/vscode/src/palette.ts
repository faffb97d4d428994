// The commands of the palette, for the editor that has the focus.

import * as vscode from "vscode";
import { fixAllKind, withCommand } from "./actions";

/** Register the commands that work on the text under the cursor. */
export function registerPalette(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerTextEditorCommand("tapefix.editor.fixAll", fixAll),
    vscode.commands.registerTextEditorCommand("tapefix.editor.fixAndVerify", (editor) =>
      runAction(editor, "tapefix.fixAndVerify", "There is no finding here whose repair could be verified."),
    ),
    vscode.commands.registerTextEditorCommand("tapefix.editor.showWhy", (editor) =>
      runAction(editor, "tapefix.showWhy", "There is no query here that a run could explain."),
    ),
  );
}

async function fixAll({ document }: vscode.TextEditor): Promise<void> {
  const whole = document.validateRange(new vscode.Range(0, 0, document.lineCount, 0));
  const [action] = await actionsAt(document, whole, fixAllKind(document.uri.scheme));
  if (action === undefined) {
    void vscode.window.showInformationMessage("tapefix: there is nothing to fix that is safe.");
  } else {
    await perform(action);
  }
}

async function runAction({ document, selection }: vscode.TextEditor, command: string, none: string): Promise<void> {
  const actions = withCommand(await actionsAt(document, selection), command);
  if (actions.length === 0) {
    void vscode.window.showInformationMessage(`tapefix: ${none}`);
    return;
  }
  const chosen =
    actions.length === 1
      ? { action: actions[0] }
      : await vscode.window.showQuickPick(actions.map((action) => ({ label: action.title, action })));
  if (chosen?.action !== undefined) {
    await perform(chosen.action);
  }
}

async function actionsAt(
  document: vscode.TextDocument,
  range: vscode.Range,
  kind?: string,
): Promise<vscode.CodeAction[]> {
  // The number is how many actions are resolved: one without its edit could not be applied.
  const found = await vscode.commands.executeCommand<(vscode.CodeAction | vscode.Command)[] | undefined>(
    "vscode.executeCodeActionProvider",
    document.uri,
    range,
    kind,
    100,
  );
  return (found ?? []).filter((action) => !("arguments" in action)) as vscode.CodeAction[];
}

async function perform(action: vscode.CodeAction): Promise<void> {
  if (action.edit !== undefined && !(await vscode.workspace.applyEdit(action.edit))) {
    void vscode.window.showWarningMessage("tapefix: the text has changed in the meantime; nothing was applied.");
    return;
  }
  if (action.command !== undefined) {
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
  }
}
